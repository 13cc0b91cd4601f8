// Package doctor compares what a machine allows with what the configuration of a node asks for.
//
// Gather reads the facts, from the kernel's files and by opening sockets for a moment; Examine judges them and
// touches nothing. Every Row that is not ok says what to do. The package changes nothing on the machine and needs
// no running node.
//
// Stability: none, it belongs to the program.
package doctor

import "time"

// Outcome is how a check ended.
type Outcome string

// The outcomes.
const (
	OK   Outcome = "ok"
	Warn Outcome = "warn" // the node runs, with less than it was configured for or with a risk
	Fail Outcome = "fail" // the node does not start, or cannot do what it was configured for
)

// Row is one check.
type Row struct {
	Check   string  `json:"check"`
	Found   string  `json:"found"`
	Wanted  string  `json:"wanted"`
	Outcome Outcome `json:"outcome"`
	Fix     string  `json:"fix,omitempty"` // a command or a setting; empty when ok
}

// Failed says whether a row failed.
func Failed(rows []Row) bool {
	for _, r := range rows {
		if r.Outcome == Fail {
			return true
		}
	}
	return false
}

// Targets are what the configuration asks for.
type Targets struct {
	Connections int       // limits.max_connections
	Reserve     int       // open files beside connections
	Ports       []Port    // to listen on
	Socket      string    // path of the control socket
	Cookie      string    // path of the cookie file; empty: none is read
	Running     bool      // the node runs, so its ports are taken by itself
	Memory      uint64    // bytes that the configured connections take when idle
	Now         time.Time // of the clock
}

// Port is an address to listen on.
type Port struct {
	Key     string // of the configuration
	Network string // tcp or udp
	Addr    string // host:port
	Number  int
}

// Facts are what the machine allows. The zero value of a field means unknown, and its check is left out.
type Facts struct {
	OpenFiles  uint64           // RLIMIT_NOFILE, the hard limit
	Ports      map[string]error // by Network and Addr: why it cannot be listened on; nil value: it can
	Range      [2]int           // net.ipv4.ip_local_port_range
	Reserved   string           // net.ipv4.ip_local_reserved_ports
	Backlog    int              // net.core.somaxconn
	Conntrack  [2]int           // nf_conntrack_count, nf_conntrack_max
	Available  uint64           // MemAvailable, bytes
	CgroupMax  uint64           // memory.max, bytes
	CgroupUsed uint64           // memory.current, bytes
	Quota      float64          // cpu.max, in CPUs
	Procs      int              // GOMAXPROCS
	Pids       int              // pids.max
	Clock      string           // synchronised, or why not
	Cookie     *File            // nil: not asked for
	SocketDir  *File            // of the control socket
}

// File is what is known of a file or directory.
type File struct {
	Path   string
	Absent bool
	Mode   uint32 // permission bits
	Mine   bool   // it belongs to this user
	Err    error  // why nothing is known
}
