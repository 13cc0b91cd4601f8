package jsonrpc

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func addSeeds(f *testing.F) {
	for _, group := range []string{"json", "jsonrpc"} {
		for _, text := range badTexts(f, group) {
			if len(text) < 1<<12 {
				f.Add(text)
			}
		}
	}
	f.Add([]byte(toolsCall))
}

// FuzzScan compares Scan with encoding/json, which takes more: what Scan accepts must be JSON with the
// same content, and what it calls no JSON must be none or break a rule that encoding/json lacks.
func FuzzScan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Scan(text, Limits{})
		valid := json.Valid(text)
		switch {
		case err != nil && err.Code == CodeParse:
			if valid && utf8.Valid(text) && !hasLoneSurrogate(text) {
				t.Fatalf("got %v for valid JSON %q", err, text)
			}
			if err.ID != "" {
				t.Fatalf("got id %q for text that is not JSON", err.ID)
			}
		case err != nil && err.Code != CodeInvalidRequest:
			t.Fatalf("got code %d", err.Code)
		case err == nil:
			if !valid || !utf8.Valid(text) || hasLoneSurrogate(text) {
				t.Fatalf("got a message from invalid %q", text)
			}
			if namesTwice(json.NewDecoder(bytes.NewReader(text))) {
				t.Fatalf("got a message from ambiguous %q", text)
			}
			checkMessage(t, text, m)
		}
	})
}

// checkMessage compares m with what encoding/json finds in the text, and with m written and scanned again.
func checkMessage(t *testing.T, text []byte, m Message) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	var method string
	if raw, ok := members["method"]; ok {
		if err := json.Unmarshal(raw, &method); err != nil {
			t.Fatal(err)
		}
	}
	if m.Method != method || string(m.ID) != string(members["id"]) || !bytes.Equal(m.Params, members["params"]) ||
		!bytes.Equal(m.Result, members["result"]) || !bytes.Equal(m.Error, members["error"]) {
		t.Fatalf("got %q, want the members of %q", m, text)
	}
	for key, raw := range Fields(text) {
		if !bytes.Equal(members[key], raw) {
			t.Fatalf("member %q: got %q, want %q", key, raw, members[key])
		}
		delete(members, key)
	}
	if len(members) > 0 {
		t.Fatalf("Fields misses %v of %q", members, text)
	}
	if m.Kind == Request {
		again, err := Scan(AppendRequest(nil, m.ID, m.Method, m.Params), Limits{Depth: 129})
		if err != nil || again.Method != m.Method || again.ID != m.ID {
			t.Fatalf("written and scanned again: got %q, %v, want %q", again, err, m)
		}
	}
}

// FuzzScanBatch checks that a batch is the sum of its messages.
func FuzzScanBatch(f *testing.F) {
	addSeeds(f)
	f.Add([]byte("[" + toolsCall + ", " + toolsCall + `,{},1,"x",[]]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := ScanBatch(text, Limits{}, 0)
		if err != nil {
			if len(entries) > 0 || err.ID != "" {
				t.Fatalf("got %d entries and an error with id %q", len(entries), err.ID)
			}
			return
		}
		var elements []json.RawMessage
		if err := json.Unmarshal(text, &elements); err != nil {
			t.Fatalf("got a batch from %q, which is not an array: %v", text, err)
		}
		if len(entries) != len(elements) || len(entries) == 0 || len(entries) > DefaultBatch {
			t.Fatalf("got %d entries for %d elements", len(entries), len(elements))
		}
		for i, element := range elements {
			m, err := Scan(element, Limits{})
			if (err == nil) != (entries[i].Err == nil) || m.Method != entries[i].Message.Method || m.ID != entries[i].Message.ID {
				t.Fatalf("element %d: got %q, %v, want %q, %v", i, entries[i].Message, entries[i].Err, m, err)
			}
		}
	})
}

// hasLoneSurrogate is a naive search of valid JSON.
func hasLoneSurrogate(text []byte) bool {
	s := strings.ReplaceAll(strings.ToLower(string(text)), `\\`, "")
	for {
		i := strings.Index(s, `\ud`)
		if i < 0 || len(s) < i+6 {
			return false
		}
		unit := s[i+3 : i+6]
		s = s[i+6:]
		if unit[0] < '8' {
			continue
		}
		if unit[0] >= 'c' || len(s) < 6 || s[:3] != `\ud` || s[3] < 'c' {
			return true
		}
		s = s[6:]
	}
}

// namesTwice is a naive search for an object with a name that occurs twice in the next value of d.
func namesTwice(d *json.Decoder) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	open, ok := token.(json.Delim)
	if !ok {
		return false
	}
	twice, seen := false, map[string]bool{}
	for d.More() {
		if open == '{' {
			key, _ := d.Token()
			name, _ := key.(string)
			twice = twice || seen[name]
			seen[name] = true
		}
		twice = namesTwice(d) || twice
	}
	_, _ = d.Token()
	return twice
}
