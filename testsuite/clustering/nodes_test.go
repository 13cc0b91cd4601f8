package clustering

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// nodes is a cluster of processes.
type nodes struct {
	t      *testing.T
	world  *world
	dir    string
	cookie string
	seeds  string
	argv   func(n *node) []string // what runs on a host
	nodes  []*node                // nodes[i] is on host i; nodes[0] is nil
}

// node is a place in the cluster, and the process that runs there.
type node struct {
	host      int
	name      string
	addr      string // of its HTTP listener
	logs      string // path; all its processes write there
	mu        sync.Mutex
	command   *exec.Cmd
	ended     chan struct{} // closed when the process is gone
	status    error         // how it ended
	startedAt time.Time
}

// httpPort is where nodes serve clients.
const httpPort = "8080"

// newNodes makes a cluster of n daemons; none runs yet. extra are flags.
func newNodes(t *testing.T, n int, extra ...string) *nodes {
	t.Helper()
	binary := daemon(t)
	c := newCluster(t, newWorld(t, n))
	c.argv = func(n *node) []string {
		return append([]string{
			binary, "foreground", "--node-demo", "--node-name", n.name, "--http-listen", c.world.host(n.host), "--http-port", httpPort,
			"--http-allow-unauthenticated", "--admin-socket", filepath.Join(c.dir, fmt.Sprint(n.host, ".sock")), "--log-format", "json",
		}, extra...)
	}
	return c
}

// newFixtures makes a cluster of n nodes that are this test binary, see fixtureServer.
func newFixtures(t *testing.T, n int) *nodes {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := newCluster(t, newWorld(t, n))
	c.argv = func(*node) []string { return []string{binary} }
	return c
}

// newCluster makes a cluster whose programs are still to be named.
func newCluster(t *testing.T, w *world) *nodes {
	t.Helper()
	dir := os.Getenv("ERLMCP_CLUSTERING_LOGS")
	if dir == "" {
		dir = t.TempDir()
	} else {
		dir = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := &nodes{t: t, world: w, dir: dir, cookie: rand.Text() + rand.Text(), nodes: make([]*node, w.hosts+1)}
	var names []string
	for i := 1; i <= w.hosts; i++ {
		host := c.world.host(i)
		c.nodes[i] = &node{host: i, name: fmt.Sprintf("n%d@%s", i, host), addr: host + ":" + httpPort, logs: filepath.Join(dir, fmt.Sprintf("n%d.log", i))}
		_ = os.Remove(c.nodes[i].logs) // of an earlier run
		names = append(names, c.nodes[i].name)
	}
	c.seeds = strings.Join(names, ",")
	t.Cleanup(func() {
		c.stopAll()
		if t.Failed() {
			c.printLogs()
		}
	})
	return c
}

// start starts the node on host i.
func (c *nodes) start(i int) {
	c.t.Helper()
	if err := c.launch(c.nodes[i], c.argv(c.nodes[i])); err != nil {
		c.t.Fatal(err)
	}
}

// launch runs a program as a node.
func (c *nodes) launch(n *node, argv []string) error {
	log, err := os.OpenFile(n.logs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	command := c.world.command(n.host, argv...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = childOf()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ERLMCP_") && !strings.HasPrefix(v, "CLUSTER_NODES=") && !strings.HasPrefix(v, "ERLANG_COOKIE") {
			command.Env = append(command.Env, v)
		}
	}
	command.Env = append(command.Env, "ERLANG_COOKIE="+c.cookie, "CLUSTER_NODES="+c.seeds, "NODE_NAME="+n.name, fixtureVariable+"="+c.world.host(n.host))
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	n.command, n.ended, n.startedAt = command, ended, time.Now()
	go func() {
		err := command.Wait()
		n.mu.Lock()
		n.status = err
		n.mu.Unlock()
		close(ended)
	}()
	return nil
}

// signal sends a signal to the node on host i.
func (c *nodes) signal(i int, s syscall.Signal) {
	c.t.Helper()
	if err := c.nodes[i].process().Signal(s); err != nil {
		c.t.Fatalf("signal %s: %v", c.nodes[i].name, err)
	}
}

func (n *node) process() *os.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.command.Process
}

// gone is closed when the process of the node has ended.
func (n *node) gone() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ended
}

func (n *node) running() bool {
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	if ended == nil {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

// exit waits for the end of the process and returns how it ended.
func (c *nodes) exit(i int) error {
	c.t.Helper()
	n := c.nodes[i]
	select {
	case <-n.gone():
	case <-time.After(2 * patience):
		c.t.Fatalf("%s does not end", n.name)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.status
}

// kill ends the node on host i without warning.
func (c *nodes) kill(i int) {
	c.t.Helper()
	c.signal(i, syscall.SIGKILL)
	_ = c.exit(i) // by a signal
}

// stopAll kills what still runs.
func (c *nodes) stopAll() {
	for _, n := range c.nodes[1:] {
		if n.running() {
			_ = n.process().Kill() // it may end just now
			<-n.gone()
		}
	}
}

// all are the hosts.
func (c *nodes) all() []int { return c.except(0) }

// except are the hosts other than one.
func (c *nodes) except(one int) []int {
	var hosts []int
	for i := 1; i < len(c.nodes); i++ {
		if i != one {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// startAll starts every node and waits until they are meshed. It returns how long that took from the start
// of the last process.
func (c *nodes) startAll() time.Duration {
	c.t.Helper()
	for _, i := range c.all() {
		c.start(i)
	}
	return c.meshed(c.all()...)
}

// meshed waits until each of these nodes serves and sees just these, and returns how long that took.
func (c *nodes) meshed(hosts ...int) time.Duration {
	c.t.Helper()
	return eventually(c.t, fmt.Sprintf("meshed: %v", hosts), func() bool { return c.isMeshed(hosts...) })
}

func (c *nodes) isMeshed(hosts ...int) bool {
	for _, i := range hosts {
		if c.members(i) != len(hosts) {
			return false
		}
	}
	return true
}

// ready waits until these nodes are ready: from then on a death costs no session over HTTP.
func (c *nodes) ready(hosts ...int) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("ready: %v", hosts), func() bool {
		for _, i := range hosts {
			r, err := asking.Get("http://" + c.nodes[i].addr + "/readyz")
			if err != nil {
				return false
			}
			_ = r.Body.Close() // the status says all
			if r.StatusCode != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// members is how many members the node on host i sees; -1 if it does not say.
func (c *nodes) members(i int) int { return int(c.metric(i, "erlmcp_cluster_members")) }

// asking has no connections of its own, so that it does not count for the nodes.
var asking = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// metric is a metric of the node on host i; -1 if it does not say.
func (c *nodes) metric(i int, name string) float64 {
	r, err := asking.Get("http://" + c.nodes[i].addr + "/metrics")
	if err != nil {
		return -1
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return -1
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(text)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return -1
	}
	return v
}

// record is a line of a node's log.
type record struct {
	Node    string    `json:"node"`
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Message string    `json:"msg"`
	Peer    string    `json:"peer"`
	Session string    `json:"session"`
	Count   int       `json:"sessions"`
}

// logged are the lines of all nodes with this message since a moment, in the order of the nodes.
func (c *nodes) logged(message string, since time.Time) []record {
	var found []record
	for _, n := range c.nodes[1:] {
		n.each(func(r record) {
			if r.Message == message && !r.Time.Before(since) {
				found = append(found, r)
			}
		})
	}
	return found
}

// each reads the log of a node. Lines that are not JSON are left out.
func (n *node) each(f func(record)) {
	file, err := os.Open(n.logs)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			r.Node = n.name
			f(r)
		}
	}
}

// printLogs prints the last lines of each node but settings.
func (c *nodes) printLogs() {
	for _, n := range c.nodes[1:] {
		text, err := os.ReadFile(n.logs)
		if err != nil {
			continue
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, `"msg":"setting"`) && !strings.Contains(line, "session recovered") {
				lines = append(lines, line)
			}
		}
		c.t.Logf("log of %s ends with\n%s", n.name, strings.Join(lines[max(0, len(lines)-25):], ""))
	}
}

// patiently is a context for one step of a test.
func patiently(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
