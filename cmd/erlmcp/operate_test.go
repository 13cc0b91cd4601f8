package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/repl"
)

// answers is an inspector that gives the values of expressions, by function with its arguments as text.
type answers map[string]string

// Call implements repl.Inspector.
func (a answers) Call(_ context.Context, module, function string, args []repl.Term) (repl.Term, bool, error) {
	texts := make([]string, len(args))
	for i, t := range args {
		texts[i] = repl.Format(t)
	}
	text, ok := a[module+":"+function+"("+strings.Join(texts, ",")+")"]
	if !ok {
		return nil, false, nil
	}
	value, err := repl.NewShell(repl.Options{}).Eval(context.Background(), text+".", &strings.Builder{})
	return value, true, err
}

// answeringNode serves a control socket whose expressions see these answers, and returns an environment that leads
// to it.
func answeringNode(t *testing.T, a answers) []string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	control := admin.NewControl(admin.Options{Socket: socket, Role: repl.Operator, Evaluator: admin.NewEvaluator(admin.EvaluatorOptions{
		Node: "n@h", Inspector: func(repl.Caller) repl.Inspector { return a },
	})})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- control.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	testutil.Eventually(t, 5*time.Second, func() bool { return admin.Client{Socket: socket}.Ping(ctx) == nil })
	return []string{"ERLMCP_ADMIN_SOCKET=" + socket}
}

const twoSessions = `[#{id => <<"a">>, transport => websocket, in_flight => 1, client => <<"x 1.0">>}, #{id => <<"b">>, transport => http, in_flight => 5, client => <<"y 2.0">>}]`

var sampleAnswers = answers{
	"erlmcp:status()":                      `#{name => 'n@h', state => up, sessions => 2}`,
	"erlmcp:sessions()":                    twoSessions,
	`erlmcp:session(<<"a">>)`:              `#{id => <<"a">>, client => <<"x 1.0">>}`,
	`erlmcp:kick(<<"a">>)`:                 `ok`,
	`erlmcp:kick(<<"c">>)`:                 `{error,not_found}`,
	"erlmcp:log_level()":                   `#{cluster => debug, actors => info}`,
	"erlmcp:log_level({cluster,info})":     `ok`,
	"erlmcp:log_level(warning)":            `ok`,
	"erlmcp:reload_config()":               `#{applied => [<<"log.level">>], needs_restart => []}`,
	"erlmcp:members()":                     `[#{name => 'n@h', state => up, version => <<"1">>}]`,
	"erlmcp:tree()":                        `#{name => root, pid => list_to_pid("<0.1.0>"), children => [#{name => sessions, active => 2, restarts => 0, children => []}, #{name => admin, active => 1, restarts => 1, children => [#{name => control}]}]}`,
	"recon:proc_window(reductions,50,500)": `[{list_to_pid("<0.7.0>"), 900, []}, {list_to_pid("<0.8.0>"), 5, []}]`,
	"erlang:process_info(<0.7.0>,[registered_name,reductions,memory,message_queue_len,initial_call])": `[{registered_name,sessions},{reductions,1000},{memory,2000},{message_queue_len,3},{initial_call,{a,b,1}}]`,
	"erlang:process_info(<0.8.0>,[registered_name,reductions,memory,message_queue_len,initial_call])": `undefined`,
}

func TestOperate(t *testing.T) {
	environ := answeringNode(t, sampleAnswers)
	for _, c := range []struct {
		args   string
		status int
		out    string
		says   string // in the errors
	}{
		{"status", 0, "name      n@h\nsessions  2\nstate     up\n", ""},
		{"status -o term", 0, "#{name => n@h,sessions => 2,state => up}\n", ""},
		{"status -o json", 0, "{\n  \"name\": \"n@h\",\n  \"sessions\": 2,\n  \"state\": \"up\"\n}\n", ""},
		{"status -o yaml", exitUsage, "", `--output is "yaml", want table, json or term`},
		{"sessions", 0, "ID  TRANSPORT  CLIENT  IN FLIGHT\na   websocket  x 1.0   1\nb   http       y 2.0   5\n", ""},
		{"sessions --sort in_flight --limit 1", 0, "ID  TRANSPORT  CLIENT  IN FLIGHT\nb   http       y 2.0   5\n", ""},
		{"sessions --sort nothing", exitException, "", "bad key: nothing"},
		{"sessions --limit 0", exitUsage, "", "--limit is 0"},
		{"sessions show a", 0, "client  x 1.0\nid      a\n", ""},
		{"sessions show", exitUsage, "", "needs the id of one session"},
		{"sessions kick a", 0, "", ""},
		{"sessions kick c", exitFailed, "", "{error,not_found}"},
		{"sessions kick a --role viewer", exitRefused, "", "needs the role operator"},
		{"sessions frobnicate", exitUsage, "", `unknown command "frobnicate"`},
		{"log level", 0, "actors   info\ncluster  debug\n", ""},
		{"log level cluster=info", 0, "", ""},
		{"log level warning", 0, "", ""},
		{"config reload", 0, "applied: log.level\nneeds restart: -\n", ""},
		{"drain", exitRefused, "", "needs the role admin"},
		{"stop", exitRefused, "", "needs the role admin"},
		{"tree", 0, "root  <0.1.0>\n├─ sessions  restarts 0\n└─ admin  restarts 1\n   └─ control  \n", ""},
		{"top", exitUsage, "", "top needs a terminal"},
		{"top --once", 0, "PID      REGISTERED NAME  REDUCTIONS NOW  REDUCTIONS  MEMORY  MESSAGE QUEUE LEN  INITIAL CALL\n<0.7.0>  sessions         900             1000        2000    3                  a b 1\n", ""},
		{"top --once --tab sessions --limit 1", 0, "ID  TRANSPORT  CLIENT  IN FLIGHT\nb   http       y 2.0   5\n", ""},
		{"top --once --tab cluster", 0, "NAME  STATE  VERSION\nn@h   up     1\n", ""},
		{"top --once --tab nothing", exitUsage, "", `--tab is "nothing"`},
		{"top --once --sort size", exitUsage, "", `--sort is "size"`},
		{"status --node other@h", exitNotRunning, "", "node other@h is not reached"},
	} {
		p, stdout, stderr := testProgram(strings.Fields(c.args)...)
		p.environ = environ
		if got := p.run(); got != c.status || stdout.String() != c.out || !strings.Contains(stderr.String(), c.says) || (c.says == "" && stderr.Len() > 0) {
			t.Errorf("%s: got %d, output %q, errors %q; want %d, %q, %q", c.args, got, stdout, stderr, c.status, c.out, c.says)
		}
	}
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
