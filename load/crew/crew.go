package crew

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/load"
)

// Worker is a running worker: what is written to it are orders, what is read are sayings (load.Serve). Close
// ends it.
type Worker interface {
	io.ReadWriteCloser
	// CPU is the processor time that it used so far; 0 if that is not known.
	CPU() time.Duration
}

// Launcher starts worker number n.
type Launcher func(ctx context.Context, n int) (Worker, error)

// crew is a set of workers that obey together.
type crew struct {
	workers []Worker
	out     []*json.Encoder
	heard   chan heard
	merge   merger
	onPoint func(Second)
	readers sync.WaitGroup
}

type heard struct {
	worker int
	saying load.Saying
	err    error
}

// maxDialing is how many set-ups are under way at a time, of all workers. A machine that is slow to set up sessions
// then makes them late, which is measured, and does not let each wait behind thousands until its time is over.
const maxDialing = 512

// launch starts all workers and gives them their options.
func launch(ctx context.Context, start Launcher, opts load.Options, p Plan, onPoint func(Second)) (*crew, error) {
	c := &crew{heard: make(chan heard, 64), onPoint: onPoint, merge: newMerger(p.Workers())}
	for n := range p.Workers() {
		w, err := start(ctx, n)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("crew: start worker %d of %d: %w", n+1, p.Workers(), err)
		}
		c.workers = append(c.workers, w)
		c.out = append(c.out, json.NewEncoder(w))
		c.readers.Go(func() { c.listen(n, w) })
	}
	_, err := c.order(ctx, func(n int) load.Order {
		o := opts
		o.Sources = p.Sources[n]
		if o.Conns > 0 {
			o.Conns = max(share(o.Conns, n, p.Workers()), 1)
		}
		o.Dialing = max(share(maxDialing, n, p.Workers()), 1)
		return load.Order{Options: &o}
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// listen hands on what a worker says, until it ends.
func (c *crew) listen(n int, w io.Reader) {
	d := json.NewDecoder(w)
	for {
		var s load.Saying
		err := d.Decode(&s)
		c.heard <- heard{n, s, err}
		if err != nil {
			return
		}
	}
}

// close ends every worker and waits for their last words.
func (c *crew) close() {
	for _, w := range c.workers {
		_ = w.Close()
	}
	done := make(chan struct{})
	go func() {
		c.readers.Wait()
		close(done)
	}()
	for {
		select {
		case <-c.heard:
		case <-done:
			return
		}
	}
}

// order gives each worker an order and returns what they say when it is done.
func (c *crew) order(ctx context.Context, of func(n int) load.Order) ([]load.Saying, error) {
	for n, out := range c.out {
		if err := out.Encode(of(n)); err != nil {
			return nil, fmt.Errorf("crew: worker %d does not listen: %w", n+1, err)
		}
	}
	answers := make([]load.Saying, len(c.out))
	for missing := len(c.out); missing > 0; {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case h := <-c.heard:
			switch {
			case errors.Is(h.err, io.EOF):
				return nil, fmt.Errorf("crew: worker %d ended", h.worker+1)
			case h.err != nil:
				return nil, fmt.Errorf("crew: worker %d: %w", h.worker+1, h.err)
			case h.saying.Error != "":
				return nil, fmt.Errorf("crew: worker %d: %s", h.worker+1, h.saying.Error)
			case h.saying.Point != nil:
				for _, p := range c.merge.add(h.worker, *h.saying.Point) {
					c.onPoint(secondOf(p))
				}
			default:
				answers[h.worker] = h.saying
				missing--
			}
		}
	}
	return answers, nil
}

// startSoon is when an order begins for all workers alike.
const startSoon = 50 * time.Millisecond

func (c *crew) share(n int, begin time.Time) load.Share {
	return load.Share{Part: n, Parts: len(c.workers), Start: begin.UnixNano()}
}

// connect makes all workers have sessions.
func (c *crew) connect(ctx context.Context, p Phase) (load.ConnectResult, error) {
	begin := time.Now().Add(startSoon)
	said, err := c.order(ctx, func(n int) load.Order {
		return load.Order{Connect: &load.Connect{
			Share: c.share(n, begin), Sessions: share(p.Sessions, n, len(c.workers)), Rate: p.ConnectRate, Limit: p.Within,
		}}
	})
	var all load.ConnectResult
	for _, s := range said {
		if s.Connected != nil {
			all.Merge(*s.Connected)
		}
	}
	return all, err
}

// load makes all workers call.
func (c *crew) load(ctx context.Context, p Phase, mix string, begin time.Time) (load.LoadResult, error) {
	said, err := c.order(ctx, func(n int) load.Order {
		return load.Order{Load: &load.Load{
			Share: c.share(n, begin), Rate: p.Rate, Warmup: p.Warmup, Duration: p.Duration, Mix: mix, Churn: p.Churn, Reconnect: p.Reconnect,
		}}
	})
	var all load.LoadResult
	for _, s := range said {
		if s.Loaded != nil {
			all.Merge(*s.Loaded)
		}
	}
	return all, err
}

// cpu is the processor time of all workers.
func (c *crew) cpu() time.Duration {
	sum := time.Duration(0)
	for _, w := range c.workers {
		sum += w.CPU()
	}
	return sum
}

// merger joins the points of workers by second.
type merger struct {
	sessions []int // that each worker told last; a second that misses a worker's word has these
	seconds  map[int64]*pending
	last     int64 // the latest second that was handed out
}

type pending struct {
	point load.Point
	from  int
}

func newMerger(workers int) merger {
	return merger{sessions: make([]int, workers), seconds: map[int64]*pending{}}
}

// patience is how many seconds a point waits for a worker that is late.
const patience = 3

// add takes a point and returns the seconds that are complete, in order.
func (m *merger) add(worker int, p load.Point) []load.Point {
	m.sessions[worker] = p.Sessions
	if p.Second <= m.last {
		return nil // too late to be told; the results of the phase have it
	}
	e := m.seconds[p.Second]
	if e == nil {
		e = &pending{point: load.Point{Second: p.Second}}
		m.seconds[p.Second] = e
	}
	e.point.Merge(p)
	e.from++
	var out []load.Point
	for second := m.oldest(); second != 0; second = m.oldest() {
		e := m.seconds[second]
		if e.from < len(m.sessions) && p.Second-second < patience {
			break
		}
		delete(m.seconds, second)
		m.last = second
		e.point.Sessions = 0
		for _, n := range m.sessions {
			e.point.Sessions += n
		}
		out = append(out, e.point)
	}
	return out
}

func (m *merger) oldest() int64 {
	oldest := int64(0)
	for s := range m.seconds {
		if oldest == 0 || s < oldest {
			oldest = s
		}
	}
	return oldest
}
