package doctor

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Gather reads the facts that Examine judges for these targets. root is the file system of the kernel's files,
// os.DirFS("/") but in tests.
func Gather(t Targets, root fs.FS) Facts {
	k := kernel{root}
	f := Facts{
		OpenFiles: openFilesHard(), Procs: runtime.GOMAXPROCS(0), Clock: clockState(),
		Backlog: k.number("proc/sys/net/core/somaxconn"), Available: k.available(),
		Reserved:  strings.TrimSpace(k.text("proc/sys/net/ipv4/ip_local_reserved_ports")),
		SocketDir: look(filepath.Dir(t.Socket)), Ports: map[string]error{},
	}
	if t.Cookie != "" {
		f.Cookie = look(t.Cookie)
	}
	if low, high, ok := twoNumbers(k.text("proc/sys/net/ipv4/ip_local_port_range")); ok {
		f.Range = [2]int{low, high}
	}
	f.Conntrack = [2]int{k.number("proc/sys/net/netfilter/nf_conntrack_count"), k.number("proc/sys/net/netfilter/nf_conntrack_max")}
	cgroup := k.cgroup()
	f.CgroupMax, f.CgroupUsed = uint64(k.number(cgroup+"/memory.max")), uint64(k.number(cgroup+"/memory.current"))
	f.Pids = k.number(cgroup + "/pids.max")
	if quota, period, ok := twoNumbers(k.text(cgroup + "/cpu.max")); ok && period > 0 {
		f.Quota = float64(quota) / float64(period)
	}
	for _, p := range t.Ports {
		f.Ports[p.Network+" "+p.Addr] = tryPort(p)
	}
	return f
}

// tryPort listens for a moment.
func tryPort(p Port) error {
	if p.Network == "udp" {
		c, err := net.ListenPacket(p.Network, p.Addr)
		if err != nil {
			return err
		}
		return c.Close()
	}
	l, err := net.Listen(p.Network, p.Addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// look looks at a file.
func look(path string) *File {
	f := &File{Path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Absent = true
	case err != nil:
		f.Err = err
	default:
		f.Mode, f.Mine = uint32(info.Mode().Perm()), mine(info)
	}
	return f
}

// kernel reads the kernel's files.
type kernel struct{ root fs.FS }

// text is the content of a file, empty where there is none.
func (k kernel) text(path string) string {
	text, err := fs.ReadFile(k.root, path)
	if err != nil {
		return ""
	}
	return string(text)
}

// number is the number in a file; 0 where there is none, as for max.
func (k kernel) number(path string) int {
	n, err := strconv.Atoi(strings.TrimSpace(k.text(path)))
	if err != nil {
		return 0
	}
	return n
}

func twoNumbers(text string) (a, b int, ok bool) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, 0, false
	}
	a, err1 := strconv.Atoi(fields[0])
	b, err2 := strconv.Atoi(fields[1])
	return a, b, err1 == nil && err2 == nil
}

// available is MemAvailable of /proc/meminfo, in bytes.
func (k kernel) available() uint64 {
	for line := range strings.Lines(k.text("proc/meminfo")) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemAvailable:" {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}

// cgroup is the directory of the process's control group, version 2.
func (k kernel) cgroup() string {
	const top = "sys/fs/cgroup"
	for line := range strings.Lines(k.text("proc/self/cgroup")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/"); ok && path != "" && !strings.HasPrefix(path, "..") {
			if dir := top + "/" + strings.TrimSuffix(path, "/"); k.text(dir+"/cgroup.controllers") != "" {
				return dir
			}
		}
	}
	return top
}
