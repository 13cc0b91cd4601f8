package badinput

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Server is a running server under test. A Server without a process (tests of the runner) has pid 0.
type Server struct {
	Host    string // host:port of the MCP endpoint
	Path    string // of the endpoint
	Metrics string // URL, "" if none
	socket  string // of the operator's commands
	cookie  string // in its environment
	pid     int
	log     *logFile
	stop    func()
}

// Daemon is a built erlmcp binary.
type Daemon struct {
	Binary string
	Dir    string // for configuration, data and logs of the servers it starts
}

// readyTime is how long a server may take until it is ready.
const readyTime = 20 * time.Second

// Start runs `erlmcp dev` on free loopback ports and waits until it is ready.
func (d *Daemon) Start(ctx context.Context) (*Server, error) {
	dir, err := os.MkdirTemp(d.Dir, "server")
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
	log := &logFile{}
	cmd := exec.Command(d.Binary, "dev", "--config", file)
	cookie := rand.Text() + rand.Text()
	cmd.Env = append(cleanEnv(dir), "ERLANG_COOKIE="+cookie)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("badinput: start %s: %v", d.Binary, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log
	}()
	s := &Server{
		Host: "127.0.0.1:" + strconv.Itoa(port), Path: "/mcp",
		Metrics: "http://127.0.0.1:" + strconv.Itoa(metrics) + "/metrics",
		socket:  filepath.Join(dir, "s"), cookie: cookie, pid: cmd.Process.Pid, log: log,
	}
	s.stop = func() { endProcess(cmd.Process, exited) }
	if err := s.awaitAnswer(ctx, "/readyz", exited); err != nil {
		s.stop()
		return nil, fmt.Errorf("badinput: %w; it said:\n%s", err, log.from(0))
	}
	return s, nil
}

// Stop ends the server; it may be called once.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
	}
}

// serverConfig is a configuration for one loopback server that leaves nothing outside dir.
func serverConfig(dir string, port, metrics int) []byte {
	text, err := json.Marshal(map[string]any{
		"node":    map[string]any{"data_dir": dir},
		"http":    map[string]any{"listen": "127.0.0.1", "port": port},
		"admin":   map[string]any{"socket": filepath.Join(dir, "s")},
		"metrics": map[string]any{"listen": "127.0.0.1:" + strconv.Itoa(metrics)},
		"log":     map[string]any{"format": "json"},
	})
	if err != nil {
		panic("badinput: encode the configuration: " + err.Error()) // maps of strings and numbers always encode
	}
	return text
}

// cleanEnv is an environment without settings of the machine's user.
func cleanEnv(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "TMPDIR=" + os.TempDir()}
}

// awaitAnswer waits until a health endpoint of the server is content.
func (s *Server) awaitAnswer(ctx context.Context, path string, exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx, "http://"+s.Host+path) {
			return nil
		}
		select {
		case <-exited:
			return errors.New("the server ended before it was ready")
		case <-ctx.Done():
			return errors.New("the server is not ready in time")
		case <-tick.C:
		}
	}
}

// oneShot is a client that keeps no connection.
var oneShot = http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}

func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := oneShot.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// endProcess asks a process to end and kills it where it does not.
func endProcess(p *os.Process, exited <-chan struct{}) {
	// Both signals fail only for a process that is gone.
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-exited:
	case <-time.After(3 * time.Second):
		_ = p.Kill()
		<-exited
	}
}

// twoFreePorts asks the kernel for ports; another process may take them in between, which the start of
// the server then reports.
func twoFreePorts() (int, int, error) {
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, fmt.Errorf("badinput: %v", err)
	}
	defer a.Close()
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, fmt.Errorf("badinput: %v", err)
	}
	defer b.Close()
	return a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port, nil
}

// logFile keeps what a process writes. Safe for concurrent use.
type logFile struct {
	mu   sync.Mutex
	text []byte
}

// Write appends to the log.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *logFile) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.text)
}

// from copies the log from an offset on.
func (l *logFile) from(offset int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]byte(nil), l.text[offset:]...)
}
