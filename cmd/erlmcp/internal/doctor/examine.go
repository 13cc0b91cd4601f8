package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	wantedBacklog = 4096 // a burst of clients that come back waits there
	wantedPids    = 512  // threads: Go starts one for each blocking system call
	minFiles      = 1024
	maxSocketPath = 103 // bytes, see package admin
)

// Examine judges facts.
func Examine(t Targets, f Facts) []Row {
	rows := []Row{openFiles(t, f)}
	for _, p := range t.Ports {
		rows = append(rows, port(t, f, p))
	}
	rows = append(rows, ephemeral(t, f), clients(t, f), backlog(f), conntrack(t, f), memory(t, f), cgroupMemory(t, f), cpus(f), pids(f),
		clock(f), cookie(f), socketDir(t, f))
	known := rows[:0]
	for _, r := range rows {
		if r.Check != "" {
			known = append(known, r)
		}
	}
	return known
}

func openFiles(t Targets, f Facts) Row {
	want := uint64(t.Connections + t.Reserve)
	r := Row{Check: "open files", Found: strconv.FormatUint(f.OpenFiles, 10), Outcome: OK,
		Wanted: fmt.Sprintf("%d: limits.max_connections and %d beside", want, t.Reserve)}
	switch {
	case f.OpenFiles == 0:
		return Row{}
	case f.OpenFiles > 1<<40:
		r.Found = "unlimited"
	case f.OpenFiles < minFiles:
		r.Outcome = Fail
	case f.OpenFiles < want:
		r.Outcome = Warn
	}
	if r.Outcome != OK {
		r.Fix = fmt.Sprintf("ulimit -n %d; systemd: LimitNOFILE=%d; docker: --ulimit nofile=%d:%d", want, want, want, want)
	}
	return r
}

func port(t Targets, f Facts, p Port) Row {
	r := Row{Check: p.Key, Wanted: "free", Found: p.Addr + "/" + p.Network + " is free", Outcome: OK}
	err, tried := f.Ports[p.Network+" "+p.Addr]
	if !tried {
		return Row{}
	}
	switch {
	case err == nil:
		return r
	case errors.Is(err, syscall.EADDRINUSE) && t.Running:
		r.Found, r.Wanted = p.Addr+"/"+p.Network+" is in use", "in use, by the node that runs"
		return r
	case errors.Is(err, syscall.EADDRINUSE):
		r.Fix = fmt.Sprintf("ss -lnp 'sport = :%d' shows who has it; or choose another %s", p.Number, p.Key)
	case errors.Is(err, syscall.EACCES):
		r.Fix = fmt.Sprintf("sysctl -w net.ipv4.ip_unprivileged_port_start=%d; or a port above 1023", p.Number)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		r.Fix = "the address is on no interface of this machine: ip addr shows those that are"
	default:
		r.Fix = "choose another " + p.Key
	}
	r.Found, r.Outcome = p.Addr+"/"+p.Network+": "+cause(err), Fail
	return r
}

func cause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// ephemeral looks for ports of the node that the kernel may give to outgoing connections.
func ephemeral(t Targets, f Facts) Row {
	if f.Range[1] == 0 {
		return Row{}
	}
	r := Row{Check: "port range", Found: fmt.Sprintf("%d-%d", f.Range[0], f.Range[1]), Wanted: "none of the node's ports in it, or those reserved", Outcome: OK}
	var inside []string
	for _, p := range t.Ports {
		if p.Number >= f.Range[0] && p.Number <= f.Range[1] && !reserved(f.Reserved, p.Number) {
			inside = append(inside, strconv.Itoa(p.Number))
		}
	}
	if len(inside) > 0 {
		r.Outcome = Warn
		r.Found += ", with " + strings.Join(inside, ", ") + " in it"
		r.Fix = "sysctl -w net.ipv4.ip_local_reserved_ports=" + strings.Join(inside, ",")
	}
	return r
}

// reserved says whether a list as of ip_local_reserved_ports, such as 80,9000-9010, has a port.
func reserved(list string, port int) bool {
	for _, part := range strings.Split(list, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil && port >= from && port <= to {
			return true
		}
	}
	return false
}

// clients looks whether one client address has enough ports for all connections, as a load test on this machine
// needs.
func clients(t Targets, f Facts) Row {
	n := f.Range[1] - f.Range[0] + 1
	if f.Range[1] == 0 {
		return Row{}
	}
	r := Row{Check: "connections from here", Found: fmt.Sprintf("%d ports an address", n), Outcome: OK,
		Wanted: fmt.Sprintf("%d, for a load test on this machine", t.Connections)}
	if n < t.Connections {
		r.Outcome, r.Fix = Warn, "sysctl -w net.ipv4.ip_local_port_range='1024 65535'; or several client addresses, 127.0.0.2 and so on"
	}
	return r
}

func backlog(f Facts) Row {
	if f.Backlog == 0 {
		return Row{}
	}
	r := Row{Check: "listen backlog", Found: strconv.Itoa(f.Backlog), Wanted: fmt.Sprintf("%d or more", wantedBacklog), Outcome: OK}
	if f.Backlog < wantedBacklog {
		r.Outcome, r.Fix = Warn, fmt.Sprintf("sysctl -w net.core.somaxconn=%d", wantedBacklog)
	}
	return r
}

func conntrack(t Targets, f Facts) Row {
	if f.Conntrack[1] == 0 {
		return Row{}
	}
	free := f.Conntrack[1] - f.Conntrack[0]
	r := Row{Check: "connection tracking", Found: fmt.Sprintf("%d of %d in use", f.Conntrack[0], f.Conntrack[1]),
		Wanted: fmt.Sprintf("%d free", t.Connections), Outcome: OK}
	if free < t.Connections && !t.Running {
		r.Outcome, r.Fix = Warn, fmt.Sprintf("sysctl -w net.netfilter.nf_conntrack_max=%d", f.Conntrack[0]+2*t.Connections)
	}
	return r
}

func memory(t Targets, f Facts) Row {
	if f.Available == 0 || t.Running {
		return Row{}
	}
	r := Row{Check: "memory", Found: mebibytes(f.Available) + " available", Outcome: OK,
		Wanted: fmt.Sprintf("%s for %d idle connections", mebibytes(t.Memory), t.Connections)}
	if f.Available < t.Memory {
		r.Outcome, r.Fix = Warn, "a smaller limits.max_connections, or a larger machine"
	}
	return r
}

func cgroupMemory(t Targets, f Facts) Row {
	if f.CgroupMax == 0 {
		return Row{}
	}
	r := Row{Check: "cgroup memory", Found: fmt.Sprintf("%s of %s in use", mebibytes(f.CgroupUsed), mebibytes(f.CgroupMax)), Outcome: OK,
		Wanted: fmt.Sprintf("%s for %d idle connections", mebibytes(t.Memory), t.Connections)}
	if f.CgroupMax < t.Memory {
		r.Outcome = Warn
		r.Fix = fmt.Sprintf("docker: --memory %dm; systemd: MemoryMax=%dM; or a smaller limits.max_connections", t.Memory>>20+1, t.Memory>>20+1)
	}
	return r
}

func mebibytes(n uint64) string { return strconv.FormatUint(n>>20, 10) + " MiB" }

func cpus(f Facts) Row {
	if f.Procs == 0 {
		return Row{}
	}
	r := Row{Check: "CPU", Found: fmt.Sprintf("Go runs on %d, no quota", f.Procs), Wanted: "a quota of at least what Go runs on", Outcome: OK}
	if f.Quota == 0 {
		return r
	}
	r.Found = fmt.Sprintf("Go runs on %d, quota %.2f", f.Procs, f.Quota)
	// Go rounds a quota up, and to two at least.
	if f.Quota < 1 || float64(f.Procs) > f.Quota+1 && f.Procs > 2 {
		r.Outcome, r.Fix = Warn, "docker: --cpus 2; systemd: CPUQuota=200%; or GOMAXPROCS in the environment"
	}
	return r
}

func pids(f Facts) Row {
	if f.Pids == 0 {
		return Row{}
	}
	r := Row{Check: "cgroup threads", Found: strconv.Itoa(f.Pids), Wanted: fmt.Sprintf("%d or more", wantedPids), Outcome: OK}
	if f.Pids < wantedPids {
		r.Outcome, r.Fix = Warn, fmt.Sprintf("docker: --pids-limit %d; systemd: TasksMax=%d", wantedPids, wantedPids)
	}
	return r
}

// synchronised is Facts.Clock where all is well.
const synchronised = "synchronised"

func clock(f Facts) Row {
	if f.Clock == "" {
		return Row{}
	}
	r := Row{Check: "clock", Found: f.Clock, Wanted: synchronised, Outcome: OK}
	if f.Clock != synchronised {
		r.Outcome, r.Fix = Warn, "timedatectl set-ntp true, or chronyd: certificates and the order of logs depend on it"
	}
	return r
}

func cookie(f Facts) Row {
	c := f.Cookie
	if c == nil {
		return Row{}
	}
	r := Row{Check: "cookie file", Wanted: "mode 0600, of this user", Found: c.found(), Outcome: OK}
	switch {
	case c.Absent:
		r.Outcome, r.Fix = Warn, "the first start makes one; copy it to every node of the cluster before they start"
	case c.Err != nil:
		r.Outcome, r.Fix = Fail, "make "+c.Path+" readable for this user"
	case c.Mode&0o077 != 0:
		r.Outcome, r.Fix = Fail, "chmod 600 "+c.Path
	case !c.Mine:
		r.Outcome, r.Fix = Warn, "chown it to the user that runs the node: "+c.Path
	}
	return r
}

func socketDir(t Targets, f Facts) Row {
	d := f.SocketDir
	if d == nil {
		return Row{}
	}
	r := Row{Check: "control socket", Wanted: "a directory that only this user can write", Found: d.found(), Outcome: OK}
	switch {
	case len(t.Socket) > maxSocketPath:
		r.Found, r.Wanted = fmt.Sprintf("a path of %d bytes", len(t.Socket)), fmt.Sprintf("at most %d", maxSocketPath)
		r.Outcome, r.Fix = Fail, "admin.socket with a shorter path"
	case d.Absent:
		r.Found += ", a start makes it"
	case d.Err != nil || !d.Mine:
		r.Outcome, r.Fix = Fail, "mkdir -m 700 a directory of this user, and admin.socket in it; or XDG_RUNTIME_DIR"
	case d.Mode&0o022 != 0:
		r.Outcome, r.Fix = Warn, "chmod 700 "+filepath.Dir(t.Socket)
	}
	return r
}

func (f *File) found() string {
	switch {
	case f.Absent:
		return f.Path + " does not exist"
	case f.Err != nil:
		return cause(f.Err) + ": " + f.Path
	case !f.Mine:
		return fmt.Sprintf("%s has mode %04o, of another user", f.Path, fs.FileMode(f.Mode).Perm())
	default:
		return fmt.Sprintf("%s has mode %04o", f.Path, fs.FileMode(f.Mode).Perm())
	}
}
