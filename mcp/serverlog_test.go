package mcp

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestServerLogReachesSessionsAtTheirLevel(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	var told []Input
	s.Watch(func(in Input) { told = append(told, in) })
	if err := s.Log("warning", "store", map[string]int{"left": 3}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 {
		t.Fatalf("got %d inputs, want one", len(told))
	}
	want := `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"store","data":{"left":3}}}`
	for level, wanted := range map[level]bool{0: true, 3: true, 4: false, 7: false} {
		st := &State{revision: RevisionOf("2025-11-25"), initialized: true, level: level}
		out := NewSession(s, SessionOptions{}, st).Step(time.Time{}, told[0], nil)
		if got := len(out) == 1 && string(out[0].(Send).Text) == want; got != wanted {
			t.Errorf("a client at %s: got %v, want a message: %v", level.name(), out, wanted)
		}
	}
	st := &State{revision: RevisionOf("2025-11-25")}
	if out := NewSession(s, SessionOptions{}, st).Step(time.Time{}, told[0], nil); len(out) != 0 {
		t.Errorf("a client that is not ready: got %v, want nothing", out)
	}
	if out := NewSession(s, SessionOptions{}, nil).Step(time.Time{}, told[0], nil); len(out) != 0 {
		t.Errorf("before initialize: got %v, want nothing", out)
	}
}

func TestServerLogRefuses(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.Watch(func(in Input) { t.Errorf("got %v, want nothing", in) })
	if err := s.Log("loud", "", "x"); err == nil {
		t.Error("unknown level: got no error")
	}
	if err := s.Log("error", "", math.Inf(1)); err == nil {
		t.Error("data without JSON: got no error")
	}
	if err := s.Log("error", "", strings.Repeat("x", MaxLogBytes)); !errors.Is(err, ErrLogTooLarge) {
		t.Errorf("large data: got %v, want ErrLogTooLarge", err)
	}
}
