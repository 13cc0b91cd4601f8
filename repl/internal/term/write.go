package term

import "strings"

// Write gives a term on one line, as the control sequence ~w does.
func Write(t Term, s Style) string {
	s.Width = 0
	text, _ := Render(t, s, true)
	return text
}

// Print gives a term as the control sequence ~p does: with strings, and broken
// into lines where it is longer than the style's width.
func Print(t Term, s Style) string {
	text, _ := Render(t, s, false)
	return text
}

// Format prints a term as ~p does at 80 columns.
func Format(t Term) string { return Print(t, Style{Width: 80, Column: 1, Depth: -1}) }

// Render is Write or Print, and tells whether the text is whole: false when it
// was cut at the style's Max or nests more than 1,000 deep.
func Render(t Term, s Style, write bool) (text string, whole bool) {
	if s.Max == 0 {
		s.Max = DefaultMax
	}
	if s.Column < 1 {
		s.Column = 1
	}
	l := layouter{style: s, left: s.Max, write: write}
	n := l.layout(t, s.Depth)
	var b strings.Builder
	content := n.len
	if s.Content > 0 {
		content = s.Content
	}
	if s.Width == 0 || n.atomic() || n.len < s.Width-s.Column && n.len <= content {
		n.line(&b)
		return b.String(), !l.cut
	}
	p := printer{width: s.Width, max: content, out: &b}
	p.tag = p.tagIndent(&n, s.Column)
	p.node(&n, at{col: s.Column, ind: s.Column - 1})
	return b.String(), !l.cut
}

// line writes a node on one line.
func (n *node) line(b *strings.Builder) {
	switch n.shape {
	case shapeList:
		n.sequence(b, "[", "|", "]")
	case shapeTuple, shapeTagged:
		n.sequence(b, "{", ",", "}")
	case shapeMap:
		n.sequence(b, "#{", ",", "}")
	case shapePair:
		n.kids[0].line(b)
		b.WriteString(" => ")
		n.kids[1].line(b)
	default:
		b.WriteString(n.text)
	}
}

func (n *node) sequence(b *strings.Builder, open, bar, end string) {
	b.WriteString(open)
	for i := range n.kids {
		if i > 0 {
			b.WriteByte(',')
		}
		n.kids[i].line(b)
	}
	if n.tail != nil {
		if len(n.kids) > 0 {
			b.WriteString(bar)
		}
		n.tail.line(b)
	}
	b.WriteString(end)
}
