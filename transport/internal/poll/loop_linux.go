package poll

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Supported says whether this system has loops.
const Supported = true

// Loop waits for many connections with few goroutines. All methods may be called concurrently.
type Loop struct {
	options Options
	shards  []*shard
	next    atomic.Uint32
	start   time.Time
}

// New opens a loop. It starts no goroutine: Serve does, and must be called once, also to release the
// loop's descriptors.
func New(o Options) (*Loop, error) {
	o.Shards = cmp.Or(o.Shards, max(1, runtime.GOMAXPROCS(0)/2))
	o.Tick = cmp.Or(o.Tick, time.Second)
	o.OutgoingBytes = cmp.Or(o.OutgoingBytes, 1<<20)
	o.OutgoingFrames = cmp.Or(o.OutgoingFrames, 1000)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	l := &Loop{options: o, start: time.Now()}
	for range o.Shards {
		s, err := newShard(l)
		if err != nil {
			for _, s := range l.shards {
				s.shut()
			}
			return nil, fmt.Errorf("poll: open: %w", err)
		}
		l.shards = append(l.shards, s)
	}
	return l, nil
}

// Serve runs the loop until ctx ends, then ends what is still attached with ErrStopped. It returns
// when each Closed has returned.
func (l *Loop) Serve(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range l.shards {
		wg.Go(s.run)
	}
	<-ctx.Done()
	for _, s := range l.shards {
		s.shut()
	}
	wg.Wait()
}

// Prepare makes d, which must be zero, a connection of l without a socket: Write queues until Attach.
func (l *Loop) Prepare(d *Desc, h Handler) {
	d.shard = l.shards[int(l.next.Add(1))%len(l.shards)]
	d.handler = h
	d.fd = -1
	d.state = prepared
}

// Len is the number of attached connections.
func (l *Loop) Len() int {
	n := 0
	for _, s := range l.shards {
		n += s.len()
	}
	return n
}

// now is the loop's time in ms.
func (l *Loop) now() int64 { return time.Since(l.start).Milliseconds() }
