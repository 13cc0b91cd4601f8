package clustering

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// world is the network that nodes live in. Hosts are numbered from 1.
type world struct {
	isolated bool // each host is a network namespace, and links can be cut
	base     string
	prefix   string // of namespaces and links
	hosts    int
	filter   *filter
}

// filter drops packets in a namespace.
type filter struct {
	setup, drop, clear string // arguments behind `ip netns exec NAME`; drop has one %s for the source
}

var filters = map[string]*filter{
	"nft": {
		setup: "nft add table ip cuts ; add chain ip cuts in { type filter hook input priority 0 ; }",
		drop:  "nft add rule ip cuts in ip saddr %s drop",
		clear: "nft flush chain ip cuts in",
	},
	"iptables": {
		drop:  "iptables -w -I INPUT -s %s -j DROP",
		clear: "iptables -w -F INPUT",
	},
}

// worlds counts the networks of this process, which are made one at a time, so that each gets addresses of its own.
var worlds struct {
	sync.Mutex
	count int
}

// newWorld makes a network of n hosts that goes when the test ends.
func newWorld(t *testing.T, n int) *world {
	t.Helper()
	worlds.Lock()
	defer worlds.Unlock()
	worlds.count++
	w := &world{hosts: n, prefix: fmt.Sprintf("ec%dx%d", os.Getpid(), worlds.count)}
	t.Cleanup(w.remove)
	if why := w.isolate(); why != nil {
		w.remove()
		w = loopback(t, n)
		t.Logf("nodes share the loopback network: %v", why)
	}
	return w
}

// loopback is a network of n addresses of the loopback interface. It skips the test where there are none.
func loopback(t *testing.T, n int) *world {
	t.Helper()
	w := &world{hosts: n, base: fmt.Sprintf("127.0.%d.", 16+(os.Getpid()+worlds.count)%200)}
	l, err := net.Listen("tcp", w.host(n)+":0")
	if err != nil {
		t.Skipf("SKIP: no loopback addresses beside 127.0.0.1: %v", err)
	}
	_ = l.Close() // it was to see whether the address is there
	return w
}

// host is the address of host i.
func (w *world) host(i int) string { return w.base + strconv.Itoa(i) }

// command makes a command that runs on host i.
func (w *world) command(i int, argv ...string) *exec.Cmd {
	if w.isolated {
		argv = append([]string{"ip", "netns", "exec", w.space(i)}, argv...)
	}
	return exec.Command(argv[0], argv[1:]...)
}

func (w *world) space(i int) string { return fmt.Sprintf("%sn%d", w.prefix, i) }

// needCuts skips a test that cuts links where that is impossible.
func (w *world) needCuts(t *testing.T) {
	t.Helper()
	if w.filter == nil {
		t.Skip("SKIP: links can be cut between network namespaces only (Linux, root, ip, nft or iptables)")
	}
}

// cut drops what from sends to to.
func (w *world) cut(from, to int) error {
	return run(append([]string{"ip", "netns", "exec", w.space(to)}, strings.Fields(fmt.Sprintf(w.filter.drop, w.host(from)))...)...)
}

// part cuts every link between the two sides, both ways.
func (w *world) part(one, other []int) error {
	for _, a := range one {
		for _, b := range other {
			if err := errors.Join(w.cut(a, b), w.cut(b, a)); err != nil {
				return err
			}
		}
	}
	return nil
}

// heal ends all cuts.
func (w *world) heal() error {
	var all error
	for i := 1; i <= w.hosts; i++ {
		all = errors.Join(all, run(append([]string{"ip", "netns", "exec", w.space(i)}, strings.Fields(w.filter.clear)...)...))
	}
	return all
}

// isolate makes a namespace for each host and one for the bridge between them: firewall rules of the
// machine do not reach into it. The test has a link to the bridge of its own.
func (w *world) isolate() error {
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return err
	}
	if w.base = freeNetwork(); w.base == "" {
		return errors.New("no private network is free")
	}
	hub := w.prefix + "hub"
	steps := []string{
		"ip netns add " + hub,
		"ip -n " + hub + " link add bridge type bridge",
		"ip -n " + hub + " link set bridge up",
		fmt.Sprintf("ip link add %sd type veth peer name test netns %s", w.prefix, hub),
		"ip -n " + hub + " link set test master bridge up",
		fmt.Sprintf("ip addr add %s254/24 dev %sd", w.base, w.prefix),
		fmt.Sprintf("ip link set %sd up", w.prefix),
	}
	for i := 1; i <= w.hosts; i++ {
		space := w.space(i)
		steps = append(steps,
			"ip netns add "+space,
			fmt.Sprintf("ip -n %s link add eth0 type veth peer name n%d netns %s", space, i, hub),
			fmt.Sprintf("ip -n %s link set n%d master bridge up", hub, i),
			fmt.Sprintf("ip -n %s addr add %s/24 dev eth0", space, w.host(i)),
			fmt.Sprintf("ip -n %s link set eth0 up", space),
			fmt.Sprintf("ip -n %s link set lo up", space),
		)
	}
	for _, s := range steps {
		if err := run(strings.Fields(s)...); err != nil {
			return err
		}
	}
	w.isolated = true
	w.filter = w.findFilter()
	return nil
}

// findFilter prepares the first filter that works on all hosts; nil if none does.
func (w *world) findFilter() *filter {
next:
	for _, name := range []string{"nft", "iptables"} {
		f := filters[name]
		for i := 1; i <= w.hosts; i++ {
			var err error
			if f.setup != "" {
				err = run(append([]string{"ip", "netns", "exec", w.space(i)}, strings.Fields(f.setup)...)...)
			}
			if err == nil {
				err = run(append([]string{"ip", "netns", "exec", w.space(i)}, strings.Fields(f.clear)...)...)
			}
			if err != nil {
				continue next
			}
		}
		return f
	}
	return nil
}

// remove takes away what isolate has made; links go with their namespaces.
func (w *world) remove() {
	if os.Geteuid() != 0 {
		return
	}
	for i := 1; i <= w.hosts; i++ {
		_ = run("ip", "netns", "del", w.space(i)) // it may not exist
	}
	_ = run("ip", "link", "del", w.prefix+"d")
	_ = run("ip", "netns", "del", w.prefix+"hub")
}

// freeNetwork is the beginning of a private /24 that no interface of the machine is in.
func freeNetwork() string {
	used, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
next:
	for i := range 200 {
		base := fmt.Sprintf("10.213.%d.", 20+(os.Getpid()+i)%200)
		for _, a := range used {
			if n, ok := a.(*net.IPNet); ok && n.Contains(net.ParseIP(base+"1")) {
				continue next
			}
		}
		return base
	}
	return ""
}

// run runs a program to its end; an error has what it said.
func run(argv ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// sweep removes the networks of test processes that are gone.
func sweep() {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return
	}
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		digits, found := strings.CutPrefix(name, "ec")
		if !found {
			continue
		}
		end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			continue
		}
		pid, err := strconv.Atoi(digits[:end])
		if err == nil && syscall.Kill(pid, 0) != nil {
			_ = run("ip", "netns", "del", name) // another test may sweep, too
		}
	}
}
