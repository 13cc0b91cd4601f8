//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

const ptyTime = 20 * time.Second

// terminalSession is a command of the program on a pseudo-terminal.
type terminalSession struct {
	t    *testing.T
	file *os.File
	cmd  *exec.Cmd

	mu   sync.Mutex
	seen bytes.Buffer
	read int // what expect has taken of it
	done chan struct{}
}

// onTerminal starts a command of the program, which testscript.Main has put on the path, with an environment.
func onTerminal(t *testing.T, environ []string, args ...string) *terminalSession {
	t.Helper()
	s := &terminalSession{t: t, done: make(chan struct{}), cmd: exec.Command("erlmcp", args...)}
	s.cmd.Env = append(environ, "TERM=xterm")
	file, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	s.file = file
	go func() {
		defer close(s.done)
		buf := make([]byte, 4096)
		for {
			n, err := file.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // fails only for a process that is gone
		file.Close()
		<-s.done
	})
	return s
}

func (s *terminalSession) typed(text string) {
	s.t.Helper()
	if _, err := s.file.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// expect waits until the terminal shows a text behind what was expected before.
func (s *terminalSession) expect(text string) {
	s.t.Helper()
	for deadline := time.Now().Add(ptyTime); ; time.Sleep(10 * time.Millisecond) { //lint:sleep another process is waited for
		s.mu.Lock()
		rest := s.seen.String()[s.read:]
		if i := strings.Index(rest, text); i >= 0 {
			s.read += i + len(text)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if time.Now().After(deadline) {
			s.t.Fatalf("got %q, want %q in it", rest, text)
		}
	}
}

// status waits for the end of the command.
func (s *terminalSession) status() int {
	s.t.Helper()
	late := time.AfterFunc(ptyTime, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			s.t.Fatal(err)
		}
		return exit.ExitCode()
	}
	return 0
}

// backgroundNode runs a node until the test ends, and returns the environment that leads to it.
func backgroundNode(t *testing.T) (environ []string, node *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("", "erlmcp") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	environ = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "XDG_STATE_HOME="+dir, "NODE_NAME=n@test", "ERLMCP_HTTP_PORT="+port)
	node = exec.Command("erlmcp", "foreground")
	node.Env = environ
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Signal(syscall.SIGTERM) // fails only for a process that is gone
		_ = node.Wait()                          // a test may have killed it
		os.RemoveAll(dir)
	})
	p, _, _ := testProgram("ping")
	p.environ = environ
	testutil.Eventually(t, ptyTime, func() bool { return p.run() == exitOK })
	return environ, node
}

// envOf is the last value that an environment gives a name.
func envOf(environ []string, name string) (value string) {
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

func TestConsoleOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	environ, node := backgroundNode(t)

	s := onTerminal(t, environ, "remote_console")
	s.expect("Shell of n@test as admin")
	s.expect(")1> ")
	s.typed("X = 20 + 22.\r")
	s.expect("\n42\r\n")
	s.expect(")2> ")

	s.typed("lists:\x1b[D\x05nth\t") // editing: back, to the end; then the only two with nth
	s.expect("lists:nth")
	s.typed("(2,\r") // on two lines
	s.expect(")2> ")
	s.typed("[a,X]).\r")
	s.expect("\n42\r\n")

	s.typed("erlang:syste\t\t") // ambiguous: both are shown
	s.expect("erlang:system_info(")
	s.typed("\x03") // clears the line
	s.typed("1/0.\r")
	s.expect("** exception error: an error occurred when evaluating an arithmetic expression")

	s.typed("\x1b[A\x1b[A\r") // history: two back is the second line of nth
	s.typed("\x03")
	s.typed("F = fun G() -> G() end, io:format(\"now~n\"), F().\r")
	s.expect("\r\nnow\r\n") // comes while it runs
	s.typed("\x03")
	s.expect("the evaluation was cancelled")
	s.typed("b().\r")
	s.expect("X = 42")
	s.typed("q().\r")
	if got := s.status(); got != exitOK {
		t.Errorf("leaving: got status %d, want 0", got)
	}
	if node.ProcessState != nil {
		t.Fatal("leaving the console has ended the node")
	}

	history := filepath.Join(envOf(environ, "XDG_STATE_HOME"), "erlmcp", "console_history")
	text, err := os.ReadFile(history)
	if err != nil || !strings.Contains(string(text), "X = 20 + 22.\n") {
		t.Errorf("history: got %q, %v", text, err)
	}
	if info, err := os.Stat(history); err == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("history: got mode %v, want 0600", info.Mode().Perm())
	}

	again := onTerminal(t, environ, "remsh")
	again.expect(")1> ")
	again.typed("\x12X = 2") // Ctrl-R finds what the first console left
	again.expect("X = 20 + 22.")
	again.typed("\r")
	again.expect("\n42\r\n")
	again.expect(")2> ")
	_ = node.Process.Kill()
	again.expect("*** n@test has gone")
	if got := again.status(); got != exitNotRunning {
		t.Errorf("the node goes: got status %d, want %d", got, exitNotRunning)
	}
}

func TestTopOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	environ, _ := backgroundNode(t)
	url := "http://127.0.0.1:" + envOf(environ, "ERLMCP_HTTP_PORT") + "/mcp"
	session, err := post(t.Context(), url, "", initializeBody)
	if err != nil || session == "" {
		t.Fatalf("session %q, %v", session, err)
	}
	s := onTerminal(t, environ, "top")
	s.expect("node=n@test")
	s.expect("supervisor root 1")
	s.typed("\t")
	s.expect(session)
	s.typed("3")
	s.expect("├─ admin")
	s.typed("4")
	s.expect("n@test")
	s.typed("q")
	if got := s.status(); got != exitOK {
		t.Errorf("got status %d, want 0", got)
	}
}
