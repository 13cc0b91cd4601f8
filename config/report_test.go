package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// guide is every variable of the deployment guide with the guide's value.
var guide = []string{
	"ERL_MAX_PORTS=65536", "ERL_MAX_ETS_TABLES=32768", "ERLANG_MAX_PROCESSES=2000000", "ERL_FULLSWEEP_AFTER=0",
	"+hms=1024", "+hmbs=512", "+sbwt=none", "+sbwtdcpu=none", "+sbwtdio=none",
	"NODE_NAME=node1@node1.erlmcp.local", "ERLANG_COOKIE=erlmcp_cluster_secret", "EPMD_PORT=4369",
	"CLUSTER_NODES=node2@node2.erlmcp.local,node3@node3.erlmcp.local,node4@node4.erlmcp.local",
	"ERLMCP_CPU_LIMIT=2.0", "ERLMCP_MEMORY_LIMIT=4G", "ERLMCP_PIDS_LIMIT=4096", "ERLMCP_CPU_RESERVATION=0.5", "ERLMCP_MEMORY_RESERVATION=1G",
	"LAGER_LEVEL=info", "VERSION=0.7.0", "DOCKER_IMAGE=erlmcp:0.7.0-cluster",
}

func lines(settings []Setting) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%s=%s [%s] (%s) %s: %s\n", s.Name, s.Value, s.Key, s.Origin, s.Outcome, s.Reason)
	}
	return b.String()
}

func TestReportOfTheGuide(t *testing.T) {
	c, err := Load(Sources{Environ: guide})
	if err != nil {
		t.Fatal(err)
	}
	settings := Report(c, System{OpenFiles: 20_000, MemoryLimit: 4 << 30, CPUs: 2})
	if len(settings) != len(guide) {
		t.Errorf("got %d lines, want %d: one for each variable", len(settings), len(guide))
	}
	testutil.Golden(t, "report.txt", []byte(lines(settings)))
}

func TestReportOfOtherSources(t *testing.T) {
	l := []layer{
		defaults(),
		parseVMArgs("vm.args", "+P 1024 +Q 100\n+hms 1\n-heart\n-env ERL_FULLSWEEP_AFTER 10\n-env LANG C\n+S 4:4\n-setcookie ${COOKIE}\n", []string{"COOKIE=erlmcp_cluster_secret"}),
		parseFile("erlmcp.yaml", []byte("limits: {max_connections: 200, max_tables: 5}\nsession: {read_buffer: 512}\n")),
	}
	c, err := merge(Sources{}, l)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "report_vmargs.txt", []byte(lines(Report(c, System{OpenFiles: 600}))))
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		name                  string
		files                 uint64
		actors                int
		connections, sessions int
	}{
		{"plenty", 1 << 20, 2_000_000, 25_000, 100_000},
		{"unknown", 0, 2_000_000, 25_000, 100_000},
		{"unlimited", 1<<64 - 1, 2_000_000, 25_000, 100_000},
		{"few files", 1024, 2_000_000, 512, 100_000},
		{"hardly any file", 100, 2_000_000, 1, 100_000},
		{"few actors", 1 << 20, 5000, 25_000, 5000},
	} {
		in := Default()
		in.Limits.MaxActors = c.actors
		got := Fit(in, System{OpenFiles: c.files})
		if got.Limits.MaxConnections != c.connections || got.Limits.MaxSessions != c.sessions {
			t.Errorf("%s: got %d connections and %d sessions, want %d and %d", c.name,
				got.Limits.MaxConnections, got.Limits.MaxSessions, c.connections, c.sessions)
		}
		if in.Limits.MaxConnections != 25_000 {
			t.Errorf("%s: the argument is changed", c.name)
		}
	}
}
