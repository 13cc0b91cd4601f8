package erlmcp_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestNodeAloneTellsOfItself(t *testing.T) {
	socket, listen := filepath.Join(t.TempDir(), "s"), unused(t)
	run(t, erlmcp.Options{Name: "a@h", Version: "1.2.3", HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{Socket: socket, Listen: listen}})
	c := admin.Client{Socket: socket}
	testutil.Eventually(t, 10*time.Second, func() bool { return c.Ping(t.Context()) == nil }) // opened beside the listeners
	view, err := c.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if view.Cluster || !view.Majority || view.Self != "a@h" || len(view.Members) != 1 || view.Members[0] != (admin.NodeInfo{Name: "a@h", State: admin.StateUp, Version: "1.2.3"}) {
		t.Errorf("got %+v", view)
	}
	term, err := c.NodesTerm(t.Context())
	if want := "[#{name => a@h,state => up,version => <<\"1.2.3\">>}]\n"; err != nil || term != want {
		t.Errorf("term: got %q, %v; want %q", term, err, want)
	}
	for text, want := range map[string]admin.Evaluation{
		"nodes().":               {Value: "[]"},
		"node()":                 {Value: "nonode@nohost"}, // as Erlang without distribution
		"1 + 2 % a comment":      {Value: "3"},
		"erlmcp:version().":      {Value: `<<"1.2.3">>`},
		"nodes(.":                {Class: admin.ClassSyntax, Error: "* 1:7: syntax error before: '.'"},
		"\"\xff\xfe\".":          {Class: admin.ClassSyntax},
		"no:such().":             {Class: admin.ClassError, Error: "** exception error: undefined function no:such/0"},
		"init:stop().":           {Class: admin.ClassDenied},
		"net_adm:ping(\"a@b\").": {Class: admin.ClassError},
	} {
		got, err := c.Eval(t.Context(), text, admin.EvalOptions{Role: "viewer"})
		if want.Error == "" {
			got.Error = ""
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("eval %q: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	if _, err := c.Eval(t.Context(), strings.Repeat(" ", admin.MaxExpression+1), admin.EvalOptions{}); err == nil || !strings.Contains(err.Error(), "413") {
		t.Errorf("large expression: got %v, want 413", err)
	}
	if _, err := c.Get(t.Context(), admin.EvalPath); err == nil || !strings.Contains(err.Error(), "405") {
		t.Errorf("GET: got %v, want 405", err)
	}
	if got := get(t, "http://"+listen+admin.NodesPath); !strings.Contains(got, `"self":"a@h"`) {
		t.Errorf("admin.listen: got %q", got)
	}
	if got := get(t, "http://"+listen+admin.EvalPath); !strings.Contains(got, "404") {
		t.Errorf("eval at admin.listen: got %q, want 404: web pages could reach it", got)
	}
}

func TestNodesOfAClusterSeeEachOther(t *testing.T) {
	a, b := clusterPair(t)
	want := "['" + b.name + "']"
	testutil.Eventually(t, 20*time.Second, func() bool {
		got, err := a.client.Eval(t.Context(), "nodes().", admin.EvalOptions{})
		return err == nil && got.Value == want
	})
	for text, want := range map[string]string{
		"net_adm:ping('" + b.name + "').":                       "pong",
		"net_adm:ping('" + a.name + "').":                       "pong",
		"net_adm:ping('c@127.0.0.1').":                          "pang",
		"[node()|nodes()] =:= nodes(known).":                    "true",
		"nodes([this, visible]).":                               "['" + a.name + "','" + b.name + "']",
		"nodes(hidden).":                                        "[]",
		"is_alive().":                                           "true",
		"[M || #{name := M, state := up} <- erlmcp:members()].": "['" + a.name + "','" + b.name + "']",
		"catch net_adm:ping(1).":                                "{'EXIT'",
	} {
		got, err := a.client.Eval(t.Context(), text, admin.EvalOptions{})
		if err != nil || !strings.HasPrefix(got.Value, want) {
			t.Errorf("%s: got %+v, %v; want %s", text, got, err, want)
		}
	}
	view, err := a.client.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !view.Cluster || !view.Majority || view.Self != a.name || len(view.Members) != 2 {
		t.Fatalf("got %+v", view)
	}
	for i, n := range []clusterNode{a, b} {
		m := view.Members[i]
		if m.Name != n.name || m.State != admin.StateUp || m.Address != n.dist || len(m.Boot) < 10 {
			t.Errorf("member %d: got %+v, want %s at %s", i, m, n.name, n.dist)
		}
	}
	if names := a.node.Nodes(); len(names) != 1 || names[0] != b.name {
		t.Errorf("Nodes: got %v", names)
	}
}

type clusterNode struct {
	name, dist string
	node       *erlmcp.Node
	client     admin.Client
}

// oneProcess skips tests with several nodes in one process under the race detector: the library of the
// distribution sets a global logger at each start. The tests of cmd/erlmcp have a process for each node.
func oneProcess(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("several nodes in one process race in a library")
	}
}

// clusterPair runs two nodes of one cluster until the test ends.
func clusterPair(t *testing.T) (a, b clusterNode) {
	t.Helper()
	oneProcess(t)
	nodes := []clusterNode{{name: "a@127.0.0.1", dist: unused(t)}, {name: "b@127.0.0.1", dist: unused(t)}}
	gossip := []string{unused(t), unused(t)}
	for i := range nodes {
		socket := filepath.Join(t.TempDir(), "s")
		nodes[i].client.Socket = socket
		nodes[i].node = run(t, erlmcp.Options{
			Name: nodes[i].name, HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Admin: erlmcp.Admin{Socket: socket},
			Cluster: &erlmcp.Cluster{Cookie: []byte(strings.Repeat("c", 32)), Gossip: gossip[i], Dist: nodes[i].dist, Seeds: gossip, Expected: 2},
		})
	}
	return nodes[0], nodes[1]
}
