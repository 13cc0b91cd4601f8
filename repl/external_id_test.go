package repl

import (
	"context"
	"testing"
)

// twoNodes gives the numbers of nodes as node self has them: itself 0, the other 7.
type twoNodes struct{ self, other string }

func (n twoNodes) NodeName(number uint64) (string, bool) {
	switch number {
	case 0:
		return n.self, true
	case 7:
		return n.other, true
	}
	return "", false
}

func (n twoNodes) NodeNumber(name string) (uint64, bool) {
	switch name {
	case n.self:
		return 0, true
	case n.other:
		return 7, true
	}
	return 0, false
}

func TestIdentifiersTravelAndComeHome(t *testing.T) {
	a, b := twoNodes{"a@h", "b@h"}, twoNodes{"b@h", "a@h"}
	for _, c := range []struct{ here, there Term }{
		{Pid{ID: 81}, Pid{Node: 7, ID: 81}},
		{Pid{Node: 7, ID: 1<<40 + 5}, Pid{ID: 1<<40 + 5}},
		{Port{ID: 12}, Port{Node: 7, ID: 12}},
		{Ref("0.1.2.3"), Ref("7.1.2.3")},
		{&Fun{Module: "lists", Name: "map", Arity: 2}, &Fun{Module: "lists", Name: "map", Arity: 2}},
		{Tuple{Atom("x"), List(Pid{ID: 1}, Int(-5), Binary("b")), NewMap([2]Term{Pid{ID: 2}, Float(1.5)})},
			Tuple{Atom("x"), List(Pid{Node: 7, ID: 1}, Int(-5), Binary("b")), NewMap([2]Term{Pid{Node: 7, ID: 2}, Float(1.5)})}},
	} {
		data, err := EncodeTerm(context.Background(), c.here, a)
		if err != nil {
			t.Errorf("%s: %v", Format(c.here), err)
			continue
		}
		there, err := DecodeTerm(context.Background(), data, b)
		if err != nil || Format(there) != Format(c.there) {
			t.Errorf("%s: got %v, %v there, want %s", Format(c.here), there, err, Format(c.there))
			continue
		}
		back, err := EncodeTerm(context.Background(), there, b)
		if err != nil {
			t.Errorf("%s back: %v", Format(there), err)
			continue
		}
		if home, err := DecodeTerm(context.Background(), back, a); err != nil || Format(home) != Format(c.here) {
			t.Errorf("%s: came home as %v, %v", Format(c.here), home, err)
		}
	}
	for _, bad := range []Term{Pid{Node: 3, ID: 1}, Pid{ID: 1, Serial: 2}, Ref("0.1"), &Fun{Closure: &closure{}}} {
		if _, err := EncodeTerm(context.Background(), bad, a); err == nil {
			t.Errorf("%#v has an external form, want badarg", bad)
		}
	}
	if got := evalText(t, Options{}, "term_to_binary(self())."); got[:2] != "**" {
		t.Errorf("term_to_binary(self()): got %s, want badarg", got)
	}
}

func FuzzDecodeTerm(f *testing.F) {
	a := twoNodes{"a@h", "b@h"}
	for _, t := range []Term{Pid{ID: 81}, Port{ID: 1}, Ref("0.1.2.3"), &Fun{Module: "m", Name: "f", Arity: 1}, Tuple{Atom("a"), List(Int(1), Binary("x"))}} {
		data, err := EncodeTerm(context.Background(), t, a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeTerm(context.Background(), data, a)
		if err != nil {
			return
		}
		again, err := EncodeTerm(context.Background(), v, a)
		if err != nil {
			t.Fatalf("%s was decoded and is not encoded: %v", Format(v), err)
		}
		if w, err := DecodeTerm(context.Background(), again, a); err != nil || !Equal(v, w) {
			t.Fatalf("%s became %v, %v", Format(v), w, err)
		}
	})
}
