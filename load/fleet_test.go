//go:build linux

package load

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"
)

// testFleet connects a fleet of sessions to a server.
func testFleet(t *testing.T, opts Options, sessions int) *Fleet {
	t.Helper()
	if opts.Grace == 0 {
		opts.Grace = 5 * time.Second
	}
	f, err := NewFleet(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	r, err := f.Connect(context.Background(), Connect{Sessions: sessions})
	if err != nil || r.Ready != sessions || r.Failed != 0 || r.Latency.Count() != int64(sessions) {
		t.Fatalf("connect: got %+v, %v; want %d ready", r, err, sessions)
	}
	return f
}

func kinds() map[string]Options {
	return map[string]Options{
		"ws": {Transport: WebSocket}, "http": {Transport: HTTP, Conns: 3}, "streams": {Transport: HTTP, Conns: 3, Streams: true},
	}
}

func TestHonestServer(t *testing.T) {
	for name, opts := range kinds() {
		for _, closed := range []bool{false, true} {
			opts.Targets = append(serve(t, honest, 1).target(), serve(t, honest, 1).target()...)
			f := testFleet(t, opts, 10)
			seen := 0
			f.OnPoint(func(p Point) { seen += p.Right })
			r, err := f.Load(context.Background(), Load{Rate: 400, Closed: closed, Duration: 300 * time.Millisecond, Warmup: 50 * time.Millisecond, Mix: "echo=3,ping=1,list=1"})
			if err != nil || r.Counts.Right == 0 || r.Counts.Bad()+r.Counts.Doubled+r.Counts.Stray != 0 || !r.Counts.Balanced() || len(r.Failures) != 0 {
				t.Fatalf("%s, closed %v: got %+v, %v, %v", name, closed, r.Counts, r.Failures, err)
			}
			if !closed && r.Counts.Scheduled != 120 {
				t.Errorf("%s: scheduled %d, want 120", name, r.Counts.Scheduled)
			}
			if r.Latency.Count() != int64(r.Counts.Right) || len(r.Ops) != 3 || r.Warmup.Right == 0 {
				t.Errorf("%s: %d latencies, %d ops, %+v", name, r.Latency.Count(), len(r.Ops), r.Warmup)
			}
		}
	}
}

// TestFaultsAreCaught: each way in which a server can fail a call is told from the others.
func TestFaultsAreCaught(t *testing.T) {
	type counts = Counts
	for _, c := range []struct {
		fault fault
		on    string
		class Class
		count func(counts) int
	}{
		{liar, "ws", ClassPayload, func(c counts) int { return c.Wrong }},
		{liar, "http", ClassPayload, func(c counts) int { return c.Wrong }},
		{error1, "ws", ClassRPC, func(c counts) int { return c.Failed }},
		{error1, "http", ClassRPC, func(c counts) int { return c.Failed }},
		{toolErr, "ws", ClassTool, func(c counts) int { return c.Failed }},
		{silent, "ws", ClassTimeout, func(c counts) int { return c.Lost }},
		{silent, "http", ClassTimeout, func(c counts) int { return c.Lost }},
		{echoing, "ws", "", func(c counts) int { return c.Doubled }},
		{foreign, "ws", ClassUnknownID, func(c counts) int { return c.Stray }},
		{foreign, "http", ClassUnknownID, func(c counts) int { return c.Wrong }},
		{rude, "ws", ClassClosed, func(c counts) int { return c.Lost }},
		{rude, "http", ClassClosed, func(c counts) int { return c.Lost }},
		{busy, "http", ClassRefused, func(c counts) int { return c.Failed }},
		{forgets, "http", ClassSessionGone, func(c counts) int { return c.Failed }},
	} {
		t.Run(string(c.fault)+" on "+c.on, func(t *testing.T) {
			t.Parallel()
			opts := kinds()[c.on]
			opts.Conns = 16
			opts.Targets = serve(t, c.fault, 5).target()
			opts.Grace = time.Second
			f := testFleet(t, opts, 8)
			r, err := f.Load(context.Background(), Load{Rate: 100, Duration: 300 * time.Millisecond, Reconnect: true})
			if err != nil {
				t.Fatal(err)
			}
			if n := c.count(r.Counts); n == 0 || !r.Counts.Balanced() {
				t.Errorf("got %+v, %v", r.Counts, r.Failures)
			}
			if c.class != "" && r.Failures[c.class].Count == 0 {
				t.Errorf("failures: got %v, want %s", r.Failures, c.class)
			}
		})
	}
}

// TestStallIsSeenFromTheIntendedTime: a server that stops for a while makes the calls behind it late; the
// latency from the send would hide them where they cannot be sent.
func TestStallIsSeenFromTheIntendedTime(t *testing.T) {
	s := serve(t, slow, 10)
	f := testFleet(t, Options{Targets: s.target(), Transport: HTTP, Conns: 1}, 1)
	r, err := f.Load(context.Background(), Load{Rate: 100, Duration: 190 * time.Millisecond})
	if err != nil || r.Counts.Right != 19 {
		t.Fatalf("got %+v, %v; want 19 right", r.Counts, err)
	}
	if got := r.Latency.Quantile(60); got < 100*time.Millisecond {
		t.Errorf("p60 from the intended time: got %v, want at least 100ms", got)
	}
	if got := r.Service.Quantile(60); got >= 100*time.Millisecond {
		t.Errorf("p60 from the send: got %v, want the time of an honest server", got)
	}
	if r.Delay.Max() < 100*time.Millisecond {
		t.Errorf("delay: got %v", r.Delay.Max())
	}
}

func TestSessionsComeBack(t *testing.T) {
	opts := Options{Targets: serve(t, rude, 7).target()}
	f := testFleet(t, opts, 6)
	r, err := f.Load(context.Background(), Load{Rate: 40, Duration: 1500 * time.Millisecond, Reconnect: true})
	if err != nil || r.SessionsLost == 0 || r.Reconnected == 0 {
		t.Fatalf("got %+v, %v", r, err)
	}
	c, err := f.Connect(context.Background(), Connect{Sessions: 6})
	if err != nil || c.Ready != 6 {
		t.Errorf("got %+v, %v, want 6 ready", c, err)
	}
}

func TestChurnLosesNothing(t *testing.T) {
	for name, opts := range kinds() {
		opts.Targets = serve(t, honest, 1).target()
		f := testFleet(t, opts, 10)
		r, err := f.Load(context.Background(), Load{Rate: 100, Duration: 400 * time.Millisecond, Churn: 50})
		if err != nil || r.Reconnected == 0 || r.Counts.Bad() != 0 || r.SessionsLost != 0 {
			t.Errorf("%s: got %+v, %v, %v", name, r.Counts, r.Failures, err)
		}
	}
}

func TestFewerSessionsAreClosed(t *testing.T) {
	f := testFleet(t, Options{Targets: serve(t, honest, 1).target()}, 10)
	r, err := f.Connect(context.Background(), Connect{Sessions: 4})
	if err != nil || r.Ready != 4 || f.Sessions() != 4 {
		t.Errorf("got %+v, %v; want 4", r, err)
	}
}

func TestConnectCountsFailures(t *testing.T) {
	f, err := NewFleet(Options{Targets: []Target{{Name: "none", Addr: netip.MustParseAddrPort("127.0.0.1:1")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := f.Connect(context.Background(), Connect{Sessions: 3})
	if err != nil || r.Failed != 3 || r.Failures[ClassConnect].Count != 3 {
		t.Errorf("got %+v, %v; want 3 failed", r, err)
	}
	l, err := f.Load(context.Background(), Load{Rate: 100, Duration: 50 * time.Millisecond})
	if err != nil || l.Counts.Unsent != 5 || !l.Counts.Balanced() {
		t.Errorf("got %+v, %v; want 5 unsent", l.Counts, err)
	}
}

func TestDecodeFrameWantsAllBytes(t *testing.T) {
	for _, size := range []int{0, 125, 126, 70000} {
		text := bytes.Repeat([]byte("x"), size)
		whole := appendFrame(nil, opText, text)
		whole = append(whole[:len(whole)-size-4], text...) // as a server sends it: without mask
		whole[1] &= 0x7f
		for _, cut := range []int{0, 1, 2, 9, len(whole) - 1} {
			if cut >= len(whole) {
				continue
			}
			if _, _, n := decodeFrame(whole[:cut]); n != 0 {
				t.Errorf("size %d, %d bytes: got a frame", size, cut)
			}
		}
		if op, payload, n := decodeFrame(whole); op != opText || n != len(whole) || !bytes.Equal(payload, text) {
			t.Errorf("size %d: got op %d, %d bytes", size, op, n)
		}
	}
}

// TestNothingShrinksSilently: calls that the generator is too slow to make are counted.
func TestNothingShrinksSilently(t *testing.T) {
	f := testFleet(t, Options{Targets: serve(t, honest, 1).target(), Grace: time.Second}, 2)
	const rate = 20_000_000
	r, err := f.Load(context.Background(), Load{Rate: rate, Duration: 50 * time.Millisecond})
	if err != nil || r.Counts.Scheduled != rate/20 || !r.Counts.Balanced() || r.Counts.Unsent == 0 {
		t.Errorf("got %+v, %v, %v", r.Counts, r.Failures, err)
	}
}
