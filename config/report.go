package config

import (
	"fmt"
	"strconv"
)

// Outcome says what a setting does.
type Outcome uint8

const (
	// Applied settings do what they say.
	Applied Outcome = iota
	// Clamped settings do what they say within what the system allows.
	Clamped
	// NoEffect settings change nothing here.
	NoEffect
)

var outcomeNames = [...]string{"applied", "clamped", "no effect"}

func (o Outcome) String() string { return outcomeNames[o] }

// Setting says what became of one variable of an Erlang release, one argument of vm.args, or one key.
type Setting struct {
	Name    string // as it was written
	Value   string // as it was written; *** for secrets
	Key     string // that it sets; empty if none corresponds
	Origin  Origin
	Outcome Outcome
	Reason  string // what it does, or why it does not
}

// System is what the machine allows the process.
type System struct {
	OpenFiles   uint64 // RLIMIT_NOFILE after Go raised it; 0 means unknown or unlimited
	MemoryLimit uint64 // of the cgroup, in bytes; 0 means none or unknown
	CPUs        int    // GOMAXPROCS
}

// ReservedFiles are open files kept for everything that is no client: log, sockets of listeners, upstreams.
const ReservedFiles = 512

// Fit returns c with each limit lowered to what the system allows. c is not changed.
func Fit(c *Config, sys System) *Config {
	fit := *c
	if most, known := sys.connections(); known {
		fit.Limits.MaxConnections = min(fit.Limits.MaxConnections, most)
	}
	fit.Limits.MaxSessions = min(fit.Limits.MaxSessions, fit.Limits.MaxActors)
	return &fit
}

// connections is how many connections the open files allow; never 0, so that an operator can look.
func (sys System) connections() (most int, known bool) {
	if sys.OpenFiles == 0 || sys.OpenFiles > 1<<40 {
		return 0, false
	}
	return max(1, int(sys.OpenFiles)-ReservedFiles), true
}

// Report says of each variable of an Erlang release and argument of vm.args what it does here, and of each
// key that was set and has no effect, or is clamped, the same. It is a pure function of its arguments.
func Report(c *Config, sys System) []Setting {
	var out []Setting
	told := map[string]bool{}
	for _, g := range c.given {
		s := Setting{Name: g.name, Value: clip(g.value), Key: g.alias.key, Origin: g.origin}
		s.Outcome, s.Reason = c.effectOf(g, sys)
		out = append(out, s)
		if c.Origin(g.alias.key) == g.origin {
			told[g.alias.key] = true
		}
	}
	for i := range table().keys {
		k := &table().keys[i]
		if k.index == nil || told[k.Path] {
			continue
		}
		o := c.Origin(k.Path)
		outcome, why := c.effect(k.Path, sys)
		if outcome == Clamped || (outcome == NoEffect && o.Source != FromDefault) {
			out = append(out, Setting{Name: k.Path, Value: clip(c.Value(k.Path)), Key: k.Path, Origin: o, Outcome: outcome, Reason: why})
		}
	}
	return out
}

// effectOf is the effect of an alias.
func (c *Config) effectOf(g given, sys System) (Outcome, string) {
	key := g.alias.key
	if key == "" {
		return NoEffect, g.alias.why + sys.seen(g.name)
	}
	if k := table().byPath[key]; k.FileOf != "" {
		key = k.FileOf
	}
	if o := c.Origin(key); o.Where != g.origin.Where && key == g.alias.key {
		return NoEffect, key + " comes from " + o.String()
	}
	return c.effect(key, sys)
}

// seen adds what the process sees of a limit that compose files set.
func (sys System) seen(name string) string {
	switch {
	case name == "ERLMCP_CPU_LIMIT" && sys.CPUs > 0:
		return "; Go runs on " + strconv.Itoa(sys.CPUs) + " CPUs"
	case name == "ERLMCP_MEMORY_LIMIT" && sys.MemoryLimit > 0:
		return "; the limit here is " + Bytes(sys.MemoryLimit).String()
	default:
		return ""
	}
}

const (
	noCluster = "the node runs alone: neither cluster.enabled nor cluster.seeds is set"
	noBuffer  = "an idle connection owns no buffer, active ones share a pool that grows as needed"
)

// Clustered reports whether the node is to be a member of a cluster.
func (c *Config) Clustered() bool { return c.Cluster.Enabled || len(c.Cluster.Seeds) > 0 }

// effect is what the value of a key does.
func (c *Config) effect(key string, sys System) (Outcome, string) {
	switch key {
	case "limits.max_connections":
		if most, known := sys.connections(); known && most < c.Limits.MaxConnections {
			return Clamped, fmt.Sprintf("to %d: the process may open %d files (RLIMIT_NOFILE), %d are kept in reserve", most, sys.OpenFiles, ReservedFiles)
		}
		return Applied, "connections beyond it are refused"
	case "limits.max_actors":
		if c.Limits.MaxActors < c.Limits.MaxSessions {
			return Applied, fmt.Sprintf("a session is one actor, so it bounds sessions in place of limits.max_sessions (%d)", c.Limits.MaxSessions)
		}
		return NoEffect, fmt.Sprintf("a session is one actor, and limits.max_sessions (%d) is the lower bound", c.Limits.MaxSessions)
	case "limits.max_tables":
		return NoEffect, "this version has no tables that grow"
	case "session.read_buffer", "session.write_buffer":
		return NoEffect, noBuffer
	case "cluster.cookie", "cluster.seeds", "cluster.port", "epmd.port", "cluster.tls.cert", "cluster.tls.key", "cluster.tls.ca",
		"cluster.listen", "cluster.advertise", "cluster.expected", "cluster.pause_minority", "node.data_dir":
		if !c.Clustered() {
			return NoEffect, noCluster
		}
		return Applied, "sets " + key
	default:
		return Applied, "sets " + key
	}
}
