package transporttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// Harness describes a medium to the kit.
type Harness struct {
	// Mode is the mode of the connections that Dial makes.
	Mode transport.Mode
	// Listen makes a listener that is not serving yet. grace is how long its connections may stay after
	// Serve's context has ended.
	Listen func(t testing.TB, l transport.Limits, grace time.Duration) Medium
	// Single says that a listener has one connection in its life (stdio): Serve ends with it, and returns
	// the error that refused it.
	Single bool
	// SkipsTooLarge says that a text over the limit is answered with an error, and the connection goes on,
	// instead of being closed with ReasonTooLarge.
	SkipsTooLarge bool
	// Skip names rules that the medium does not keep, with the reason.
	Skip map[string]string
}

// Medium is a listener and the way to it.
type Medium struct {
	Listener transport.Listener
	// Dial makes a client. It waits for the listener to listen, at most until ctx ends.
	Dial func(ctx context.Context) (Client, error)
}

// Client is the far side of one connection. Send and Recv may be called concurrently with each other and
// with Close.
type Client interface {
	// Send sends one whole text. It may fail once the connection has ended.
	Send(text []byte) error
	// Recv returns the next whole text, an error once the connection has ended, or the cause of ctx.
	Recv(ctx context.Context) ([]byte, error)
	// Close goes away without a word and frees what the client holds. It may be called again.
	Close() error
}

// rule is one test of the contract.
type rule struct {
	name  string
	modes []transport.Mode
	test  func(t *testing.T, k *kit)
}

var (
	anyMode  = []transport.Mode{transport.Duplex, transport.Exchange, transport.Stream}
	incoming = []transport.Mode{transport.Duplex, transport.Exchange}
	duplex   = []transport.Mode{transport.Duplex}
)

// rules is the contract. Names are stable: Harness.Skip refers to them.
var rules = []rule{
	{"FramesArriveInOrderAndWhole", anyMode, framesArriveInOrderAndWhole},
	{"QueuedFramesGoBeforeTheEnd", anyMode, queuedFramesGoBeforeTheEnd},
	{"WriteNeverBlocks", anyMode, writeNeverBlocks},
	{"WriteAfterTheEndFails", anyMode, writeAfterTheEndFails},
	{"TextsArriveInOrderAndOneByOne", incoming, textsArriveInOrderAndOneByOne},
	{"TextAtTheLimitArrives", incoming, textAtTheLimitArrives},
	{"TextOverTheLimitIsRefused", incoming, textOverTheLimitIsRefused},
	{"FirstReasonWins", anyMode, firstReasonWins},
	{"ClosedOnceWhateverHappens", anyMode, closedOnceWhateverHappens},
	{"ClosedAfterCloseInAccept", anyMode, closedAfterCloseInAccept},
	{"ClientThatGoesIsReported", anyMode, clientThatGoesIsReported},
	{"LastEndsTheConnection", []transport.Mode{transport.Exchange, transport.Stream}, lastEndsTheConnection},
	{"GoNeverRunsInsideReceive", incoming, goNeverRunsInsideReceive},
	{"GoDoesNotHoldUpReceive", duplex, goDoesNotHoldUpReceive},
	{"GoRunsToItsEnd", incoming, goRunsToItsEnd},
	{"BindShowsInInfo", anyMode, bindShowsInInfo},
	{"RefusedConnectionEnds", anyMode, refusedConnectionEnds},
	{"AdmitComesFirst", anyMode, admitComesFirst},
	{"ServeWaitsForOpenConnections", anyMode, serveWaitsForOpenConnections},
	{"ServeClosesAfterTheGracePeriod", anyMode, serveClosesAfterTheGracePeriod},
}

// Run runs each rule of the contract as a subtest. Not for parallel tests: it looks for goroutines left
// behind.
func Run(t *testing.T, h Harness) {
	for _, r := range rules {
		if !slices.Contains(r.modes, h.Mode) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			if why, ok := h.Skip[r.name]; ok {
				t.Skip(why)
			}
			r.test(t, &kit{t: t, h: h})
		})
	}
}
