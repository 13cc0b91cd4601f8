package term

// tagIndent chooses the indentation below tagged tuples of the whole term:
// below their first element where that leaves room, else 4, else 1.
func (p *printer) tagIndent(n *node, col int) int {
	for _, ind := range []int{-1, 4} {
		m := measurer{printer: *p, ind: ind}
		if m.node(n, at{col: col}); !m.failed {
			return ind
		}
	}
	return 1
}

// measurer walks a layout as the printer does, writing nothing, and fails
// where a tagged tuple would be indented past half of the line.
type measurer struct {
	printer
	ind    int
	failed bool
}

func (m *measurer) node(n *node, a at) {
	if m.failed || m.fits(n.len, a) {
		return
	}
	inner := at{col: a.col + 1, depth: a.depth, used: a.used + 1}
	switch n.shape {
	case shapeList, shapeTuple:
		m.elements(n, inner)
	case shapeTagged:
		inner.col--
		m.tagged(n, inner)
	case shapeMap:
		m.pairs(n, at{col: a.col + 2, depth: a.depth, used: a.used + 2})
	}
}

func (m *measurer) elements(n *node, a at) {
	if len(n.kids) == 0 {
		return
	}
	first := a
	first.depth = n.depthAfter(0, a.depth)
	w := m.element(&n.kids[0], first)
	m.rest(n, 1, a, at{col: a.col + w, used: a.used + w})
}

func (m *measurer) rest(n *node, i int, home, cur at) {
	for ; i < len(n.kids) && !m.failed; i++ {
		e := &n.kids[i]
		d := n.depthAfter(i, home.depth)
		if e.atomic() && m.follows(e.len, cur, d) {
			cur.col += e.len + 1
			cur.used += e.len + 1
			continue
		}
		w := m.element(e, at{col: home.col, depth: d})
		cur.col, cur.used = home.col+w, w
	}
	if t := n.tail; t != nil && t.shape != shapeDots {
		d := home.depth + 1
		if !t.atomic() || t.len+1 >= m.width-cur.col-d || t.len+1+cur.used+d > m.max {
			m.node(t, at{col: cur.col, depth: d})
		}
	}
}

func (m *measurer) element(e *node, a at) int {
	if e.atomic() && m.fits(e.len, a) {
		return e.len
	}
	m.node(e, a)
	return m.width
}

func (m *measurer) tagged(n *node, a at) {
	tag := n.kids[0].len
	ind := tag + 2
	col := a.col + ind
	switch {
	case m.ind > 0 && ind > m.ind:
		home := a.col + m.ind
		if m.max+home > m.width && home > m.width/2 {
			m.failed = true
			return
		}
		m.rest(n, 1, at{col: home, depth: a.depth}, at{col: col, used: a.used + tag})
	case m.max+col < m.width || col < m.width/2:
		after := node{kids: n.kids[1:], tail: n.tail}
		m.elements(&after, at{col: col, depth: a.depth, used: a.used + tag + 1})
	default:
		m.failed = true
	}
}

func (m *measurer) pairs(n *node, home at) {
	if len(n.kids) == 0 {
		return
	}
	first := home
	first.depth = n.depthAfter(0, home.depth)
	w := m.pair(&n.kids[0], first)
	cur := at{col: home.col + w, used: home.used + w}
	for i := 1; i < len(n.kids) && !m.failed; i++ {
		e := &n.kids[i]
		d := n.depthAfter(i, home.depth)
		if e.atomicPair() && m.follows(e.len, cur, d) {
			cur.col += e.len + 1
			cur.used += e.len + 1
			continue
		}
		w := m.pair(e, at{col: home.col, depth: d})
		cur.col, cur.used = home.col+w, w
	}
}

func (m *measurer) pair(e *node, a at) int {
	if m.fits(e.len, a) {
		if e.atomicPair() {
			return e.len
		}
		return m.width
	}
	m.node(&e.kids[0], a)
	ind := 4
	if m.ind > 0 {
		ind = m.ind
	}
	m.node(&e.kids[1], at{col: a.col + ind, depth: a.depth})
	return m.width
}
