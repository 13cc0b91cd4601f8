package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// alias is what an Erlang release calls a key: environment names, and arguments of vm.args (which compose
// files also pass as environment names).
type alias struct {
	names []string
	key   string // path; empty: nothing here corresponds to it
	// convert makes the key's text from the alias's; nil takes it as it is.
	convert func(string) (string, error)
	why     string // of an alias without a key: why it has no effect
}

const (
	composeOnly = "compose files read it; a process gets its limits from its cgroup"
	noBusyWait  = "the Go scheduler parks idle threads, there is nothing to tune"
)

var aliases = []alias{
	{names: []string{"ERL_MAX_PORTS", "+Q"}, key: "limits.max_connections"},
	{names: []string{"ERL_MAX_ETS_TABLES", "+e"}, key: "limits.max_tables"},
	{names: []string{"ERLANG_MAX_PROCESSES", "+P"}, key: "limits.max_actors"},
	{names: []string{"+hms"}, key: "session.read_buffer", convert: words("session.read_buffer")},
	{names: []string{"+hmbs"}, key: "session.write_buffer", convert: words("session.write_buffer")},
	{names: []string{"NODE_NAME", "-name", "-sname"}, key: "node.name"},
	{names: []string{"ERLANG_COOKIE", "-setcookie"}, key: "cluster.cookie"},
	{names: []string{"ERLANG_COOKIE_FILE"}, key: "cluster.cookie_file"},
	{names: []string{"CLUSTER_NODES"}, key: "cluster.seeds"},
	{names: []string{"EPMD_PORT"}, key: "epmd.port"},
	{names: []string{"LAGER_LEVEL"}, key: "log.level", convert: lagerLevel},

	{names: []string{"ERL_FULLSWEEP_AFTER"}, why: "Go's collector is not generational, every cycle is a full one; see runtime.gc_percent"},
	{names: []string{"+sbwt", "+sbwtdcpu", "+sbwtdio"}, why: noBusyWait},
	{names: []string{"ERLMCP_CPU_LIMIT"}, why: composeOnly},
	{names: []string{"ERLMCP_MEMORY_LIMIT"}, why: composeOnly + "; see runtime.memory_limit"},
	{names: []string{"ERLMCP_PIDS_LIMIT"}, why: composeOnly},
	{names: []string{"ERLMCP_CPU_RESERVATION"}, why: "compose files read it, and only Swarm and Kubernetes act on it"},
	{names: []string{"ERLMCP_MEMORY_RESERVATION"}, why: composeOnly},
	{names: []string{"VERSION"}, why: "an argument of the image's build; see erlmcp version"},
	{names: []string{"DOCKER_IMAGE"}, why: "compose files read it"},
}

// aliasOf finds an alias by one of its names.
func aliasOf(name string) *alias {
	for i := range aliases {
		if slices.Contains(aliases[i].names, name) {
			return &aliases[i]
		}
	}
	return nil
}

// alias notes name=value if name is an alias, and says whether it is.
func (l *layer) alias(name, value string, o Origin) bool {
	a := aliasOf(name)
	if a == nil {
		return false
	}
	g := given{alias: a, name: name, value: value, origin: o}
	if a.key == "" {
		l.given = append(l.given, g)
		return true
	}
	k := table().byPath[a.key]
	if k.Secret {
		g.value = redacted
	}
	text := value
	if a.convert != nil {
		var err error
		if text, err = a.convert(value); err != nil {
			l.errs.add(o.Where, k.Path, "%v", err)
			return true
		}
	}
	l.given = append(l.given, g)
	l.set(k, text, o)
	return true
}

// words converts a number of machine words of 8 bytes to the nearest size in the range of the key.
func words(path string) func(string) (string, error) {
	return func(s string) (string, error) {
		n, err := strconv.ParseInt(s, 10, 40)
		if err != nil || n < 0 {
			return "", fmt.Errorf("%q is not a number of words", clip(s))
		}
		k := table().byPath[path]
		low, _ := ParseBytes(k.min) // both are read by a test
		high, _ := ParseBytes(k.max)
		return min(max(Bytes(n*8), low), high).String(), nil
	}
}

// lagerLevel takes the names of lager, and some short forms.
func lagerLevel(s string) (string, error) {
	short := map[string]string{"warn": "warning", "err": "error", "crit": "critical", "emerg": "emergency"}
	s = strings.ToLower(strings.TrimSpace(s))
	if long, ok := short[s]; ok {
		s = long
	}
	return s, nil
}
