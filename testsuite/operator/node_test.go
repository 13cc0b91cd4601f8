package operator

import (
	"context"
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

// node is a node in a process of its own, and the program that asks it.
type node struct {
	tb      testing.TB
	program string
	socket  string
	addr    netip.AddrPort
	process *os.Process
}

// start builds the program and runs a node with the demo tools until the test ends.
func start(tb testing.TB) *node {
	tb.Helper()
	dir := tb.TempDir()
	n := &node{tb: tb, program: filepath.Join(dir, "erlmcp"), socket: filepath.Join(dir, "node.sock"), addr: freePort(tb)}
	if out, err := exec.Command("go", "build", "-o", n.program, root+"/cmd/erlmcp").CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(n.program, "foreground", "--node-demo", "--node-name", "demo@127.0.0.1",
		"--http-port", fmt.Sprint(n.addr.Port()), "--admin-socket", n.socket, "--log-level", "error", "--drain-spread", "0s")
	cmd.Stderr = os.Stderr
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
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) { //lint:sleep another process comes up
		if out, err := n.command("ping"); err == nil && out == "pong\n" {
			return n
		} else if time.Now().After(deadline) {
			tb.Fatalf("the node does not answer: %s %v", out, err)
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
	out, err := exec.Command(n.program, args...).Output()
	if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Output gives it
		return string(failed.Stderr), err
	}
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
