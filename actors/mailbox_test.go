package actors

import (
	"slices"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// recorder is an invoker that notes what it gets; on may post more or panic.
type recorder struct {
	got      []any
	failures []any
	on       func(message any)
}

func (r *recorder) InvokeSystemMessage(m any) { r.InvokeUserMessage(m) }

func (r *recorder) InvokeUserMessage(m any) {
	r.got = append(r.got, m)
	if r.on != nil {
		r.on(m)
	}
}

func (r *recorder) EscalateFailure(reason, _ any) { r.failures = append(r.failures, reason) }

func newRecorded() (*mailbox, *recorder) {
	m, r := &mailbox{}, &recorder{}
	m.RegisterHandlers(r, nil)
	return m, r
}

func TestMailboxRunsOnThePoster(t *testing.T) {
	m, r := newRecorded()
	m.PostUserMessage(1)
	if !slices.Equal(r.got, []any{1}) {
		t.Errorf("got %v, want 1 handled when post returns", r.got)
	}
}

func TestMailboxKeepsOrderAndPutsSystemMessagesFirst(t *testing.T) {
	m, r := newRecorded()
	r.on = func(message any) {
		if message == 1 { // busy: these wait
			m.PostUserMessage(2)
			m.PostUserMessage(3)
			m.PostSystemMessage("stop")
			if got := m.UserMessageCount(); got != 2 {
				t.Errorf("waiting: got %d, want 2", got)
			}
		}
	}
	m.PostUserMessage(1)
	if want := []any{1, "stop", 2, 3}; !slices.Equal(r.got, want) {
		t.Errorf("got %v, want %v", r.got, want)
	}
}

func TestMailboxGoesOnAfterAPanic(t *testing.T) {
	m, r := newRecorded()
	r.on = func(message any) {
		if message == 1 {
			m.PostUserMessage(2)
			panic("boom")
		}
	}
	m.PostUserMessage(1)
	if !slices.Equal(r.got, []any{1, 2}) || !slices.Equal(r.failures, []any{"boom"}) {
		t.Errorf("got %v, failures %v", r.got, r.failures)
	}
}

func TestMailboxSuspends(t *testing.T) {
	m, r := newRecorded()
	m.PostSystemMessage(&actor.SuspendMailbox{})
	m.PostUserMessage(1)
	m.PostSystemMessage("watch")
	if !slices.Equal(r.got, []any{"watch"}) {
		t.Errorf("suspended: got %v", r.got)
	}
	m.PostSystemMessage(&actor.ResumeMailbox{})
	if !slices.Equal(r.got, []any{"watch", 1}) {
		t.Errorf("resumed: got %v", r.got)
	}
}

// TestMailboxTurnsNeverOverlap posts from many goroutines; the recorder is not safe for concurrent use, so
// the race detector sees an overlap.
func TestMailboxTurnsNeverOverlap(t *testing.T) {
	m, r := newRecorded()
	const posters, each = 8, 1000
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range each {
				m.PostUserMessage(p*each + i)
			}
		})
	}
	wg.Wait()
	if len(r.got) != posters*each {
		t.Fatalf("got %d messages, want %d", len(r.got), posters*each)
	}
	last := make([]int, posters)
	for _, message := range r.got {
		n := message.(int)
		if p := n / each; n%each < last[p] {
			t.Fatalf("message %d of poster %d came late", n%each, p)
		} else {
			last[p] = n % each
		}
	}
}

func TestMailboxIdleCostsNothing(t *testing.T) {
	m, r := newRecorded()
	message := &changed{}
	r.got = make([]any, 0, 10_000)
	if n := testing.AllocsPerRun(1000, func() { m.PostUserMessage(message) }); n != 0 {
		t.Errorf("got %v allocations a message, want 0", n)
	}
}

func BenchmarkMailbox(b *testing.B) {
	m := &mailbox{}
	m.RegisterHandlers(discard{}, nil)
	message := &changed{}
	b.ReportAllocs()
	for b.Loop() {
		m.PostUserMessage(message)
	}
}

type discard struct{}

func (discard) InvokeSystemMessage(any)  {}
func (discard) InvokeUserMessage(any)    {}
func (discard) EscalateFailure(any, any) {}
