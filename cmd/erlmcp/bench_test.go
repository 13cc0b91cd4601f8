//go:build linux

package main

import (
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/load/crew"
)

func TestParseTargets(t *testing.T) {
	for _, c := range []struct{ arg, name, addr, host, path, wrong string }{
		{arg: "http://127.0.0.1:8080/mcp", name: "127.0.0.1:8080", addr: "127.0.0.1:8080", host: "127.0.0.1:8080", path: "/mcp"},
		{arg: "a=ws://127.0.0.2:81", name: "a", addr: "127.0.0.2:81", host: "127.0.0.2:81", path: "/mcp"},
		{arg: "a=http://127.0.0.2/x?y=1", name: "a", addr: "127.0.0.2:80", host: "127.0.0.2:80", path: "/x"},
		{arg: "http://127.0.0.1/?a=b", name: "127.0.0.1:80", addr: "127.0.0.1:80", host: "127.0.0.1:80", path: "/mcp"},
		{arg: "https://127.0.0.1", wrong: "TLS"},
		{arg: "ftp://127.0.0.1", wrong: "scheme"},
		{arg: "127.0.0.1:80", wrong: "not a URL"},
		{arg: "http://[::1]:80", wrong: "target"},
	} {
		targets, nodes, err := parseTargets([]string{c.arg}, nil)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: got %v, want %q", c.arg, err, c.wrong)
			}
			continue
		}
		if err != nil || len(targets) != 1 || len(nodes) != 1 {
			t.Errorf("%s: got %v, %v", c.arg, targets, err)
			continue
		}
		g := targets[0]
		if g.Name != c.name || g.Addr.String() != c.addr || g.Host != c.host || g.Path != c.path || nodes[0].Metrics != "http://"+c.host+"/metrics" {
			t.Errorf("%s: got %+v, %+v", c.arg, g, nodes[0])
		}
	}
	if _, nodes, err := parseTargets(nil, []string{"off"}); err != nil || nodes != nil {
		t.Errorf("metrics off: got %v, %v", nodes, err)
	}
	if _, nodes, err := parseTargets(nil, []string{"n=http://127.0.0.1:9"}); err != nil || nodes[0] != (crew.Node{Name: "n", Metrics: "http://127.0.0.1:9/metrics", Ready: "http://127.0.0.1:9/readyz"}) {
		t.Errorf("metrics elsewhere: got %v, %v", nodes, err)
	}
}

func TestParseBind(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  int // -1 is an error
	}{
		{nil, 0}, {[]string{"127.0.0.2"}, 1}, {[]string{"127.0.0.2-127.0.0.9", "127.0.1.1"}, 9}, {[]string{"127.0.0.9-127.0.0.2"}, -1},
		{[]string{"x"}, -1}, {[]string{"::1"}, -1}, {[]string{"10.0.0.0-10.1.0.0"}, -1},
	} {
		got, err := parseBind(c.texts)
		if (err != nil) != (c.want < 0) || err == nil && len(got) != c.want {
			t.Errorf("%v: got %d, %v; want %d", c.texts, len(got), err, c.want)
		}
	}
}

func TestFaultFlags(t *testing.T) {
	for _, c := range []struct {
		flags faultFlags
		wrong string
		some  bool
	}{
		{faultFlags{signalName: "STOP", healSignal: "CONT"}, "", false},
		{faultFlags{signalName: "kill", healSignal: "none", pids: []int{999}}, "", true},
		{faultFlags{signalName: "SIGSTOP", healSignal: "CONT", command: "true"}, "", true},
		{faultFlags{signalName: "NOISE", healSignal: "CONT", command: "true"}, "--fault-signal", false},
		{faultFlags{signalName: "STOP", healSignal: "CONT", pids: []int{1}}, "--fault-pid", false},
		{faultFlags{heal: "true"}, "without --fault-command", false},
	} {
		got, err := c.flags.faults()
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%+v: got %v, want %q", c.flags, err, c.wrong)
			}
			continue
		}
		if err != nil || (got != nil) != c.some {
			t.Errorf("%+v: got %v, %v", c.flags, got, err)
		}
	}
}
