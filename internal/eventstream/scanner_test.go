package eventstream

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// scanAll reads all events of r.
func scanAll(r io.Reader, most int) (events []Event, s *Scanner) {
	s = NewScanner(r, most)
	for s.Scan() {
		events = append(events, s.Event())
	}
	return events, s
}

func TestScannerReadsTheFormat(t *testing.T) {
	for _, tc := range []struct {
		name, stream string
		want         []Event
	}{
		{"LF", "data: a\n\n", []Event{{Data: "a"}}},
		{"CR", "data: a\r\r", []Event{{Data: "a"}}},
		{"CRLF", "data: a\r\n\r\n", []Event{{Data: "a"}}},
		{"mixed ends", "data: a\rdata: b\r\ndata: c\n\r\ndata:d\n\n", []Event{{Data: "a\nb\nc"}, {Data: "d"}}},
		{"no space, two spaces", "data:a\n\ndata:  b\n\n", []Event{{Data: "a"}, {Data: " b"}}},
		{"several lines", "data: YHOO\ndata: +2\ndata: 10\n\n", []Event{{Data: "YHOO\n+2\n10"}}},
		{"comments", ": hi\n\n:\ndata: x\n: in between\n\n", []Event{{Data: "x"}}},
		{"empty data", "data\n\ndata\ndata\n\ndata:", []Event{{Data: ""}, {Data: "\n"}}},
		{"name", "event: add\ndata: 1\n\ndata: 2\n\n", []Event{{Name: "add", Data: "1"}, {Data: "2"}}},
		{"name without data", "event: add\n\ndata: 2\n\n", []Event{{Data: "2"}}},
		{"id stays", "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", []Event{{ID: "1", Data: "a"}, {ID: "1", Data: "b"}, {Data: "c"}}},
		{"id without data counts", "id: 1\n\ndata: b\n\n", []Event{{ID: "1", Data: "b"}}},
		{"id with NUL", "id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n", []Event{{ID: "1", Data: "a"}, {ID: "1", Data: "b"}}},
		{"retry", "retry: 250\ndata: a\n\nretry: -1\nretry: 1.5\nretry: x\nretry: 99999999999999999999\ndata: b\n\n",
			[]Event{{Data: "a", Retry: 250 * time.Millisecond}, {Data: "b"}}},
		{"unknown and wrongly cased fields", "Data: a\nfoo: b\n data: c\ndata: d\n\n", []Event{{Data: "d"}}},
		{"byte order mark", "\uFEFFdata: a\n\n\uFEFFdata: b\n\n", []Event{{Data: "a"}}},
		{"cut off", "data: a\n\ndata: b\n", []Event{{Data: "a"}}},
		{"cut off in a line", "data: a\n\ndata: b", []Event{{Data: "a"}}},
		{"colon in data", "data: a: b\n\n", []Event{{Data: "a: b"}}},
		{"nothing", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"at once":     strings.NewReader(tc.stream),
				"in bytes":    iotest.OneByteReader(strings.NewReader(tc.stream)),
				"data or EOF": iotest.DataErrReader(strings.NewReader(tc.stream)),
			} {
				got, s := scanAll(r, 0)
				if s.Err() != nil || !slices.Equal(got, tc.want) {
					t.Errorf("%s: got %q, error %v, want %q", name, got, s.Err(), tc.want)
				}
			}
		})
	}
}

func TestCarriageReturnEndsAnEventAtOnce(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	go func() { _, _ = w.Write([]byte("data: a\r\r")) }() // and the pipe stays open
	s := NewScanner(r, 0)
	if !s.Scan() || s.Event().Data != "a" {
		t.Errorf("got %v, error %v, want an event", s.Event(), s.Err())
	}
}

func TestScannerLimits(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, tc := range []struct {
		name, stream string
		events       int
		err          error
	}{
		{"event at the limit", "data: " + long[:94] + "\n\n", 1, nil},
		{"event over the limit", "data: " + long[:95] + "\n\n", 0, ErrTooLarge},
		{"over many lines", strings.Repeat("data: x\n", 15) + "\n", 0, ErrTooLarge},
		{"line without end", "data: a\n\n" + strings.Repeat("x", 1<<20), 1, ErrTooLarge},
		{"comment over the limit", ": " + long + "\ndata: a\n\n", 0, ErrTooLarge},
		{"many comments", strings.Repeat(": x\n", 1000) + "data: a\n\n", 1, nil},
		{"the limit is for each event", strings.Repeat("data: "+long[:50]+"\n\n", 100), 100, nil},
	} {
		events, s := scanAll(strings.NewReader(tc.stream), 100)
		if len(events) != tc.events || !errors.Is(s.Err(), tc.err) {
			t.Errorf("%s: got %d events, error %v, want %d, %v", tc.name, len(events), s.Err(), tc.events, tc.err)
		}
		if s.Scan() && tc.err != nil {
			t.Errorf("%s: Scan goes on after an error", tc.name)
		}
	}
}

func TestScannerReportsTheReadersError(t *testing.T) {
	broken := errors.New("broken")
	_, s := scanAll(io.MultiReader(strings.NewReader("id: 5\nretry: 10\n\n"), iotest.ErrReader(broken)), 0)
	if !errors.Is(s.Err(), broken) || s.LastID() != "5" || s.Retry() != 10*time.Millisecond {
		t.Errorf("got %v, id %q, retry %v, want %v, 5, 10ms", s.Err(), s.LastID(), s.Retry(), broken)
	}
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte("event: add\nid: 1\nretry: 5\ndata: a\r\ndata: b\r\rdata\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		const most = 1 << 10
		whole, s := scanAll(strings.NewReader(string(stream)), most)
		bytewise, s1 := scanAll(iotest.OneByteReader(strings.NewReader(string(stream))), most)
		if !slices.Equal(whole, bytewise) || !errors.Is(s1.Err(), s.Err()) {
			t.Fatalf("got %q, %v at once, %q, %v in bytes", whole, s.Err(), bytewise, s1.Err())
		}
		var again []byte
		lastID := ""
		for _, e := range whole {
			if len(e.Data)+len(e.Name)+len(e.ID) > most {
				t.Fatalf("got an event over the limit: %q", e)
			}
			if e.ID == "" && lastID != "" {
				return // an empty id field takes an id back, which Append does not write
			}
			if e == (Event{Retry: e.Retry}) && e.Retry > 0 {
				return // read with empty data, written without
			}
			lastID = e.ID
			e.Name = strings.ReplaceAll(e.Name, "\x00", "")
			again = Append(again, e)
		}
		back, s2 := scanAll(strings.NewReader(string(again)), 8*most)
		for i := range whole {
			whole[i].Name = strings.ReplaceAll(whole[i].Name, "\x00", "")
		}
		if s2.Err() != nil || !slices.Equal(whole, back) {
			t.Fatalf("written and read again: got %q, %v, want %q", back, s2.Err(), whole)
		}
	})
}
