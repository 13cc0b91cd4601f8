package badinput

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// stdioPeer runs `erlmcp stdio` and speaks to it by lines.
type stdioPeer struct {
	o       *observation
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	log     *logFile
	work    sync.WaitGroup
	writing sync.Mutex
}

// dialStdio starts a process of its own.
func (d *Daemon) dialStdio() (*stdioPeer, error) {
	dir, err := os.MkdirTemp(d.Dir, "stdio")
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	port, metrics, err := twoFreePorts()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "erlmcp.json")
	if err := os.WriteFile(file, serverConfig(dir, port, metrics), 0o600); err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	p := &stdioPeer{o: newObservation(false), log: &logFile{}}
	p.cmd = exec.Command(d.Binary, "stdio", "--config", file)
	p.cmd.Env = cleanEnv(dir)
	p.cmd.Stderr = p.log
	p.cmd.WaitDelay = time.Second
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("badinput: start %s stdio: %v", d.Binary, err)
	}
	p.work.Go(func() { p.read(stdout) })
	return p, nil
}

func (p *stdioPeer) read(stdout io.Reader) {
	br := bufio.NewReader(stdout)
	for {
		line, err := br.ReadBytes('\n')
		if len(line) > 0 {
			p.o.addText(line)
			p.o.addMessage(line)
		}
		if err != nil {
			p.o.update(func() { p.o.closed = true })
			return
		}
	}
}

func (p *stdioPeer) seen() *observation { return p.o }

func (p *stdioPeer) send(message []byte) {
	p.write(append(append([]byte(nil), message...), '\n'))
}

func (p *stdioPeer) write(raw []byte) {
	p.writing.Lock()
	defer p.writing.Unlock()
	_, _ = p.stdin.Write(raw) // an ended process shows in the observation
}

func (p *stdioPeer) halfClose() { p.stdin.Close() }

func (p *stdioPeer) reset() {
	_ = p.cmd.Process.Kill() // fails only for a process that is gone
}

func (p *stdioPeer) close() {
	p.stdin.Close()
	timer := time.AfterFunc(3*time.Second, p.reset)
	p.work.Wait()
	_ = p.cmd.Wait() // its exit status is not part of a stdio case
	timer.Stop()
}
