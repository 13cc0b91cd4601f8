package doctor

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// fit is a machine on which nothing is wrong with targets.
func fit() Facts {
	return Facts{
		OpenFiles: 1 << 20, Ports: map[string]error{"tcp 127.0.0.1:8080": nil}, Range: [2]int{32768, 60999}, Backlog: 4096,
		Conntrack: [2]int{100, 262144}, Available: 4 << 30, CgroupMax: 2 << 30, Quota: 2, Procs: 2, Pids: 4096, Clock: synchronised,
		Cookie: &File{Path: "/c", Mode: 0o600, Mine: true}, SocketDir: &File{Path: "/run/x", Mode: 0o700, Mine: true},
	}
}

var targets = Targets{
	Connections: 25000, Reserve: 512, Socket: "/run/x/n.sock", Memory: 200 << 20,
	Ports: []Port{{Key: "http.port", Network: "tcp", Addr: "127.0.0.1:8080", Number: 8080}},
}

func TestNothingWrong(t *testing.T) {
	rows := Examine(targets, fit())
	if len(rows) != 13 || Failed(rows) {
		t.Errorf("got %d rows, want 13", len(rows))
	}
	for _, r := range rows {
		if r.Outcome != OK || r.Fix != "" || r.Found == "" || r.Wanted == "" {
			t.Errorf("got %+v, want it ok", r)
		}
	}
}

func TestUnknownIsLeftOut(t *testing.T) {
	if rows := Examine(targets, Facts{}); len(rows) != 0 {
		t.Errorf("got %v, want none", rows)
	}
}

func TestEachFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*Targets, *Facts)
		check  string
		want   Outcome
		fix    string
	}{
		{"few files", func(_ *Targets, f *Facts) { f.OpenFiles = 4096 }, "open files", Warn, "ulimit -n 25512"},
		{"hardly a file", func(_ *Targets, f *Facts) { f.OpenFiles = 256 }, "open files", Fail, "LimitNOFILE=25512"},
		{"port taken", func(_ *Targets, f *Facts) { f.Ports["tcp 127.0.0.1:8080"] = syscall.EADDRINUSE }, "http.port", Fail, "sport = :8080"},
		{"port forbidden", func(_ *Targets, f *Facts) { f.Ports["tcp 127.0.0.1:8080"] = syscall.EACCES }, "http.port", Fail, "unprivileged"},
		{"address of nobody", func(_ *Targets, f *Facts) { f.Ports["tcp 127.0.0.1:8080"] = syscall.EADDRNOTAVAIL }, "http.port", Fail, "ip addr"},
		{"port in the range", func(_ *Targets, f *Facts) { f.Range = [2]int{1024, 65535} }, "port range", Warn, "reserved_ports=8080"},
		{"few ports", func(_ *Targets, f *Facts) { f.Range = [2]int{50000, 50999} }, "connections from here", Warn, "port_range"},
		{"backlog", func(_ *Targets, f *Facts) { f.Backlog = 128 }, "listen backlog", Warn, "somaxconn=4096"},
		{"conntrack", func(_ *Targets, f *Facts) { f.Conntrack = [2]int{1000, 8192} }, "connection tracking", Warn, "conntrack_max=51000"},
		{"memory", func(_ *Targets, f *Facts) { f.Available = 1 << 20 }, "memory", Warn, "max_connections"},
		{"cgroup", func(_ *Targets, f *Facts) { f.CgroupMax = 64 << 20 }, "cgroup memory", Warn, "--memory 201m"},
		{"quota", func(_ *Targets, f *Facts) { f.Quota = 0.5 }, "CPU", Warn, "--cpus"},
		{"quota below procs", func(_ *Targets, f *Facts) { f.Procs = 8 }, "CPU", Warn, "GOMAXPROCS"},
		{"pids", func(_ *Targets, f *Facts) { f.Pids = 64 }, "cgroup threads", Warn, "TasksMax=512"},
		{"clock", func(_ *Targets, f *Facts) { f.Clock = "not synchronised" }, "clock", Warn, "set-ntp"},
		{"open cookie", func(_ *Targets, f *Facts) { f.Cookie.Mode = 0o644 }, "cookie file", Fail, "chmod 600 /c"},
		{"no cookie", func(_ *Targets, f *Facts) { f.Cookie = &File{Path: "/c", Absent: true} }, "cookie file", Warn, "copy"},
		{"foreign socket directory", func(_ *Targets, f *Facts) { f.SocketDir.Mine = false }, "control socket", Fail, "XDG_RUNTIME_DIR"},
		{"open socket directory", func(_ *Targets, f *Facts) { f.SocketDir.Mode = 0o777 }, "control socket", Warn, "chmod 700 /run/x"},
		{"long path", func(t *Targets, _ *Facts) { t.Socket = "/" + strings.Repeat("x", 120) }, "control socket", Fail, "shorter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, facts := targets, fit()
			c.damage(&want, &facts)
			for _, r := range Examine(want, facts) {
				if r.Check != c.check {
					if r.Outcome != OK {
						t.Errorf("%s: got %+v, want it ok", r.Check, r)
					}
					continue
				}
				if r.Outcome != c.want || !strings.Contains(r.Fix, c.fix) {
					t.Errorf("got %+v, want %s and a fix with %q", r, c.want, c.fix)
				}
			}
		})
	}
}

func TestOwnPortsOfARunningNode(t *testing.T) {
	want, facts := targets, fit()
	want.Running = true
	facts.Ports["tcp 127.0.0.1:8080"] = syscall.EADDRINUSE
	if rows := Examine(want, facts); Failed(rows) {
		t.Errorf("got %v, want no failure", rows)
	}
}

func TestReservedPorts(t *testing.T) {
	for _, c := range []struct {
		list string
		want bool
	}{{"", false}, {"8080", true}, {"1,8000-8100", true}, {"8081-9000", false}, {"x-y", false}} {
		if got := reserved(c.list, 8080); got != c.want {
			t.Errorf("%q: got %v, want %v", c.list, got, c.want)
		}
	}
}

func TestGather(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "cookie")
	if err := os.WriteFile(file, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	f := Gather(Targets{
		Socket: filepath.Join(dir, "n.sock"), Cookie: file,
		Ports: []Port{{Key: "http.port", Network: "tcp", Addr: taken.Addr().String()}, {Key: "epmd.port", Network: "udp", Addr: "127.0.0.1:0"}},
	}, fstest.MapFS{
		"proc/sys/net/core/somaxconn":             {Data: []byte("128\n")},
		"proc/sys/net/ipv4/ip_local_port_range":   {Data: []byte("1024\t65535\n")},
		"proc/sys/net/netfilter/nf_conntrack_max": {Data: []byte("10\n")},
		"proc/meminfo":     {Data: []byte("MemTotal: 2 kB\nMemAvailable:    1 kB\n")},
		"proc/self/cgroup": {Data: []byte("0::/my.slice\n")},
		"sys/fs/cgroup/my.slice/cgroup.controllers": {Data: []byte("cpu memory\n")},
		"sys/fs/cgroup/my.slice/cpu.max":            {Data: []byte("150000 100000\n")},
		"sys/fs/cgroup/my.slice/memory.max":         {Data: []byte("max\n")},
		"sys/fs/cgroup/my.slice/pids.max":           {Data: []byte("77\n")},
	})
	if f.Backlog != 128 || f.Range != [2]int{1024, 65535} || f.Conntrack[1] != 10 || f.Available != 1024 || f.Quota != 1.5 || f.CgroupMax != 0 || f.Pids != 77 {
		t.Errorf("got %+v", f)
	}
	if f.Ports["tcp "+taken.Addr().String()] == nil || f.Ports["udp 127.0.0.1:0"] != nil {
		t.Errorf("ports: got %v", f.Ports)
	}
	if f.Cookie.Mode != 0o640 || f.Cookie.Absent || f.SocketDir.Absent || f.Procs == 0 {
		t.Errorf("got cookie %+v, directory %+v", f.Cookie, f.SocketDir)
	}
}
