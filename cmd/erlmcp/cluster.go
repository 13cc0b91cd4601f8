package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/config"
)

// maxNodes is how many nodes one command runs.
const maxNodes = 16

// clusterFlags are the flags of the command cluster beside those of the configuration.
type clusterFlags struct {
	nodes int
	base  string
	quiet bool
}

func (p *program) clusterCommand() *cobra.Command {
	var f clusterFlags
	cmd := &cobra.Command{
		Use:     "cluster",
		GroupID: groupRun,
		Short:   "Run several nodes on loopback as one cluster",
		Long: `Runs nodes as processes of this program, node1 on 127.0.0.1, node2 on 127.0.0.2 and so on, each
with the same ports and with demo tools. When all see each other it prints where they are, then
follows their logs on standard error until Ctrl-C or SIGTERM, which ends all of them in order.

Without a cookie in the configuration it makes one for this run. Flags of the configuration are
passed on to each node. A node that ends at the start ends the others, status 1. A node that fails
later is started again in its place; at the fourth time within 120 s all end, status 1. One that was
told to stop (SIGTERM) stays away.`,
		Example: `  erlmcp cluster --nodes 4
  erlmcp cluster --nodes 3 --http-port 9000 --quiet
  erlmcp nodes --node-name node1@127.0.0.1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			plan, err := newPlan(cmd, c, f, p.environ)
			if err != nil {
				return err
			}
			return p.runCluster(c, plan, f.quiet)
		},
	}
	cmd.Flags().IntVar(&f.nodes, "nodes", 4, "number of nodes, 1 to "+strconv.Itoa(maxNodes))
	cmd.Flags().StringVar(&f.base, "base-address", "127.0.0.1", "address of the first node; the others have those that follow it")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "do not print the logs of the nodes")
	addSources(cmd)
	for _, name := range ownFlags {
		cmd.Flags().Lookup(name).Hidden = true // refused
	}
	return cmd
}

// ownFlags are the flags that this command gives each node, so that they cannot be given for all.
var ownFlags = []string{
	"node-name", "http-listen", "cluster-enabled", "cluster-listen", "cluster-advertise", "cluster-seeds", "cluster-expected",
	"admin-socket", "admin-listen", "metrics-listen",
}

// plan is what the nodes of one cluster are started with.
type plan struct {
	places  []place
	environ []string // of every node
	args    []string // of every node
	cookie  bool     // it was made for this run
	grace   time.Duration
}

// place is one node of a plan.
type place struct {
	label   string // node1
	name    string // node1@127.0.0.1
	address string // host:port of its HTTP listener
	socket  string // path of its control socket
	args    []string
}

// newPlan makes the plan that flags and configuration describe. Errors are of usage.
func newPlan(cmd *cobra.Command, c *config.Config, f clusterFlags, environ []string) (*plan, error) {
	if f.nodes < 1 || f.nodes > maxNodes {
		return nil, fail(exitUsage, "--nodes is %d, want 1 to %d", f.nodes, maxNodes)
	}
	addresses, err := loopbackRun(f.base, f.nodes)
	if err != nil {
		return nil, err
	}
	given := config.Flags(cmd.Flags())
	for _, name := range ownFlags {
		if _, ok := given[name]; ok {
			return nil, fail(exitUsage, "--%s: erlmcp cluster gives each node its own", name)
		}
	}
	if c.Admin.Listen != "" || c.Metrics.Listen != "" {
		return nil, fail(exitUsage, "admin.listen and metrics.listen are one address, which %d nodes cannot share", f.nodes)
	}
	pl := &plan{environ: environ, grace: c.Drain.Timeout + c.Drain.Spread + killMargin}
	if c.Cluster.Cookie.Reveal() == "" {
		pl.environ, pl.cookie = withCookie(environ, rand.Text()+rand.Text()), true
	}
	pl.args = []string{"foreground", "--node-demo"}
	for _, name := range []string{"config", "vm-args"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			pl.args = append(pl.args, "--"+name+"="+flag.Value.String())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "node-demo" {
			pl.args = append(pl.args, "--"+name+"="+given[name])
		}
	}
	pl.addPlaces(c, addresses, environ)
	return pl, nil
}

// addPlaces gives each address a node.
func (pl *plan) addPlaces(c *config.Config, addresses []string, environ []string) {
	var seeds []string
	for i, a := range addresses {
		label := "node" + strconv.Itoa(i+1)
		seeds = append(seeds, label+"@"+a)
	}
	for i, a := range addresses {
		p := place{
			label: "node" + strconv.Itoa(i+1), name: seeds[i],
			address: a + ":" + strconv.Itoa(c.HTTP.Port), socket: config.SocketPath(environ, seeds[i]),
		}
		p.args = []string{
			"--node-name=" + p.name, "--http-listen=" + a, "--cluster-listen=" + a, "--cluster-advertise=" + a,
			"--cluster-enabled", "--cluster-seeds=" + strings.Join(seeds, ","), "--cluster-expected=" + strconv.Itoa(len(addresses)),
			"--admin-socket=" + p.socket,
		}
		pl.places = append(pl.places, p)
	}
}

// loopbackRun is n addresses from base on, all of this machine only.
func loopbackRun(base string, n int) ([]string, error) {
	a, err := netip.ParseAddr(base)
	if err != nil || !a.Is4() || !a.IsLoopback() {
		return nil, fail(exitUsage, "--base-address is %.60q, want an IPv4 address of loopback such as 127.0.0.1; the nodes serve this machine only", base)
	}
	var out []string
	for range n {
		if !a.IsLoopback() || a == netip.AddrFrom4([4]byte{127, 255, 255, 255}) {
			return nil, fail(exitUsage, "--base-address %s leaves no room for %d nodes", base, n)
		}
		out = append(out, a.String())
		a = a.Next()
	}
	return out, nil
}

// withCookie is an environment with this cookie and no other source of one.
func withCookie(environ []string, cookie string) []string {
	var out []string
	for _, e := range environ {
		switch name, _, _ := strings.Cut(e, "="); name {
		case "ERLANG_COOKIE", "ERLANG_COOKIE_FILE", "ERLMCP_CLUSTER_COOKIE", "ERLMCP_CLUSTER_COOKIE_FILE":
		default:
			out = append(out, e)
		}
	}
	return append(out, "ERLANG_COOKIE="+cookie)
}

// runCluster runs the nodes of a plan until a signal ends them, or the last one has ended.
func (p *program) runCluster(c *config.Config, pl *plan, quiet bool) error {
	// The kernel ends the nodes when the thread that started them does, so that thread has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signal.Ignore(syscall.SIGPIPE) // a reader of logs that goes away does not end the nodes
	binary, err := os.Executable()
	if err != nil {
		return fail(exitFailed, "where is this program: %w", err)
	}
	if c.Log.Format == "auto" && p.terminal {
		pl.args = append(pl.args, "--log-format=text") // the nodes write to a pipe, which ends here
	}
	ctx, stop := watchSignals(newLogger(p.stderr, p.terminal, c.Log), nil)
	defer stop()
	f := newFleet(binary, pl, p.stderr, quiet)
	defer f.stop()
	begun := time.Now()
	if err := f.start(); err != nil {
		return err
	}
	err = f.awaitMesh(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	if err := p.writePlaces(c, f, time.Since(begun)); err != nil {
		return fail(exitFailed, "write where the nodes are: %w", err)
	}
	return f.follow(ctx)
}

// writePlaces prints where the nodes are and what to try.
func (p *program) writePlaces(c *config.Config, f *fleet, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, fully meshed after %.2f s\n\n", count(len(f.children)), took.Seconds())
	for _, ch := range f.children {
		base := ch.place.address + c.HTTP.Path
		fmt.Fprintf(&b, "  %-18s http://%s   ws://%s/ws   pid %d\n", ch.place.name, base, base, ch.pid())
	}
	first, last := f.children[0], f.children[len(f.children)-1]
	fmt.Fprintf(&b, "\nNext:\n\n  %[1]s nodes --node-name %[2]s\n  %[1]s eval --node-name %[2]s \"nodes().\"\n", shellWord(p.name), first.place.name)
	fmt.Fprintf(&b, "  claude mcp add --transport http erlmcp http://%s%s\n", first.place.address, c.HTTP.Path)
	if first != last {
		fmt.Fprintf(&b, "  kill -9 %d    # the sessions of %s go on elsewhere\n", last.pid(), last.place.label)
	}
	b.WriteString("\nCtrl-C drains and ends all of them.\n\n")
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

func count(n int) string {
	if n == 1 {
		return "1 node"
	}
	return strconv.Itoa(n) + " nodes"
}
