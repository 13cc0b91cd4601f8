package transporttest

import (
	"errors"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// roomy are limits that the rules do not reach by accident.
var roomy = transport.Limits{OutgoingBytes: 64 << 20, OutgoingFrames: 10_000, WriteTimeout: time.Minute}

// write writes text, as the last frame of an exchange where last is set.
func (k *kit) write(p *peer, text []byte, last bool) {
	k.t.Helper()
	if err := p.conn.Write(transport.Frame{Text: text, Last: last && k.h.Mode != transport.Duplex}); err != nil {
		k.t.Fatalf("Write: %v", err)
	}
}

func framesArriveInOrderAndWhole(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	const frames = 200
	size := func(n int) int { // some frames are larger than any buffer on the way
		if n%50 == 49 {
			return 300_000
		}
		return n * 20
	}
	for n := range frames - 1 {
		k.write(p, notification(n, size(n)), false)
	}
	k.write(p, response(0, size(frames-1)), true)
	for n := range frames - 1 {
		k.wantText(c, notification(n, size(n)))
	}
	k.wantText(c, response(0, size(frames-1)))
	if k.h.Mode != transport.Duplex {
		k.wantEnd(c)
	}
}

func queuedFramesGoBeforeTheEnd(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	for n := range 20 {
		k.write(p, notification(n, 50_000), false)
	}
	p.conn.Close(transport.ReasonShutdown)
	for n := range 20 {
		k.wantText(c, notification(n, 50_000))
	}
	k.wantEnd(c)
	k.closed(p, transport.ReasonShutdown)
}

// writeNeverBlocks has a client that reads nothing. Buffers of the operating system take some of what is
// written, so there has to be more of it.
func writeNeverBlocks(t *testing.T, k *kit) {
	k.serve(transport.Limits{OutgoingBytes: 64 << 10, OutgoingFrames: 100, WriteTimeout: time.Minute}, grace)
	_, p := k.connect()
	result := make(chan error, 1)
	go func() {
		text := notification(0, 16<<10)
		for range 64 << 20 / len(text) {
			if err := p.conn.Write(transport.Frame{Text: text}); err != nil {
				result <- err
				return
			}
		}
		result <- nil
	}()
	if err := wait(t, result, "return of Write"); !errors.Is(err, transport.ErrSlow) {
		t.Fatalf("Write without a reader: got %v, want %v", err, transport.ErrSlow)
	}
	if err := p.conn.Write(transport.Frame{Text: notification(1, 0)}); !errors.Is(err, transport.ErrClosed) && !errors.Is(err, transport.ErrSlow) {
		t.Errorf("Write after ErrSlow: got %v, want an error", err)
	}
	k.closed(p, transport.ReasonSlow)
}

func writeAfterTheEndFails(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	_, p := k.connect()
	p.conn.Close(transport.ReasonIdle)
	if err := p.conn.Write(transport.Frame{Text: notification(0, 0)}); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Write after Close: got %v, want %v", err, transport.ErrClosed)
	}
	k.closed(p, transport.ReasonIdle)
	if err := p.conn.Write(transport.Frame{Text: notification(0, 0)}); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Write after Closed: got %v, want %v", err, transport.ErrClosed)
	}
}

func lastEndsTheConnection(t *testing.T, k *kit) {
	k.serve(roomy, grace)
	c, p := k.connect()
	k.write(p, response(0, 10), true)
	k.wantText(c, response(0, 10))
	k.wantEnd(c)
	k.closed(p, transport.ReasonDone)
}
