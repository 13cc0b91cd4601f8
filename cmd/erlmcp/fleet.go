package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/erlmcp/erlmcp/admin"
)

const (
	// meshTimeout is what the nodes have to see each other.
	meshTimeout = 60 * time.Second
	// meshPause is the time between two looks at the views of the nodes.
	meshPause = 20 * time.Millisecond
	// killMargin is what a node may take beyond its drain before it is killed.
	killMargin = 15 * time.Second
	// restarts is how often a node that failed is started again within restartPeriod, as docker-compose.cluster.yml
	// has it.
	restarts      = 3
	restartPeriod = 120 * time.Second
)

// fleet is the processes of a cluster on this machine. Its methods are for one goroutine.
type fleet struct {
	plan     *plan
	binary   string
	out      *logSink
	quiet    bool
	children []*child
	ended    chan *child // each child once, when it has ended
}

func newFleet(binary string, pl *plan, logs io.Writer, quiet bool) *fleet {
	return &fleet{plan: pl, binary: binary, out: &logSink{to: logs}, quiet: quiet, ended: make(chan *child, len(pl.places))}
}

// start starts all processes, or ends those it has started.
func (f *fleet) start() error {
	width := len(f.plan.places[len(f.plan.places)-1].label)
	for _, pc := range f.plan.places {
		prefix := pc.label + strings.Repeat(" ", width-len(pc.label)) + " | "
		c, err := startChild(f.binary, f.plan, pc, newLogLines(f.out, prefix, f.quiet), f.ended)
		if err != nil {
			return fail(exitFailed, "start %s: %w", pc.name, err)
		}
		f.children = append(f.children, c)
	}
	return nil
}

// restart starts the node of a process that has failed again, in the same place. It is an error if that has been
// done too often; the node does not run then.
func (f *fleet) restart(c *child) error {
	at := slices.Index(f.children, c)
	now := time.Now()
	recent := slices.DeleteFunc(c.restarted, func(t time.Time) bool { return now.Sub(t) > restartPeriod })
	said := c.place.name + " has ended: " + c.outcome().Error()
	if len(recent) >= restarts {
		return fail(exitFailed, "%s; it was started again %d times within %v, so all nodes end", said, restarts, restartPeriod)
	}
	again, err := startChild(f.binary, f.plan, c.place, newLogLines(f.out, c.logs.prefix, f.quiet), f.ended)
	if err != nil {
		return fail(exitFailed, "%s; start it again: %w", said, err)
	}
	again.restarted = append(recent, now)
	f.children[at] = again
	f.out.line(fmt.Sprintf("erlmcp: %s; started again, pid %d", said, again.pid()))
	return nil
}

// awaitMesh waits until every node sees all of them. A node that ends meanwhile is an error, and so is the
// end of meshTimeout; that of ctx is no error.
func (f *fleet) awaitMesh(ctx context.Context) error {
	timeout := time.NewTimer(meshTimeout)
	defer timeout.Stop()
	tick := time.NewTicker(meshPause)
	defer tick.Stop()
	missing := f.plan.places
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-f.ended:
			return f.diedAtStart(c)
		case <-timeout.C:
			return fail(exitTimeout, "%s does not see all nodes after %v", missing[0].name, meshTimeout)
		case <-tick.C:
		}
		missing = slices.DeleteFunc(slices.Clone(missing), func(pc place) bool { return f.seesAll(ctx, pc) })
		if len(missing) > 0 {
			continue
		}
		if missing = slices.DeleteFunc(slices.Clone(f.plan.places), func(pc place) bool { return f.seesAll(ctx, pc) }); len(missing) == 0 {
			return nil
		}
	}
}

// seesAll asks a node whether exactly the nodes of the plan are in its view.
func (f *fleet) seesAll(ctx context.Context, pc place) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	view, err := admin.Client{Socket: pc.socket}.Nodes(ctx)
	if err != nil || view.Self != pc.name || len(view.Members) != len(f.plan.places) {
		return false
	}
	for _, m := range view.Members {
		if !slices.ContainsFunc(f.plan.places, func(pc place) bool { return pc.name == m.Name }) {
			return false
		}
	}
	return true
}

func (f *fleet) diedAtStart(c *child) error {
	tail := ""
	if f.quiet {
		tail = "; the end of its log:\n" + c.logs.tail()
	}
	return fail(exitFailed, "%s ended at its start: %v%s", c.place.name, c.outcome(), tail)
}

// follow starts nodes that fail again and tells of those that end otherwise, until ctx ends. It is an error if a
// node fails too often, or if all nodes have ended.
func (f *fleet) follow(ctx context.Context) error {
	for run := len(f.children); run > 0; {
		select {
		case <-ctx.Done():
			return nil
		case c := <-f.ended:
			if c.err == nil {
				f.out.line("erlmcp: " + c.place.name + " has ended: " + c.outcome().Error())
				run--
			} else if err := f.restart(c); err != nil {
				return err
			}
		}
	}
	return fail(exitFailed, "all nodes have ended")
}

// stop ends the processes: SIGTERM in order, so that they drain at the same time, and SIGKILL to those that
// have not ended after the grace of the plan. It returns when all have ended.
func (f *fleet) stop() {
	for _, c := range f.children {
		c.signal(syscall.SIGTERM)
	}
	var all sync.WaitGroup
	for _, c := range f.children {
		kill := time.AfterFunc(f.plan.grace, func() {
			f.out.line("erlmcp: " + c.place.name + " does not end, it is killed")
			c.signal(syscall.SIGKILL)
		})
		all.Go(func() {
			<-c.gone
			kill.Stop()
		})
	}
	all.Wait()
}

// errStatusZero is how a node ended that ended well.
var errStatusZero = errors.New("exit status 0")
