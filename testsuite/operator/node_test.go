package operator

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/load"
)

const root = "../.."

// program is the built program.
var program string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "operator")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "erlmcp")
	if out, err := exec.Command("go", "build", "-o", program, root+"/cmd/erlmcp").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// node is a node in a process of its own.
type node struct {
	tb      testing.TB
	socket  string
	addr    netip.AddrPort
	process *os.Process
}

// start runs a node alone with the demo tools until the test ends.
func start(tb testing.TB) *node {
	tb.Helper()
	n := launch(tb, nil, freePort(tb), "demo@127.0.0.1")
	n.await("ping", "pong")
	return n
}

// startPair runs two nodes of one cluster, node1 and node2, until the test ends, and returns node1.
func startPair(tb testing.TB) *node {
	tb.Helper()
	host := func(i int) string { return fmt.Sprintf("127.83.%d.%d", os.Getpid()%256, i) }
	if l, err := net.Listen("tcp", host(2)+":0"); err != nil {
		tb.Skipf("SKIP: no loopback addresses beside 127.0.0.1: %v", err)
	} else {
		l.Close()
	}
	names := []string{"node1@" + host(1), "node2@" + host(2)}
	environ := append(os.Environ(), "ERLMCP_CLUSTER_COOKIE="+rand.Text()+rand.Text())
	var pair []*node
	for i, name := range names {
		pair = append(pair, launch(tb, environ, netip.MustParseAddrPort(host(i+1)+":8080"), name,
			"--cluster-seeds", strings.Join(names, ","), "--cluster-expected", "2"))
	}
	for i, n := range pair {
		n.await("eval", "['"+names[1-i]+"']", "nodes().")
	}
	return pair[0]
}

// launch starts the process of a node; environ is its environment, nil for that of the test.
func launch(tb testing.TB, environ []string, addr netip.AddrPort, name string, flags ...string) *node {
	tb.Helper()
	n := &node{tb: tb, socket: filepath.Join(tb.TempDir(), "node.sock"), addr: addr}
	cmd := exec.Command(program, append([]string{"foreground", "--node-demo", "--node-name", name, "--http-listen", addr.Addr().String(),
		"--http-port", fmt.Sprint(addr.Port()), "--admin-socket", n.socket, "--log-level", "error", "--drain-spread", "0s"}, flags...)...)
	cmd.Env, cmd.Stderr = environ, os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	n.process = cmd.Process
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the node ended with %v", err)
		}
	})
	return n
}

// await runs a command until it prints want.
func (n *node) await(command, want string, words ...string) {
	n.tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) { //lint:sleep another process comes up
		out, err := n.command(append([]string{command}, words...)...)
		if err == nil && flat(out) == want {
			return
		} else if time.Now().After(deadline) {
			n.tb.Fatalf("%s %q: got %s %v, want %s", command, words, out, err, want)
		}
	}
}

func freePort(tb testing.TB) netip.AddrPort {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String())
}

// command runs the program against the node and returns what it printed on standard output, or else on standard error.
func (n *node) command(words ...string) (string, error) {
	args := append([]string{words[0], "--admin-socket", n.socket}, words[1:]...)
	out, err := exec.Command(program, args...).Output()
	if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Output gives it
		return string(failed.Stderr), err
	}
	return string(out), err
}

// console types text at a remote console without a terminal and returns all that it prints.
func (n *node) console(text string) (string, error) {
	cmd := exec.Command(program, "remote_console", "--admin-socket", n.socket)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// eval is the value of an expression as erlmcp eval prints it, without blanks.
func (n *node) eval(expression string) string {
	n.tb.Helper()
	out, err := n.command("eval", expression)
	if err != nil {
		n.tb.Fatalf("%s: %s %v", expression, out, err)
	}
	return flat(out)
}

func flat(text string) string { return strings.Join(strings.Fields(text), "") }

// clients opens WebSocket sessions that stay until the test ends.
func (n *node) clients(sessions int) *load.Fleet {
	n.tb.Helper()
	fleet, err := load.NewFleet(load.Options{Targets: []load.Target{{Name: "node", Addr: n.addr}}})
	if err != nil {
		n.tb.Fatal(err)
	}
	n.tb.Cleanup(fleet.Close)
	if r, err := fleet.Connect(context.Background(), load.Connect{Sessions: sessions}); err != nil || r.Ready != sessions {
		n.tb.Fatalf("got %d sessions of %d, %v", r.Ready, sessions, err)
	}
	return fleet
}
