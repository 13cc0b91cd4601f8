package mcp

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unique"

	"pgregory.net/rapid"
)

// checkRoundTrip checks that st is what comes back of it.
func checkRoundTrip(t testing.TB, st *State) {
	t.Helper()
	text := st.Marshal()
	got, err := UnmarshalState(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again := got.Marshal()
	if !bytes.Equal(again, text) {
		t.Fatalf("got %s, want %s", again, text)
	}
	if got.bytes != st.bytes {
		t.Fatalf("%s: got %d bytes of subscriptions, want %d", text, got.bytes, st.bytes)
	}
}

func TestSubscriptionsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uri := rapid.StringMatching(`[ab]{1,3}`)
		model := map[string]bool{}
		st := &State{revision: LatestRevision(), client: unique.Make(clientInfo{})}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			u := uri.Draw(t, "uri")
			if got := st.Subscribed(u); got != model[u] {
				t.Fatalf("%q subscribed: got %v, want %v", u, got, model[u])
			}
			if model[u] {
				delete(model, u)
				st = st.withoutSubscription(u)
			} else {
				model[u] = true
				st = st.withSubscription(u)
			}
		}
		size := 0
		for u := range model {
			size += len(u)
		}
		if got := st.Subscriptions(); len(got) != len(model) || !slices.IsSorted(got) || st.bytes != size {
			t.Fatalf("got %q with %d bytes, want %v with %d", got, st.bytes, model, size)
		}
	})
}

func TestUnmarshalStateRefuses(t *testing.T) {
	valid := `{"format":1,"revision":"2025-11-25","level":"info","client":{"name":"c","version":"1"}}`
	if _, err := UnmarshalState([]byte(valid)); err != nil {
		t.Fatalf("%s: %v", valid, err)
	}
	for _, c := range []struct{ name, old, replacement string }{
		{"no JSON", valid, `{"format":1`},
		{"another format", `"format":1`, `"format":2`},
		{"another revision", "2025-11-25", "1999-01-01"},
		{"another level", `"info"`, `"loud"`},
		{"unknown capabilities", `"client"`, `"capabilities":32768,"client"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(valid, c.old, c.replacement, 1)
			if st, err := UnmarshalState([]byte(text)); !errors.Is(err, errState) {
				t.Errorf("%s: got %v, %v, want %v", text, st, err, errState)
			}
		})
	}
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"format":1,"revision":"2025-11-25","initialized":true,"level":"alert","client":{"name":"c","version":"1","title":"T"},"capabilities":93,"subscriptions":["b","a","b"]}`))
	f.Add([]byte(`{"format":1,"revision":"2025-03-26","level":"debug","subscriptions":[""]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if st, err := UnmarshalState(text); err == nil {
			checkRoundTrip(t, st)
		}
	})
}

func TestClientCapabilitiesOfState(t *testing.T) {
	st := &State{caps: capAll}
	c := st.ClientCapabilities()
	if c.Roots == nil || !c.Roots.ListChanged || c.Sampling == nil || c.Sampling.Tools == nil || c.Sampling.Context == nil ||
		c.Elicitation == nil || c.Elicitation.Form == nil || c.Elicitation.URL == nil {
		t.Errorf("got %+v, want all", c)
	}
	if c := (&State{}).ClientCapabilities(); c.Roots != nil || c.Sampling != nil || c.Elicitation != nil {
		t.Errorf("got %+v, want none", c)
	}
}
