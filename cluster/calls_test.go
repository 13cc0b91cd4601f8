package cluster

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// pair starts two nodes that see each other, inside a bubble.
func pair(t testing.TB, o serviceOptions) (a, b *memNode) {
	t.Helper()
	net := newMemNet(o)
	a, b = net.start("a@h"), net.start("b@h")
	mesh(a, b)
	t.Cleanup(func() { a.kill(); b.kill() })
	return a, b
}

func TestCallOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newMemNet(serviceOptions{CallsPerPeer: 2})
		a, b := net.start("a@h"), net.start("b@h")
		defer a.kill()
		defer b.kill()
		mesh(a, b)
		for _, n := range []*memNode{a, b} {
			n.ServeCalls("echo", func(_ context.Context, from Member, r []byte) ([]byte, error) {
				return append([]byte(from.Name+":"), r...), nil
			})
			n.ServeCalls("fail", func(context.Context, Member, []byte) ([]byte, error) { return nil, errors.New("no luck") })
			n.ServeCalls("code", func(context.Context, Member, []byte) ([]byte, error) { return nil, &RemoteError{123, "mine"} })
			n.ServeCalls("panic", func(context.Context, Member, []byte) ([]byte, error) { panic("oops") })
			n.ServeCalls("hang", func(ctx context.Context, _ Member, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
			n.ServeCalls("large", func(context.Context, Member, []byte) ([]byte, error) { return make([]byte, 2<<20), nil })
		}
		for _, to := range []Member{a.member, b.member} {
			if got, err := a.Call(t.Context(), to, "echo", []byte("hi")); err != nil || string(got) != "a@h:hi" {
				t.Errorf("echo at %s: got %q, %v", to.Name, got, err)
			}
			for service, want := range map[string]string{
				"fail": "cluster: remote error 1: no luck", "code": "cluster: remote error 123: mine",
				"panic": "cluster: remote error 6: oops", "none": ErrNoService.Error(),
			} {
				if _, err := a.Call(t.Context(), to, service, nil); err == nil || err.Error() != want {
					t.Errorf("%s at %s: got error %v, want %s", service, to.Name, err, want)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := a.Call(ctx, to, "hang", nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("hang at %s: got error %v", to.Name, err)
			}
			cancel()
		}
		if _, err := a.Call(t.Context(), b.member, "large", nil); !errors.Is(err, ErrTooLarge) {
			t.Errorf("large answer: got error %v", err)
		}
		if _, err := a.Call(t.Context(), b.member, "echo", make([]byte, 2<<20)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("large request: got error %v", err)
		}
		if _, err := a.Call(t.Context(), Member{Name: "c@h", Boot: "other"}, "echo", nil); !errors.Is(err, ErrNodeDown) {
			t.Errorf("no member: got error %v", err)
		}
		testCallsFailWhenPeerLeaves(t, a, b)
	})
}

// testCallsFailWhenPeerLeaves also checks the cap of calls under way.
func testCallsFailWhenPeerLeaves(t *testing.T, a, b *memNode) {
	errs := make(chan error, 2)
	began := time.Now()
	for range 2 {
		go func() {
			_, err := a.Call(t.Context(), b.member, "hang", nil)
			errs <- err
		}()
	}
	synctest.Wait()
	if _, err := a.Call(t.Context(), b.member, "echo", nil); !errors.Is(err, ErrBusy) {
		t.Errorf("third call: got error %v", err)
	}
	a.sees()
	for range 2 {
		if err := <-errs; !errors.Is(err, ErrNodeDown) {
			t.Errorf("call to a node that left: got error %v", err)
		}
	}
	if d := time.Since(began); d != 0 {
		t.Errorf("calls failed after %v, want at once", d)
	}
}

func BenchmarkCall(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			x, y := pair(b, serviceOptions{})
			y.ServeCalls("echo", func(_ context.Context, _ Member, r []byte) ([]byte, error) { return r, nil })
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			request := make([]byte, size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Call(ctx, y.member, "echo", request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
