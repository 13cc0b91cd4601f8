package badinput

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// scriptDaemon is a shell script in the place of the binary under test.
func scriptDaemon(t *testing.T, script string) *Runner {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "daemon")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Runner{Daemon: &Daemon{Binary: name, Dir: dir}}
}

// commandCase decodes a case with one step.
func commandCase(t *testing.T, text string) *Case {
	t.Helper()
	var c Case
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if c.decode(); c.unknown != "" {
		t.Fatalf("the case is not understood: %s", c.unknown)
	}
	return &c
}

// startsAndSleeps runs until it is killed; exec leaves no child behind.
const startsAndSleeps = "exec sleep 60\n"

func TestConfigVerdicts(t *testing.T) {
	const refuse = `{"send":[{"kind":"config","content":{"text":"{\"http\":{\"port\":70000}}"}}],
		"expect":{"any":[{"exit":[1,78],"stderr_names":["port"]}],"within_ms":500,"never":["text:secret"]}}`
	const start = `{"send":[{"kind":"config","content":{"text":"{}"}}],
		"expect":{"any":[{"starts":true}],"within_ms":200}}`
	for _, tc := range []struct {
		name, script, text string
		want               Verdict
	}{
		{"refused by both", "echo 'port 70000 is too high' >&2; exit 78\n", refuse, Pass},
		{"refused without naming it", "echo 'bad value' >&2; exit 78\n", refuse, Fail},
		{"wrong exit status", "echo port >&2; exit 3\n", refuse, Fail},
		{"a secret in the message", "echo 'port secret' >&2; exit 78\n", refuse, Fail},
		{"only the start refuses", "[ \"$1\" = config ] && exit 0\necho port >&2; exit 78\n", refuse, Fail},
		{"only the check refuses", "[ \"$1\" = config ] && { echo port >&2; exit 78; }\n" + startsAndSleeps, start, Fail},
		{"starts", "[ \"$1\" = config ] && exit 0\n" + startsAndSleeps, start, Pass},
		{"starts although it should not", "[ \"$1\" = config ] && exit 0\n" + startsAndSleeps, refuse, Fail},
		{"ends although it should start", "exit 0\n", start, Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := scriptDaemon(t, tc.script) // before any child runs, which could hold the file open
			t.Parallel()
			res, err := r.Run(t.Context(), commandCase(t, tc.text), "config")
			if err != nil || res.Verdict != tc.want {
				t.Errorf("got %s %q, %v, want %s", res.Verdict, res.Reasons, err, tc.want)
			}
		})
	}
}

func TestCommandLineVerdicts(t *testing.T) {
	const unknown = `{"setup":"stopped","send":[{"kind":"argv","argv":["frob"]}],
		"expect":{"any":[{"exit":[2],"stderr_names":["frob"]}],"within_ms":1000}}`
	const interrupted = `{"setup":"stopped","send":[{"kind":"argv","argv":["start"],"signals":[["INT",50],["INT",20]]}],
		"expect":{"any":[{"exit":[130]}],"within_ms":1000}}`
	const starts = `{"setup":"stopped","send":[{"kind":"argv","argv":["start"]}],
		"expect":{"any":[{"starts":true}],"within_ms":1000}}`
	for _, tc := range []struct {
		name, script, text string
		want               Verdict
	}{
		{"stays", startsAndSleeps, starts, Pass},
		{"ends without a node", "exit 0\n", starts, Fail},
		{"names the command", "echo \"unknown $1\" >&2; exit 2\n", unknown, Pass},
		{"names nothing", "exit 2\n", unknown, Fail},
		{"ended by the signal", startsAndSleeps, interrupted, Pass},
		{"ignores the signal", "trap '' INT\n" + startsAndSleeps, interrupted, Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := scriptDaemon(t, tc.script) // before any child runs, which could hold the file open
			t.Parallel()
			res, err := r.Run(t.Context(), commandCase(t, tc.text), "cli")
			if err != nil || res.Verdict != tc.want {
				t.Errorf("got %s %q, %v, want %s", res.Verdict, res.Reasons, err, tc.want)
			}
		})
	}
}

// TestLeftBehindIsEnded starts a process as a command would leave it behind.
func TestLeftBehindIsEnded(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc")
	}
	home := t.TempDir()
	cmd := exec.Command("sleep", "60")
	cmd.Env = cleanEnv(home)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	endLeftBehind(home)
	if err := <-done; err == nil {
		t.Error("the process ended by itself")
	}
}

// TestEvalVerdicts has a script say what the eval command would.
func TestEvalVerdicts(t *testing.T) {
	const divides = `{"setup":"admin","send":[{"kind":"eval","expr":"1 / 0."}],
		"expect":{"any":[{"eval":"exception","class_or_reason":["badarith"]}],"within_ms":1000}}`
	const denied = `{"setup":"admin","send":[{"kind":"eval","expr":"os:cmd(\"id\")."}],
		"expect":{"any":[{"eval":"denied"},{"eval":"syntax"}],"within_ms":1000,"never":["text:uid="]}}`
	const unlike = `{"setup":"admin","send":[{"kind":"eval","expr":"node()."}],
		"expect":{"any":[{"eval":"value","prints":"a","prints_not":"b"}],"within_ms":1000}}`
	says := func(status, text string) string { return "echo '" + text + "' >&2; exit " + status + "\n" }
	for _, tc := range []struct {
		name, script, text string
		want               Verdict
	}{
		{"the reason in words", says("6", "** exception error: an error occurred when evaluating an arithmetic expression"), divides, Pass},
		{"another reason", says("6", "** exception error: bad argument"), divides, Fail},
		{"another status", says("1", "** exception error: badarith"), divides, Fail},
		{"a value", "echo 1\n", divides, Fail},
		{"denied", says("6", "** exception error: denied: os:cmd/1"), denied, Pass},
		{"syntax", says("6", "* 1:7: syntax error before: 2"), denied, Pass},
		{"unbound", says("6", `* 1:7: variable X is unbound`), denied, Fail},
		{"forbidden words", "echo uid=0; " + says("6", "** exception error: denied: os:cmd/1"), denied, Fail},
		{"prints", "echo a\n", unlike, Pass},
		{"prints too much", "echo ab\n", unlike, Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := scriptDaemon(t, tc.script) // before any child runs, which could hold the file open
			r.Shared = &Server{}
			t.Parallel()
			res, err := r.Run(t.Context(), commandCase(t, tc.text), evalTransport)
			if err != nil || res.Verdict != tc.want {
				t.Errorf("got %s %q, %v, want %s", res.Verdict, res.Reasons, err, tc.want)
			}
		})
	}
}

func TestStdioVerdicts(t *testing.T) {
	const ask = `{"setup":"raw-open","send":[{"kind":"message","body":{"text":"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}"}}],
		"expect":{"any":[{"error":[-32601]}],"within_ms":1000},"after":{"liveness":"same-connection"}}`
	const refusal = `read l; echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}'` + "\n"
	const pong = `read l; echo '{"jsonrpc":"2.0","id":"liveness","result":{}}'` + "\ncat >/dev/null\n"
	for _, tc := range []struct {
		name, script string
		want         Verdict
	}{
		{"right", refusal + pong, Pass},
		{"ends after the answer", refusal, Fail},
		{"ends at once", "exit 0\n", Fail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := scriptDaemon(t, tc.script) // before any child runs, which could hold the file open
			t.Parallel()
			res, err := r.Run(t.Context(), commandCase(t, ask), "stdio")
			if err != nil || res.Verdict != tc.want {
				t.Errorf("got %s %q, %v, want %s", res.Verdict, res.Reasons, err, tc.want)
			}
		})
	}
}

// TestGrowthIsMeasured lets this process itself grow.
func TestGrowthIsMeasured(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc")
	}
	log := &logFile{}
	m := startMeter(os.Getpid(), log)
	block := make([]byte, 96<<20)
	for i := range block {
		block[i] = 1
	}
	if _, err := log.Write([]byte("one\ntwo\n")); err != nil {
		t.Fatal(err)
	}
	over := m.finish(map[string]float64{"rss_growth_mib": 32, "log_lines": 1, "fd_growth": 1000})
	if len(over) != 2 || block[0] != 1 {
		t.Errorf("got %q, want complaints about memory and log lines", over)
	}
}
