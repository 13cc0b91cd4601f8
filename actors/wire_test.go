package actors

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

func TestFrameSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := transport.Frame{
			Text:   rapid.SliceOf(rapid.Byte()).Draw(t, "text"),
			Event:  rapid.String().Draw(t, "event"),
			Status: rapid.IntRange(0, 999).Draw(t, "status"),
			Last:   rapid.Bool().Draw(t, "last"),
		}
		if len(want.Text) == 0 {
			want.Text = nil
		}
		b := encodeFrame(want)
		if notice(b[0]) != noticeFrame {
			t.Fatalf("got kind %d", b[0])
		}
		if got, err := decodeFrame(b[1:]); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(encodeFrame(transport.Frame{Text: []byte(`{}`), Event: "1-2", Status: 200, Last: true})[1:])
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := decodeFrame(b)
		if err != nil {
			return
		}
		again, err := decodeFrame(encodeFrame(frame)[1:])
		if err != nil || !reflect.DeepEqual(again, frame) {
			t.Errorf("got %+v, %v; want %+v", again, err, frame)
		}
	})
}

func TestInfoSurvivesTheWire(t *testing.T) {
	want := transport.Info{
		Transport: "http", Mode: transport.Stream, Remote: "127.0.0.1:1", Session: "s", Protocol: "2025-11-25",
		LastEventID: "1-2", Principal: "p",
	}
	if got, through, err := decodeInfo(encodeInfo(want, true)); err != nil || !through || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, through, err := decodeInfo(encodeInfo(want, false)); err != nil || through {
		t.Errorf("to the owner: got through %v, %v", through, err)
	}
	if _, _, err := decodeInfo([]byte("nonsense")); err == nil {
		t.Error("nonsense: got no error")
	}
}

func TestRefusalSurvivesTheWire(t *testing.T) {
	want := &transport.Refusal{Reason: transport.ReasonNoSession, Text: []byte(`{"x":1}`)}
	if got := decodeRefusal(encodeRefusal(want)[1:]); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, b := range [][]byte{nil, {250}} {
		if got := decodeRefusal(b); got.Reason != transport.ReasonInternal {
			t.Errorf("%v: got %v, want internal", b, got.Reason)
		}
	}
}

func TestChangeSurvivesTheWire(t *testing.T) {
	for _, want := range []mcp.Input{
		mcp.FeaturesChanged{Change: mcp.ToolsChanged | mcp.PromptsChanged},
		mcp.ResourceUpdated{URI: "test://x"},
		mcp.LogMessage{Level: "error", Text: []byte(`{"x":1}`)},
	} {
		if got := decodeChange(encodeChange(want)); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	for _, b := range [][]byte{nil, {}, {0}, {1, 2}, {logMark, 1}, {logMark, 1, 0}} {
		if got := decodeChange(b); got != nil {
			t.Errorf("%v: got %v, want nothing", b, got)
		}
	}
}
