package term

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style says how terms are written.
type Style struct {
	Width   int  // line length of the broken form; 0 writes one line
	Column  int  // column of the first character, from 1
	Depth   int  // elements and levels before "..."; negative is without limit
	Content int  // characters of content on a line, indentation not counted; 0 is without limit
	Unicode bool // characters above 255 in atoms are written as they are, binaries may be UTF-8 (the modifier t)
	Lists   bool // lists of characters and binaries print as lists (the modifier l)
	Max     int  // budget in characters, a part counting as four more; the rest becomes "..."; 0 is DefaultMax
}

// DefaultMax is the default bound of a written term in characters.
const DefaultMax = 1 << 20

// shape is the kind of a node of a layout.
type shape uint8

const (
	shapeText   shape = iota // text, written as it is
	shapeBinary              // text of a binary as numbers, breakable after commas
	shapeList
	shapeTuple
	shapeTagged // a tuple of two or more elements that begins with an atom
	shapeMap
	shapePair
	shapeDots // the rest of a list, tuple or map
)

// node is a term with its text lengths computed, ready to be broken into lines.
type node struct {
	shape shape
	text  string
	kids  []node
	tail  *node // improper tail, or dots, after kids
	len   int   // characters on one line
}

func (n *node) atomic() bool { return n.shape == shapeText }

// atomicPair tells whether a map pair has a plain key and a plain value.
func (n *node) atomicPair() bool { return n.kids[0].atomic() && n.kids[1].atomic() }

// layouter builds nodes within the budget of its style.
type layouter struct {
	style Style
	left  int
	level int
	write bool // ~w: no strings
	cut   bool // something was left out for want of budget
}

func textNode(s string) node { return node{shape: shapeText, text: s, len: utf8.RuneCountInString(s)} }

var dots = node{shape: shapeDots, text: "...", len: 3}

// layout gives the node of t; d is the depth left, negative without limit.
func (l *layouter) layout(t Term, d int) node {
	if l.spent() || l.level > maxPrintDepth {
		l.cut = true
		return textNode("...")
	}
	if d == 0 {
		return textNode("...")
	}
	l.level++
	defer func() { l.level-- }()
	var n node
	switch x := t.(type) {
	case *Cons:
		n = l.list(x, d)
	case Tuple:
		n = l.tuple(x, d)
	case *Map:
		n = l.mapNode(x, d)
	case Bits:
		n = l.bits(x, d)
	default:
		n = textNode(writeLeaf(t, !l.style.Unicode))
	}
	if n.kids == nil {
		l.left -= n.len
	}
	l.left -= nodeCost
	return n
}

// maxPrintDepth bounds the nesting that is written: lines are indented by it.
const maxPrintDepth = 1000

// nodeCost is what a node takes of the budget beside its characters, for its
// memory.
const nodeCost = 4

// spent tells whether the budget is used up.
func (l *layouter) spent() bool {
	l.cut = l.cut || l.left <= 0
	return l.left <= 0
}

// writeLeaf writes a term without parts.
func writeLeaf(t Term, latin1 bool) string {
	switch x := t.(type) {
	case Int:
		return strconv.FormatInt(int64(x), 10)
	case *Big:
		return x.v.String()
	case Float:
		return WriteFloat(x)
	case Atom:
		return WriteAtom(x, latin1)
	case Ref:
		return "#Ref<" + string(x) + ">"
	case Port:
		return "#Port<" + strconv.FormatUint(x.Node, 10) + "." + strconv.FormatUint(x.ID, 10) + ">"
	case Pid:
		return x.String()
	case *Fun:
		return writeFun(x)
	case Nil:
		return "[]"
	}
	return ""
}

func writeFun(f *Fun) string {
	if f.Closure == nil {
		return "fun " + WriteAtom(f.Module, false) + ":" + WriteAtom(f.Name, false) + "/" + strconv.Itoa(f.Arity)
	}
	return "#Fun<erl_eval." + strconv.Itoa(43-f.Arity) + ".3316493>" // as OTP 25 numbers its own funs
}

func (l *layouter) list(c *Cons, d int) node {
	if !l.write && !l.style.Lists && d != 1 {
		if s, ok := l.printable(c); ok {
			return textNode(Quote(s, '"', !l.style.Unicode))
		}
	}
	n := node{shape: shapeList, kids: []node{}, len: 2}
	var t Term = c
	for first := true; ; first = false {
		cell, ok := t.(*Cons)
		if !ok {
			break
		}
		if d == 1 || l.spent() {
			n.tail = &dots
			n.len += 3 + comma(first)
			return n
		}
		if d > 0 {
			d--
		}
		n.add(l.layout(cell.Head, d))
		t = cell.Tail
	}
	if _, ok := t.(Nil); !ok {
		tail := l.improper(t, d)
		n.tail = &tail
		n.len += tail.len + 1
	}
	return n
}

func (l *layouter) improper(t Term, d int) node {
	if d == 1 {
		return dots
	}
	return l.layout(t, max(d-1, min(d, -1)))
}

func comma(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (n *node) add(kid node) {
	n.len += kid.len + comma(len(n.kids) == 0)
	n.kids = append(n.kids, kid)
}

// printable gives the text of a list that prints as a string.
func (l *layouter) printable(c *Cons) (string, bool) {
	var b strings.Builder
	var t Term = c
	for n := 0; n < l.left; n++ {
		switch x := t.(type) {
		case Nil:
			return b.String(), true
		case *Cons:
			r, ok := x.Head.(Int)
			if !ok || r < 0 || r > 0x10ffff || !Printable(rune(r), true) {
				return "", false
			}
			b.WriteRune(rune(r))
			t = x.Tail
		default:
			return "", false
		}
	}
	l.cut = true
	return b.String() + "...", true
}

func (l *layouter) tuple(t Tuple, d int) node {
	if len(t) == 0 {
		return textNode("{}")
	}
	if d == 1 {
		return textNode("{...}")
	}
	n := node{shape: shapeTuple, kids: []node{}, len: 2}
	if _, ok := t[0].(Atom); ok && len(t) > 1 {
		n.shape = shapeTagged
	}
	for i, e := range t {
		if d == 1 || l.spent() {
			n.tail = &dots
			n.len += 3 + comma(i == 0)
			return n
		}
		if d > 0 {
			d--
		}
		n.add(l.layout(e, d))
	}
	return n
}

func (l *layouter) mapNode(m *Map, d int) node {
	if m.Len() == 0 {
		return textNode("#{}")
	}
	if d == 1 && l.write {
		return textNode("#{}") // as Erlang does
	}
	if d == 1 {
		return textNode("#{...}")
	}
	n := node{shape: shapeMap, kids: []node{}, len: 3}
	inner := max(d-1, min(d, -1))
	for i := range m.Len() {
		if d == 1 || l.spent() {
			n.tail = &dots
			n.len += 3 + comma(i == 0)
			return n
		}
		if d > 0 {
			d--
		}
		k, v := m.At(i)
		pair := node{shape: shapePair, kids: []node{l.layout(k, inner), l.layout(v, inner)}}
		pair.len = pair.kids[0].len + 4 + pair.kids[1].len
		n.add(pair)
	}
	if d == 1 && l.write { // as Erlang does, whether there are more or not
		n.tail = &dots
		n.len += 4
	}
	return n
}
