package term

import "strings"

// printer breaks a layout into lines by the rules of io_lib_pretty: an element
// that fits stays on the line, plain elements fill lines, and an element with
// parts stands on a line of its own.
type printer struct {
	width int // line length
	max   int // characters of content a line may hold
	tag   int // indentation below a tagged tuple; 0 is below its first element
	out   *strings.Builder
}

// at is a position: the column, the indentation that belongs to it, the number
// of closing brackets that will follow on the line, and the characters of
// content on it.
type at struct{ col, ind, depth, used int }

func (p *printer) fits(length int, a at) bool {
	return length < p.width-a.col-a.depth && length+a.used+a.depth <= p.max
}

// follows tells whether an element fits after a comma on the line.
func (p *printer) follows(length int, a at, depth int) bool {
	length++
	if depth == 0 {
		return length+1 < p.width-a.col && a.used+length+1 <= p.max
	}
	return length < p.width-a.col-depth && a.used+length+depth <= p.max
}

func (p *printer) newline(ind int) {
	p.out.WriteByte('\n')
	p.spaces(ind)
}

func (p *printer) spaces(n int) {
	for range n {
		p.out.WriteByte(' ')
	}
}

func (p *printer) node(n *node, a at) {
	if p.fits(n.len, a) {
		n.line(p.out)
		return
	}
	inner := at{a.col + 1, a.ind + 1, a.depth, a.used + 1}
	switch n.shape {
	case shapeList:
		p.out.WriteByte('[')
		p.elements(n, inner, "|")
		p.out.WriteByte(']')
	case shapeTagged:
		p.out.WriteByte('{')
		p.tagged(n, at{a.col, a.ind, a.depth, a.used + 1})
		p.out.WriteByte('}')
	case shapeTuple:
		p.out.WriteByte('{')
		p.elements(n, inner, ",")
		p.out.WriteByte('}')
	case shapeMap:
		p.out.WriteString("#{")
		p.pairs(n, at{a.col + 2, a.ind + 2, a.depth, a.used + 1})
		p.out.WriteByte('}')
	case shapeBinary:
		p.binary(n.text, at{a.col + 2, a.ind + 2, a.depth, a.used})
	default:
		n.line(p.out)
	}
}

// elements writes the elements of a list or a tuple from the line's position.
func (p *printer) elements(n *node, a at, bar string) {
	if len(n.kids) == 0 {
		n.tail.line(p.out)
		return
	}
	first := a
	first.depth = n.depthAfter(0, a.depth)
	w := p.element(&n.kids[0], first)
	p.rest(n, 1, a, at{col: a.col + w, depth: a.depth, used: a.used + w}, bar)
}

// depthAfter is the number of closing brackets after the i-th element.
func (n *node) depthAfter(i, depth int) int {
	if i+1 < len(n.kids) {
		return 0
	}
	return depth + 1
}

// rest writes the elements from the i-th on; home is the position of a new
// line, cur that on the present one.
func (p *printer) rest(n *node, i int, home, cur at, bar string) {
	for ; i < len(n.kids); i++ {
		e := &n.kids[i]
		d := n.depthAfter(i, home.depth)
		p.out.WriteByte(',')
		if e.atomic() && p.follows(e.len, cur, d) {
			e.line(p.out)
			cur.col += e.len + 1
			cur.used += e.len + 1
			continue
		}
		p.newline(home.ind)
		w := p.element(e, at{home.col, home.ind, d, 0})
		cur.col, cur.used = home.col+w, w
	}
	if n.tail == nil {
		return
	}
	p.out.WriteString(bar)
	t := n.tail
	d := home.depth + 1
	switch {
	case t.shape == shapeDots:
		t.line(p.out)
	case t.atomic() && t.len+1 < p.width-cur.col-d && t.len+1+cur.used+d <= p.max:
		t.line(p.out)
	default:
		p.newline(home.ind)
		p.node(t, at{home.col, home.ind, d, 0})
	}
}

// element writes one element and gives its width; one with parts counts as a
// whole line, so that the next begins a new one.
func (p *printer) element(e *node, a at) int {
	if e.atomic() && p.fits(e.len, a) {
		e.line(p.out)
		return e.len
	}
	p.node(e, a)
	return p.width
}

func (p *printer) tagged(n *node, a at) {
	tag := &n.kids[0]
	tag.line(p.out)
	ind := tag.len + 2
	if p.tag > 0 && ind > p.tag {
		home := at{a.col + p.tag, a.ind + p.tag, a.depth, 0}
		p.rest(n, 1, home, at{col: a.col + ind, used: a.used + tag.len}, ",")
		return
	}
	if len(n.kids) == 1 { // only dots follow
		p.out.WriteString(",...")
		return
	}
	p.out.WriteByte(',')
	after := node{shape: shapeTuple, kids: n.kids[1:], tail: n.tail}
	p.elements(&after, at{a.col + ind, a.ind + ind, a.depth, a.used + tag.len + 1}, ",")
}

func (p *printer) pairs(n *node, home at) {
	if len(n.kids) == 0 {
		n.tail.line(p.out)
		return
	}
	first := home
	first.depth = n.depthAfter(0, home.depth)
	w := p.pair(&n.kids[0], first)
	cur := at{col: home.col + w, used: w}
	for i := 1; i < len(n.kids); i++ {
		e := &n.kids[i]
		d := n.depthAfter(i, home.depth)
		p.out.WriteByte(',')
		if e.atomicPair() && p.follows(e.len, cur, d) {
			e.line(p.out)
			cur.col += e.len + 1
			cur.used += e.len + 1
			continue
		}
		p.newline(home.ind)
		w := p.pair(e, at{home.col, home.ind, d, 0})
		cur.col, cur.used = home.col+w, w
	}
	if n.tail != nil {
		p.out.WriteString(",...")
	}
}

func (p *printer) pair(e *node, a at) int {
	if p.fits(e.len, a) {
		e.line(p.out)
		if e.atomicPair() {
			return e.len
		}
		return p.width
	}
	ind := p.valueIndent()
	p.node(&e.kids[0], a)
	p.out.WriteString(" =>")
	p.newline(a.ind + ind)
	p.node(&e.kids[1], at{a.col + ind, a.ind + ind, a.depth, 0})
	return p.width
}

func (p *printer) valueIndent() int {
	if p.tag > 0 {
		return p.tag
	}
	return 4
}

// binary breaks the numbers of a binary after commas.
func (p *printer) binary(text string, a at) {
	full := max(8, min(p.width-a.col, p.max-4-a.used)-a.depth)
	body := text[2 : len(text)-2]
	p.out.WriteString("<<")
	room := full
	for {
		i := strings.IndexByte(body, ',')
		if i < 0 {
			break
		}
		if room -= i + 1; room < 0 {
			p.newline(a.ind)
			room = full - i - 1
		}
		p.out.WriteString(body[:i+1])
		body = body[i+1:]
	}
	if len(body) > room {
		p.newline(a.ind)
	}
	p.out.WriteString(body)
	p.out.WriteString(">>")
}
