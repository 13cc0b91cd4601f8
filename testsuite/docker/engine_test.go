package docker

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// root is the checkout as seen from this folder; the guide's commands are typed there.
const root = "../.."

// publish is where the ports of the containers appear on this machine.
const publish = "127.26.0.1"

// commandTime bounds one command; building the image is the longest.
const commandTime = 5 * time.Minute

// shell runs commands as a person types them, at the root of the checkout.
type shell struct {
	environ []string
	flags   string // of docker-benchmark.sh
	logs    string // where it writes
}

// output is what a command left behind.
type output struct {
	stdout, stderr string
	status         int
}

// all is what a terminal would have shown, not in order.
func (o output) all() string { return o.stdout + o.stderr }

// newShell finds the tools. It skips the test where there is no engine.
func newShell(t *testing.T) *shell {
	t.Helper()
	sh, lacks := findEngine(t)
	if lacks != "" {
		t.Skip("SKIP: " + lacks)
	}
	return sh
}

// findEngine finds the tools, or says what is missing.
func findEngine(t *testing.T) (sh *shell, lacks string) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: -short, and containers take a minute")
	}
	sh = &shell{environ: append(os.Environ(), "ERLMCP_PUBLISH="+publish, "DOCKER_CLI_HINTS=false")}
	if o := sh.run(t, "docker version"); o.status != 0 {
		return nil, "no Docker engine answers: " + lastLine(o.stderr)
	}
	if o := sh.run(t, "docker-compose version"); o.status == 0 {
		return sh, ""
	}
	if o := sh.run(t, "docker compose version"); o.status != 0 {
		return nil, "neither docker-compose nor the plugin docker compose is installed"
	}
	// The guide types docker-compose; the plugin answers to that name here.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker-compose"), []byte("#!/bin/sh\nexec docker compose \"$@\"\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	sh.environ = append(sh.environ, "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return sh, ""
}

// run runs a command whatever its status.
func (sh *shell) run(t *testing.T, command string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir, cmd.Env, cmd.WaitDelay = root, sh.environ, time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	return output{stdout: stdout.String(), stderr: stderr.String(), status: cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and returns its standard output.
func (sh *shell) must(t *testing.T, command string) string {
	t.Helper()
	o := sh.run(t, command)
	if o.status != 0 {
		t.Fatalf("%s\nstatus %d\n%s", command, o.status, o.all())
	}
	return o.stdout
}

// wants runs a command that has to succeed and to print all of these words.
func (sh *shell) wants(t *testing.T, command string, words ...string) string {
	t.Helper()
	got := sh.must(t, command)
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s\ngot  %q\nwant %q in it", command, got, w)
		}
	}
	return got
}

// eventually repeats ask until it reports true. Its text says in a failure how things stood last.
func eventually(t *testing.T, what string, d time.Duration, ask func() (text string, ok bool)) time.Duration {
	t.Helper()
	begun := time.Now()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		text, ok := ask()
		if ok {
			return time.Since(begun)
		}
		if time.Since(begun) > d {
			t.Fatalf("%s: not within %v; last: %s", what, d, text)
		}
		<-ticker.C
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
