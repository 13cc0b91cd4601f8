package eventstream

import (
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	for _, tc := range []struct {
		name  string
		event Event
		want  string
	}{
		{"data", Event{Data: "x"}, "data: x\n\n"},
		{"all fields", Event{ID: "7", Name: "endpoint", Data: "a", Retry: 1500 * time.Millisecond}, "event: endpoint\nid: 7\nretry: 1500\ndata: a\n\n"},
		{"lines", Event{Data: "a\nb\r\nc\rd\n"}, "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
		{"id alone has data", Event{ID: "1"}, "id: 1\ndata: \n\n"},
		{"retry alone", Event{Retry: time.Second}, "retry: 1000\n\n"},
		{"line breaks in an id", Event{ID: "1\ndata: x\r\x00", Data: "d"}, "id: 1data: x\ndata: d\n\n"},
	} {
		if got := string(Append(nil, tc.event)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestAppendMessage(t *testing.T) {
	for _, tc := range []struct{ id, text, want string }{
		{"3", `{"a":1}`, "id: 3\ndata: {\"a\":1}\n\n"},
		{"", "{\r\n}", "data: {\ndata: }\n\n"},
		{"3", "", "id: 3\ndata: \n\n"},
	} {
		if got := string(AppendMessage(nil, tc.id, []byte(tc.text))); got != tc.want {
			t.Errorf("AppendMessage(%q, %q): got %q, want %q", tc.id, tc.text, got, tc.want)
		}
	}
}

func TestAppendComment(t *testing.T) {
	if got, want := string(AppendComment(nil, "a\ndata: b")), ": a\n: data: b\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	text := []byte(`{"jsonrpc":"2.0","id":12345,"result":{"content":[{"type":"text","text":"hello"}]}}`)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendMessage(dst[:0], "17", text)
	}
}
