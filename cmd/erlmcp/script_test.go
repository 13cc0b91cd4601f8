package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"erlmcp": func() { os.Exit(mainStatus()) }})
}

// TestScripts runs testdata/script/*.txtar against the program. Beside the commands of testscript there are
//
//	status N erlmcp ARGS...   the command ends with status N
//	await URL [TEXT]          until the URL answers 200 (and TEXT is in the body)
//	initialize URL            opens a session
//	call URL TOOL JSON        calls a tool in it, and does not wait for the answer
//	signal NAME               sends SIGHUP, SIGINT or SIGTERM to the background commands
//	mode FILE OCTAL           checks the permissions of a file
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			run, err := os.MkdirTemp("", "erlmcp") // a socket's path is short
			if err != nil {
				return err
			}
			e.Defer(func() {
				endBackground(run)
				_ = os.RemoveAll(run)
			})
			e.Setenv("XDG_RUNTIME_DIR", run)
			for _, name := range []string{"PORT", "PORT2"} {
				port, err := freePort()
				if err != nil {
					return err
				}
				e.Setenv(name, port)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": wantStatus, "await": await, "initialize": initialize, "call": startCall, "mode": wantMode, "signal": sendSignal,
		},
	})
}

// endBackground ends the nodes that a script has started and not stopped, by their pid files.
func endBackground(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.pid"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

func wantStatus(ts *testscript.TestScript, _ bool, args []string) {
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("%v: got status %d, want %s", args[1:], status, args[0])
	}
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		text, status, err := get(args[0])
		if err == nil && status == http.StatusOK && (len(args) < 2 || strings.Contains(text, args[1])) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: got %d %.200q, %v", args[0], status, text, err)
		}
		time.Sleep(pause) //lint:sleep another process is waited for
	}
}

func get(url string) (text string, status int, err error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp.StatusCode, err
}

// post sends one message and returns the session id that the answer names.
func post(ctx context.Context, url, session, body string) (id string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.Header.Get("Mcp-Session-Id"), err
}

const initializeBody = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

func initialize(ts *testscript.TestScript, _ bool, args []string) {
	id, err := post(context.Background(), args[0], "", initializeBody)
	if err != nil || id == "" {
		ts.Fatalf("initialize: session %q, %v", id, err)
	}
	if _, err := post(context.Background(), args[0], id, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); err != nil {
		ts.Fatalf("%v", err)
	}
	ts.Setenv("SESSION", id)
}

func startCall(ts *testscript.TestScript, _ bool, args []string) {
	session := ts.Getenv("SESSION")
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, args[1], args[2])
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = post(ctx, args[0], session, body) // the node may end before it answers
	}()
	ts.Defer(func() {
		cancel()
		<-done
	})
}

func wantMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	if err != nil {
		ts.Fatalf("%v", err)
	}
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s: got mode %s, want %s", args[0], got, args[1])
	}
}

func sendSignal(ts *testscript.TestScript, _ bool, args []string) {
	sig := map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[0]]
	for _, c := range ts.BackgroundCmds() {
		if err := c.Process.Signal(sig); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}
