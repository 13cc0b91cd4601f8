package crew

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where the generator ran.
type Machine struct {
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	MemoryMiB int    `json:"memory_mib"`
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
	OS        string `json:"os"`
}

// ReadMachine asks the system. What it does not tell stays empty.
func ReadMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	m.CPU = field("/proc/cpuinfo", "model name")
	if kib, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.MemoryMiB = kib >> 10
	}
	m.Kernel = word("/proc/sys/kernel/osrelease")
	return m
}

// ReadLimits asks the system; openFiles is the process's own limit. Elsewhere than on Linux the usual values
// stand in.
func ReadLimits(openFiles int) Limits {
	l := Limits{OpenFiles: openFiles, PortLow: 32768, PortHigh: 60999}
	if low, high, ok := strings.Cut(words("/proc/sys/net/ipv4/ip_local_port_range"), " "); ok {
		l.PortLow, _ = strconv.Atoi(low)
		l.PortHigh, _ = strconv.Atoi(high)
	}
	l.FileMax, _ = strconv.ParseUint(word("/proc/sys/fs/file-max"), 10, 64)
	return l
}

func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func words(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

func word(path string) string {
	first, _, _ := strings.Cut(words(path), " ")
	return first
}
