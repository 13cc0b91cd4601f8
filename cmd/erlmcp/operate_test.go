package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// TestOperateAnotherNode looks into one node of a cluster and acts on it by way of the other.
func TestOperateAnotherNode(t *testing.T) {
	r := newRunningCluster(t)
	r.start(t, "--nodes", "2", "--quiet")
	session, err := post(t.Context(), "http://"+r.address(2)+":"+r.ports[0]+"/mcp", "", initializeBody)
	if err != nil || session == "" {
		t.Fatalf("session %q, %v", session, err)
	}
	there := "--node " + r.name(2)
	run := func(stdin, args string) (status int, stdout, stderr string) {
		p, out, errs := testProgram(strings.Fields(args)...)
		p.environ = append(r.environ(), "ERLMCP_NODE_NAME="+r.name(1))
		p.stdin = textFile(t, stdin)
		status = p.run()
		return status, out.String(), errs.String()
	}
	for _, c := range []struct {
		args, stdin string
		status      int
		out, errs   string // in the output, in the errors; empty: nothing comes
	}{
		{"eval node(). " + there, "", 0, "'" + r.name(2) + "'\n", ""},
		{"eval nodes(). " + there, "", 0, "['" + r.name(1) + "']\n", ""},
		{"rpc erlang node " + there, "", 0, "'" + r.name(2) + "'\n", ""},
		{"status -o json " + there, "", 0, `"name": "` + r.name(2) + `"`, ""},
		{"sessions", "", 0, "no sessions\n", ""},
		{"sessions " + there, "", 0, session, ""},
		{"sessions show " + session, "", exitFailed, "", "no such thing"},
		{"sessions show " + session + " " + there, "", 0, "id  ", ""},
		{"top --once --tab sessions " + there, "", 0, session, ""},
		{"sessions kick --role viewer " + session + " " + there, "", exitRefused, "", "denied: erlmcp:kick/1 needs the role operator"},
		{"sessions kick " + session + " " + there, "", 0, "", ""},
		{"sessions " + there, "", 0, "no sessions\n", ""},
		{"log level mcp=debug " + there, "", 0, "", ""},
		{"log level " + there, "", 0, "mcp          debug\n", ""},
		{"log level", "", 0, "mcp          info\n", ""},
		{"tree " + there, "", 0, "├─ cluster ", ""},
		{"remsh " + there, "X = node().\n{X, X}.\n", 0, "{'" + r.name(2) + "','" + r.name(2) + "'}\n", ""},
		{"stop --role operator " + there, "", exitRefused, "", "needs the role admin"},
		{"status --node nobody@test", "", exitNotRunning, "", "node nobody@test is not reached"},
		{"restart " + there, "", 0, "", ""},
		{"status " + there, "", 0, "state        up\n", ""},
		{"stop " + there, "", 0, "", ""},
		{"status " + there, "", exitNotRunning, "", "is not reached"},
		{"ping", "", 0, "pong\n", ""},
	} {
		status, stdout, stderr := run(c.stdin, c.args)
		if status != c.status || !holds(stdout, c.out) || !holds(stderr, c.errs) {
			t.Errorf("%s: got %d, output %q, errors %q; want %d, %q, %q", c.args, status, stdout, stderr, c.status, c.out, c.errs)
		}
	}
	testutil.Eventually(t, 30*time.Second, func() bool {
		return strings.Contains(r.errors.String(), r.name(2)+" has ended: exit status 0")
	})
	if status, _, stderr := run("", "stop"); status != 0 {
		t.Errorf("stop: got %d, %q", status, stderr)
	}
	r.status(t)
	r.noneRuns(t, 2)
}

// holds tells whether got has want in it; nothing where that is nothing.
func holds(got, want string) bool {
	if want == "" {
		return got == ""
	}
	return strings.Contains(got, want)
}

// textFile is an open file with a text.
func textFile(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestNotRunning compares the statuses of commands where no node runs with the help of the root.
func TestNotRunning(t *testing.T) {
	environ := []string{"ERLMCP_ADMIN_SOCKET=" + filepath.Join(t.TempDir(), "s")}
	for args, want := range map[string]int{
		"eval 1.": 1, "rpc a b": 1, "pid": 1, "remote_console": 1, "restart": 1, "status": 1, "stop": 1,
		"ping": 3, "nodes": 3, "sessions": 3, "sessions show a": 3, "sessions kick a": 3, "tree": 3, "top --once": 3, "log level": 3,
		"config reload": 3, "drain": 3,
	} {
		p, stdout, stderr := testProgram(strings.Fields(args)...)
		p.environ = environ
		if got := p.run(); got != want || stderr.String() != notRunning+"\n" || strings.TrimSpace(stdout.String()) != "" {
			t.Errorf("%s: got %d, output %q, errors %q; want %d and %s", args, got, stdout, stderr, want, notRunning)
		}
	}
}

func TestCallText(t *testing.T) {
	for words, want := range map[string]string{
		"erlang":          "apply(erlang, start, []\n).",
		"erlang node":     "apply(erlang, node, []\n).",
		"lists seq [1,3]": "apply(lists, seq, [1,3]\n).",
		"'a.b' f":         "apply('a.b', f, []\n).",
		"a-b F":           "apply('a-b', 'F', []\n).",
		"a'),halt( f":     "apply('a\\'),halt(', f, []\n).",
	} {
		if got := callText(strings.Fields(words)); got != want {
			t.Errorf("%s: got %q, want %q", words, got, want)
		}
	}
}
