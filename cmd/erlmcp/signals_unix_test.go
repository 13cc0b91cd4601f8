//go:build unix

package main

import (
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestHangUpIsTakenOrEndsTheProcess(t *testing.T) {
	takes, taken := true, make(chan bool, 1)
	ctx, stop := watchSignals(slog.New(slog.DiscardHandler), func() bool {
		taken <- takes
		return takes
	})
	defer stop()
	hangUp := func() {
		t.Helper()
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		select {
		case <-taken:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody was asked")
		}
	}
	hangUp()
	hangUp() // is no second signal
	if ctx.Err() != nil {
		t.Error("a signal that was taken ends the process")
	}
	takes = false
	hangUp()
	testutil.Eventually(t, 5*time.Second, func() bool { return ctx.Err() != nil })
}
