package badinput

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// processPeer is a command of the binary under test.
type processPeer struct {
	o     *observation
	cmd   *exec.Cmd
	stdin io.WriteCloser // nil: the command reads nothing
	in    invocation
	log   *logFile
	work  sync.WaitGroup
}

var _ peer = (*processPeer)(nil)

// invocation is how a command is started.
type invocation struct {
	argv        []string
	env         []string
	dir         string
	openStdin   bool
	closeStdout bool
	socket      string // where a node that it leaves in the background listens; "" if it leaves none
}

func (d *Daemon) invoke(in invocation) (*processPeer, error) {
	p := &processPeer{o: newObservation(false), log: &logFile{}, in: in}
	p.cmd = exec.Command(d.Binary, in.argv...)
	p.cmd.Env, p.cmd.Dir = in.env, in.dir
	p.cmd.WaitDelay = time.Second
	p.cmd.Stderr = io.MultiWriter(p.log, streamTo(p.o, &p.o.stderr))
	p.cmd.Stdout = streamTo(p.o, &p.o.stdout)
	if in.closeStdout {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("badinput: %v", err)
		}
		r.Close()
		defer w.Close()
		p.cmd.Stdout = w
	}
	if in.openStdin {
		var err error
		if p.stdin, err = p.cmd.StdinPipe(); err != nil {
			return nil, fmt.Errorf("badinput: %v", err)
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("badinput: start %s: %v", d.Binary, err)
	}
	p.work.Go(p.wait)
	return p, nil
}

// wait notes how the command ended; a signal counts as 128 plus its number, as in a shell.
func (p *processPeer) wait() {
	_ = p.cmd.Wait() // the state below says more than the error
	code := p.cmd.ProcessState.ExitCode()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	background := code == 0 && p.in.socket != "" && serves(p.in.socket)
	p.o.update(func() { p.o.exited, p.o.exit, p.o.background = true, code, background })
}

func (p *processPeer) seen() *observation { return p.o }
func (p *processPeer) send(m []byte)      { p.write(append(slices.Clone(m), '\n')) }

func (p *processPeer) write(raw []byte) {
	if p.stdin != nil {
		_, _ = p.stdin.Write(raw) // an ended process shows in the observation
	}
}

func (p *processPeer) halfClose() {
	if p.stdin != nil {
		p.stdin.Close()
	}
}

func (p *processPeer) reset() {
	_ = p.cmd.Process.Kill() // fails only for a process that is gone
}

func (p *processPeer) close() {
	p.reset()
	p.work.Wait()
}

// stream writes to a buffer of an observation.
type stream struct {
	o  *observation
	to *bytes.Buffer
}

func streamTo(o *observation, to *bytes.Buffer) *stream { return &stream{o, to} }

// Write appends under the observation's lock.
func (s *stream) Write(p []byte) (int, error) {
	s.o.update(func() { s.to.Write(p) })
	return len(p), nil
}

// command plays a case of the config and cli transports.
func (pl *play) command(ctx context.Context) (Result, error) {
	if pl.Daemon == nil {
		return Result{}, errors.New("badinput: no binary for transport " + pl.transport)
	}
	if len(pl.c.steps) != 1 {
		return Result{}, fmt.Errorf("badinput: %d steps on transport %s, want 1", len(pl.c.steps), pl.transport)
	}
	dir, err := os.MkdirTemp(pl.Daemon.Dir, "command")
	if err != nil {
		return Result{}, fmt.Errorf("badinput: %v", err)
	}
	can, err := listenCanary()
	if err != nil {
		return Result{}, err
	}
	defer can.close()
	pl.canary, pl.srv = can, nil
	pl.vars = &vars{values: map[string]string{
		"CONFIG_PATH": filepath.Join(dir, "erlmcp.yaml"), "CANARY_PORT": strconv.Itoa(can.port()), "I": "0",
	}}
	if pl.transport == "cli" {
		return pl.commandLine(ctx, dir)
	}
	return pl.configFile(dir)
}

// commandLine runs the argv of a case.
func (pl *play) commandLine(ctx context.Context, dir string) (Result, error) {
	s := &pl.c.steps[0]
	env, socket := cleanEnv(dir), filepath.Join(dir, "s")
	defer endLeftBehind(dir)
	if pl.c.Setup == "running" {
		srv, err := pl.Daemon.Start(ctx)
		if err != nil {
			return Result{}, err
		}
		defer srv.Stop()
		socket = srv.socket
	}
	port, _, err := twoFreePorts()
	if err != nil {
		return Result{}, err
	}
	env = append(env, "ERLMCP_ADMIN_SOCKET="+socket, "ERLMCP_HTTP_PORT="+strconv.Itoa(port))
	in := invocation{dir: dir, closeStdout: s.CloseStdout, openStdin: pl.wantsStdin()}
	in.env = overlay(env, s.Env)
	if pl.c.Setup != "running" {
		in.socket = socket
	}
	for _, a := range s.Argv {
		in.argv = append(in.argv, pl.vars.expand(a))
	}
	for _, a := range s.ArgvB64 {
		text, err := decode64(a)
		if err != nil {
			return Result{}, err
		}
		in.argv = append(in.argv, string(text))
	}
	if err := pl.vars.err(); err != nil {
		return Result{}, err
	}
	return pl.judgeCommand(in, s.Signals)
}

func (pl *play) wantsStdin() bool {
	return slices.ContainsFunc(pl.c.outcomes, func(oc outcome) bool { return oc.ReadsStdin })
}

// overlay changes an environment; nil removes a variable.
func overlay(env []string, changes map[string]*string) []string {
	for name, value := range changes {
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if value != nil {
			env = append(env, name+"="+*value)
		}
	}
	return env
}

// judgeCommand runs one command and judges it.
func (pl *play) judgeCommand(in invocation, signals [][]json.RawMessage) (Result, error) {
	p, err := pl.Daemon.invoke(in)
	if err != nil {
		return Result{}, err
	}
	defer p.close()
	pl.p = p
	var m *meter
	if len(pl.c.Limits) > 0 {
		m = startMeter(p.cmd.Process.Pid, p.log)
	}
	began := time.Now()
	if err := p.signal(signals); err != nil {
		return Result{}, err
	}
	res := pl.judge(began)
	if m != nil {
		pl.extra = append(pl.extra, m.finish(pl.c.Limits)...)
	}
	pl.checkNever(p.log, 0)
	return pl.close(res), nil
}

var signalNames = map[string]syscall.Signal{
	"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT,
	"KILL": syscall.SIGKILL, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "PIPE": syscall.SIGPIPE,
}

// signal sends signals, each [name, milliseconds to wait before].
func (p *processPeer) signal(signals [][]json.RawMessage) error {
	for _, pair := range signals {
		var name string
		var ms int
		if len(pair) != 2 || json.Unmarshal(pair[0], &name) != nil || json.Unmarshal(pair[1], &ms) != nil {
			return fmt.Errorf("badinput: signal %s", pair)
		}
		sig, ok := signalNames[strings.TrimPrefix(name, "SIG")]
		if !ok {
			return fmt.Errorf("badinput: signal %s", name)
		}
		time.Sleep(time.Duration(ms) * time.Millisecond)
		_ = p.cmd.Process.Signal(sig) // fails only for a process that is gone
	}
	return nil
}

// configFile lets the binary check the file of a case and start with it; both have to agree.
func (pl *play) configFile(dir string) (Result, error) {
	c := pl.c.steps[0].Content
	if c == nil {
		return Result{}, errors.New("badinput: step config without content")
	}
	path, text, err := pl.writeConfig(dir, c)
	if err != nil {
		return Result{}, err
	}
	pl.files = filesNamed(text)
	env := cleanEnv(dir)
	if !bytes.Contains(text, []byte(`port`)) {
		port, _, err := twoFreePorts()
		if err != nil {
			return Result{}, err
		}
		env = append(env, "ERLMCP_HTTP_PORT="+strconv.Itoa(port))
	}
	res, err := pl.judgeCommand(invocation{argv: []string{"foreground", "--config", path}, env: env, dir: dir}, nil)
	if err != nil || res.Verdict == Fail {
		return res, err
	}
	complaint, err := pl.checkAgrees(invocation{argv: []string{"config", "check", "--config", path}, env: env, dir: dir})
	if complaint != "" {
		res.Verdict = Fail
		res.Reasons = append(res.Reasons, complaint)
	}
	return res, err
}

// checkAgrees runs `config check` and compares it with how the start ended.
func (pl *play) checkAgrees(in invocation) (string, error) {
	o := pl.p.seen()
	o.mu.Lock()
	started := o.exit == 128+int(syscall.SIGKILL) // judgeCommand kills what runs after it was judged
	o.mu.Unlock()
	p, err := pl.Daemon.invoke(in)
	if err != nil {
		return "", err
	}
	defer p.close()
	o = p.seen()
	within := time.Duration(pl.c.Expect.WithinMS)*time.Millisecond + grace
	if !o.wait(time.Now().Add(within), func() bool { return o.exited }) {
		return "config check does not end", nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if started {
		if o.exit != 0 {
			return fmt.Sprintf("starts, but config check: exit %d, %.300q", o.exit, o.stderr.Bytes()), nil
		}
		return "", nil
	}
	s := scene{transport: pl.transport, quiet: true}
	if !slices.ContainsFunc(pl.c.outcomes, func(oc outcome) bool { return oc.fits(o, s) }) {
		return "does not start, but config check: " + describe(o), nil
	}
	return "", nil
}

// writeConfig puts the content of a case at a path and returns the path and what stands there.
func (pl *play) writeConfig(dir string, c *content) (string, []byte, error) {
	path := pl.vars.values["CONFIG_PATH"]
	if c.Path != "" {
		path = pl.vars.expand(c.Path)
	}
	switch {
	case c.Absent:
		return path, nil, pl.vars.err()
	case c.Directory:
		return path, nil, os.MkdirAll(path, 0o700)
	}
	var text []byte
	var err error
	if c.Template != "" {
		text, err = certificateConfig(c.Template, dir)
	} else {
		text, err = c.bytes(pl.vars)
	}
	if err != nil {
		return path, nil, err
	}
	mode := uint64(0o600)
	if c.Mode != "" {
		if mode, err = strconv.ParseUint(c.Mode, 8, 32); err != nil {
			return path, nil, fmt.Errorf("badinput: mode %q: %v", c.Mode, err)
		}
	}
	if err := os.WriteFile(path, text, os.FileMode(mode)); err != nil {
		return path, nil, fmt.Errorf("badinput: %v", err)
	}
	return path, text, os.Chmod(path, os.FileMode(mode))
}
