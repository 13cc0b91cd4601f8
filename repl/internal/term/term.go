package term

import (
	"math/big"
	"strconv"
	"strings"
)

// Term is an Erlang term. The set is closed: Int, *Big, Float, Atom, Ref, *Fun,
// Port, Pid, Tuple, *Map, Nil, *Cons and Bits. Terms are immutable; slices in
// them must not be changed after construction.
type Term interface{ rank() rank }

// rank is the place of a type in Erlang's term order.
type rank uint8

const (
	rankNumber rank = iota
	rankAtom
	rankRef
	rankFun
	rankPort
	rankPid
	rankTuple
	rankMap
	rankNil
	rankList
	rankBits
)

// Int is an integer that fits 64 bits.
type Int int64

// Big is an integer outside the range of Int; NewInt keeps that invariant.
type Big struct{ v *big.Int }

// Float is a finite 64-bit float.
type Float float64

// Atom is an atom; its text is UTF-8.
type Atom string

// Ref is a reference; its text is what stands between #Ref< and >.
type Ref string

// Port is a port, printed #Port<Node.ID>.
type Port struct{ Node, ID uint64 }

// Pid is a process identifier, printed <Node.ID.Serial>. Node is 0 for a
// process of the node that prints it.
type Pid struct{ Node, ID, Serial uint64 }

// Fun is a function value. An external one has Module, Name and Arity
// (fun lists:map/2); a closure has Closure set, whose type belongs to the
// evaluator, and ID, a number that is unique within its shell.
type Fun struct {
	Module, Name Atom
	Arity        int
	ID           uint64
	Closure      any
}

// Tuple is a tuple.
type Tuple []Term

// Nil is the empty list.
type Nil struct{}

// Cons is a list cell; Tail is a list, or any term in an improper list.
type Cons struct{ Head, Tail Term }

// Bits is a bit string of N bits, left aligned in Data; bits of Data past N
// are zero. A binary has N divisible by 8.
type Bits struct {
	Data []byte
	N    int
}

func (Int) rank() rank   { return rankNumber }
func (*Big) rank() rank  { return rankNumber }
func (Float) rank() rank { return rankNumber }
func (Atom) rank() rank  { return rankAtom }
func (Ref) rank() rank   { return rankRef }
func (*Fun) rank() rank  { return rankFun }
func (Port) rank() rank  { return rankPort }
func (Pid) rank() rank   { return rankPid }
func (Tuple) rank() rank { return rankTuple }
func (*Map) rank() rank  { return rankMap }
func (Nil) rank() rank   { return rankNil }
func (*Cons) rank() rank { return rankList }
func (Bits) rank() rank  { return rankBits }

// True and False are the booleans.
const (
	True  = Atom("true")
	False = Atom("false")
)

// Bool gives the atom of a boolean.
func Bool(b bool) Atom {
	if b {
		return True
	}
	return False
}

// NewInt gives the integer term of v, which the term owns afterwards.
func NewInt(v *big.Int) Term {
	if v.IsInt64() {
		return Int(v.Int64())
	}
	return &Big{v}
}

// BigOf gives the value of an integer term as a big integer, not to be
// changed; false when t is not an integer.
func BigOf(t Term) (*big.Int, bool) {
	switch n := t.(type) {
	case Int:
		return big.NewInt(int64(n)), true
	case *Big:
		return n.v, true
	}
	return nil, false
}

// List builds a proper list.
func List(elems ...Term) Term { return ListTail(elems, Nil{}) }

// ListTail builds a list that ends in tail.
func ListTail(elems []Term, tail Term) Term {
	if len(elems) == 0 {
		return tail
	}
	cells := make([]Cons, len(elems))
	for i := range elems {
		cells[i].Head = elems[i]
		if i+1 < len(elems) {
			cells[i].Tail = &cells[i+1]
		} else {
			cells[i].Tail = tail
		}
	}
	return &cells[0]
}

// String builds the list of the code points of s.
func String(s string) Term {
	elems := make([]Term, 0, len(s))
	for _, r := range s {
		elems = append(elems, Int(r))
	}
	return List(elems...)
}

// Binary builds a binary of the bytes of s.
func Binary(s string) Bits { return Bits{[]byte(s), len(s) * 8} }

// Bytes builds a binary that owns b.
func Bytes(b []byte) Bits { return Bits{b, len(b) * 8} }

// IsBinary tells whether the bit string is a whole number of bytes.
func (b Bits) IsBinary() bool { return b.N%8 == 0 }

// Slice gives the elements of a proper list; false when t is not one.
func Slice(t Term) ([]Term, bool) {
	elems, tail := SliceTail(t)
	_, proper := tail.(Nil)
	return elems, proper
}

// SliceTail gives the elements of a list and its tail, Nil{} when it is proper.
func SliceTail(t Term) ([]Term, Term) {
	n := 0
	for c, ok := t.(*Cons); ok; c, ok = c.Tail.(*Cons) {
		n++
	}
	elems := make([]Term, 0, n)
	for {
		c, ok := t.(*Cons)
		if !ok {
			return elems, t
		}
		elems = append(elems, c.Head)
		t = c.Tail
	}
}

// Text gives the characters of a flat list of code points.
func Text(t Term) (string, bool) {
	var b strings.Builder
	for {
		switch c := t.(type) {
		case Nil:
			return b.String(), true
		case *Cons:
			r, ok := c.Head.(Int)
			if !ok || !ValidChar(r) {
				return "", false
			}
			b.WriteRune(rune(r))
			t = c.Tail
		default:
			return "", false
		}
	}
}

// ValidChar tells whether an integer is a Unicode scalar value.
func ValidChar(r Int) bool { return r >= 0 && r <= 0x10ffff && (r < 0xd800 || r > 0xdfff) }

// IsInteger tells whether t is an integer of any size.
func IsInteger(t Term) bool {
	switch t.(type) {
	case Int, *Big:
		return true
	}
	return false
}

// IsNumber tells whether t is an integer or a float.
func IsNumber(t Term) bool { return t.rank() == rankNumber }

// IsList tells whether t is an empty or a nonempty list, proper or not.
func IsList(t Term) bool { return t.rank() == rankNil || t.rank() == rankList }

// String gives the text of a pid, <0.81.0>.
func (p Pid) String() string {
	return "<" + strconv.FormatUint(p.Node, 10) + "." + strconv.FormatUint(p.ID, 10) + "." + strconv.FormatUint(p.Serial, 10) + ">"
}

// ParsePid reads the text of a pid.
func ParsePid(s string) (Pid, bool) {
	n, ok := parseDotted(s, "<", 3)
	if !ok {
		return Pid{}, false
	}
	return Pid{n[0], n[1], n[2]}, true
}

// ParsePort reads the text of a port.
func ParsePort(s string) (Port, bool) {
	n, ok := parseDotted(s, "#Port<", 2)
	if !ok {
		return Port{}, false
	}
	return Port{n[0], n[1]}, true
}

// ParseRef reads the text of a reference.
func ParseRef(s string) (Ref, bool) {
	if _, ok := parseDotted(s, "#Ref<", 4); !ok {
		return "", false
	}
	return Ref(s[len("#Ref<") : len(s)-1]), true
}

// parseDotted reads count numbers between prefix and >.
func parseDotted(s, prefix string, count int) ([]uint64, bool) {
	body, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return nil, false
	}
	if body, ok = strings.CutSuffix(body, ">"); !ok {
		return nil, false
	}
	parts := strings.Split(body, ".")
	if len(parts) != count {
		return nil, false
	}
	nums := make([]uint64, count)
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 64)
		if err != nil || p[0] == '+' {
			return nil, false
		}
		nums[i] = n
	}
	return nums, true
}
