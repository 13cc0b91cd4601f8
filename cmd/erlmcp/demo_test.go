package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
)

func TestTellTime(t *testing.T) {
	_, got, err := tellTime(t.Context(), nil, timeInput{Zone: "Asia/Kathmandu"})
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, got.Time)
	if err != nil || at.Unix() != got.Unix {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, offset := at.Zone(); offset != (5*60+45)*60 {
		t.Errorf("offset: got %d s", offset)
	}
	if _, _, err := tellTime(t.Context(), nil, timeInput{Zone: "../../etc/passwd"}); err == nil {
		t.Error("a path is taken for a zone")
	}
}

func TestTellNode(t *testing.T) {
	_, got, err := tellNode("a@b")(t.Context(), nil, nodeInput{Note: "1"})
	if err != nil || got.Node != "a@b" || got.Note != "1" || got.PID != os.Getpid() || got.At == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSlow(t *testing.T) {
	if r, _, err := slow(t.Context(), &mcp.CallToolRequest{}, slowInput{MS: 1}); err != nil || len(r.Content) != 1 {
		t.Errorf("got %v, %v", r, err)
	}
	for _, ms := range []int{-1, 600_001} {
		if _, _, err := slow(t.Context(), &mcp.CallToolRequest{}, slowInput{MS: ms}); err == nil {
			t.Errorf("%d ms: got no error", ms)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, _, err := slow(ctx, &mcp.CallToolRequest{}, slowInput{MS: 600_000}); !errors.Is(err, gone) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestServerWithoutDemo(t *testing.T) {
	if newServer(false, "a@b") == nil || newServer(true, "a@b") == nil {
		t.Fatal("no server")
	}
}
