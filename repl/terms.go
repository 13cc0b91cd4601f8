package repl

import (
	"math/big"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// The Erlang terms. Terms are immutable: a slice in one is not to be changed.
type (
	// Term is any Erlang term: one of the types below.
	Term = term.Term
	// Int is an integer that fits 64 bits; NewInt makes integers of any size.
	Int = term.Int
	// Big is an integer outside of the range of Int.
	Big = term.Big
	// Float is a finite float.
	Float = term.Float
	// Atom is an atom.
	Atom = term.Atom
	// Ref is a reference: the text between #Ref< and >.
	Ref = term.Ref
	// Port prints as #Port<Node.ID>.
	Port = term.Port
	// Pid prints as <Node.ID.Serial>; Node is 0 on its own node.
	Pid = term.Pid
	// Fun is a function value.
	Fun = term.Fun
	// Tuple is a tuple.
	Tuple = term.Tuple
	// Map is a map; NewMap makes one.
	Map = term.Map
	// Nil is the empty list.
	Nil = term.Nil
	// Cons is a list cell; List makes lists.
	Cons = term.Cons
	// Bits is a bit string; Binary makes binaries.
	Bits = term.Bits
)

// True and False are the booleans.
const (
	True  = term.True
	False = term.False
)

// NewInt gives the integer term of v, which the term owns afterwards.
func NewInt(v *big.Int) Term { return term.NewInt(v) }

// Bool gives true or false.
func Bool(b bool) Atom { return term.Bool(b) }

// List builds a proper list.
func List(elems ...Term) Term { return term.List(elems...) }

// String builds the list of the code points of s.
func String(s string) Term { return term.String(s) }

// Binary builds a binary of the bytes of s.
func Binary(s string) Bits { return term.Binary(s) }

// NewMap builds a map of key and value pairs; of equal keys the last counts.
func NewMap(pairs ...[2]Term) *Map { return term.NewMap(pairs...) }

// Slice gives the elements of a proper list; false when t is not one.
func Slice(t Term) ([]Term, bool) { return term.Slice(t) }

// Text gives the characters of a flat list of code points; false when t is not
// one.
func Text(t Term) (string, bool) { return term.Text(t) }

// ParsePid reads the text of a pid, <0.81.0>.
func ParsePid(s string) (Pid, bool) { return term.ParsePid(s) }

// Compare orders terms as Erlang's < does: number < atom < reference < fun <
// port < pid < tuple < map < list < bit string; 1 and 1.0 are equal.
func Compare(a, b Term) int { return term.Compare(a, b) }

// Equal is Erlang's =:=.
func Equal(a, b Term) bool { return term.Equal(a, b) }

// Format prints a term as ~p does at 80 columns, without a newline. What is
// longer than 1 MiB ends in "...".
func Format(t Term) string { return term.Format(t) }
