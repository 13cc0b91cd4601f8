package cluster

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// counterLog is what the grains of a test do, over all nodes.
type counterLog struct {
	mu      sync.Mutex
	running map[string]uint64 // name of the node: token
	tokens  []uint64
	stopped int
}

// counter is a singleton that counts its requests.
type counter struct {
	log   *counterLog
	node  string
	token uint64
	n     int64
}

func (c *counter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.log.mu.Lock()
		defer c.log.mu.Unlock()
		c.log.running[c.node] = c.token
		c.log.tokens = append(c.log.tokens, c.token)
	case *actor.Stopped:
		c.log.mu.Lock()
		defer c.log.mu.Unlock()
		delete(c.log.running, c.node)
		c.log.stopped++
	case *wrapperspb.Int64Value:
		if m.Value < 0 {
			panic("negative")
		}
		c.n += m.Value
		ctx.Respond(wrapperspb.Int64(c.n))
	}
}

func (c *testNet) startCounters(log *counterLog) []*testNode {
	nodes := make([]*testNode, c.size)
	for i := range nodes {
		nodes[i] = c.startWith(i+1, func(n *Node) {
			n.ServeGrains("counter", func(_ string, token uint64) actor.Actor {
				return &counter{log: log, node: n.opt.Name, token: token}
			})
		})
	}
	return nodes
}

func count(n *testNode, by int64) (int64, error) {
	reply, err := n.protoCluster().Request("one", "counter", wrapperspb.Int64(by), protocluster.WithTimeout(10*time.Second))
	if err != nil {
		return 0, err
	}
	return reply.(*wrapperspb.Int64Value).Value, nil
}

func TestGrainIsOneInCluster(t *testing.T) {
	log := &counterLog{running: map[string]uint64{}}
	c := newTestNet(t, 3)
	nodes := c.startCounters(log)
	meshed(t, nodes...)
	for i, n := range nodes {
		if got, err := count(n, 1); err != nil || got != int64(i+1) {
			t.Fatalf("request %d: got %d, %v", i, got, err)
		}
	}
	if _, err := count(nodes[0], -1); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("panicking grain: got error %v", err)
	}
	testutil.Eventually(t, 5*time.Second, func() bool {
		got, err := count(nodes[1], 1)
		return err == nil && got == 1 // a new instance
	})
	log.mu.Lock()
	var owner, other *testNode
	for _, n := range nodes {
		if log.running[n.opt.Name] != 0 {
			owner = n
		} else {
			other = n
		}
	}
	log.mu.Unlock()
	owner.kill(t)
	began := time.Now()
	testutil.Eventually(t, 20*time.Second, func() bool {
		got, err := count(other, 1)
		return err == nil && got == 1
	})
	t.Logf("answered elsewhere after %v", time.Since(began))
	log.mu.Lock()
	defer log.mu.Unlock()
	for i, token := range log.tokens {
		if i > 0 && token <= log.tokens[i-1] {
			t.Errorf("tokens %v do not grow", log.tokens)
		}
	}
}

func TestGrainStopsWithoutMajority(t *testing.T) {
	log := &counterLog{running: map[string]uint64{}}
	c := newTestNet(t, 3)
	nodes := c.startCounters(log)
	meshed(t, nodes...)
	if _, err := count(nodes[0], 1); err != nil {
		t.Fatal(err)
	}
	log.mu.Lock()
	var rest []*testNode
	var owner *testNode
	for _, n := range nodes {
		if log.running[n.opt.Name] != 0 {
			owner = n
		} else {
			rest = append(rest, n)
		}
	}
	log.mu.Unlock()
	for _, n := range rest {
		n.kill(t)
	}
	testutil.Eventually(t, 20*time.Second, func() bool {
		log.mu.Lock()
		defer log.mu.Unlock()
		return log.stopped == 1
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	testutil.Eventually(t, 20*time.Second, func() bool {
		_, err := owner.RequestGrain(ctx, "counter", "one", wrapperspb.Int64(1))
		return errors.Is(err, ErrNoQuorum)
	})
}
