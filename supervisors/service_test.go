package supervisors

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestServiceEndsWithItsFunction(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(context.Context) error
		want string
	}{
		{"nil", func(context.Context) error { return nil }, "normal"},
		{"error", func(context.Context) error { return errors.New("port taken") }, `"port taken"`},
		{"panic", func(context.Context) error { panic(Term("boom")) }, "boom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rec recorder
			startTree(t, Options{Events: rec.add}, ChildSpec{ID: "a", Restart: Temporary, Start: Service(c.run)})
			testutil.Eventually(t, 5*time.Second, func() bool { return len(rec.exits("a")) == 1 })
			if got := rec.exits("a")[0]; got != c.want {
				t.Errorf("exit reason %s, want %s", got, c.want)
			}
		})
	}
}

func TestServiceIsShutDownByItsContext(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(context.Context) error
		want string
	}{
		{"context error", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "shutdown"},
		{"nil", func(ctx context.Context) error { <-ctx.Done(); return nil }, "shutdown"},
		{"other error", func(ctx context.Context) error { <-ctx.Done(); return errors.New("flush") }, `"flush"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rec recorder
			_, root := startTree(t, Options{Events: rec.add}, ChildSpec{ID: "a", Start: Service(c.run)})
			if err := root.TerminateChild("a"); err != nil {
				t.Fatal(err)
			}
			if got := rec.exits("a"); len(got) != 1 || got[0] != c.want {
				t.Errorf("exits %v, want [%s]", got, c.want)
			}
		})
	}
}

func TestServiceThatIgnoresItsContextIsAbandoned(t *testing.T) {
	release, returned := make(chan struct{}), make(chan struct{})
	sys, root := startTree(t, Options{KillGrace: 5 * time.Millisecond}, ChildSpec{
		ID: "a", Shutdown: ShutdownAfter(5 * time.Millisecond), Start: Service(func(context.Context) error {
			defer close(returned)
			<-release
			return nil
		}),
	})
	if err := root.TerminateChild("a"); err != nil {
		t.Fatal(err)
	}
	if s := sys.Stats(); s.Abandoned != 1 || s.TimedOut != 1 {
		t.Errorf("stats %+v, want 1 abandoned, 1 timed out", s)
	}
	close(release)
	<-returned
}
