package repl

import "io"

// output takes what an evaluation prints.
type output struct {
	w    io.Writer
	left int
	err  error // of the writer
}

// print writes text within the budget for output.
func (m *machine) print(s string) error {
	o := m.out
	if len(s) > o.left {
		s = s[:max(o.left, 0)]
		if _, err := io.WriteString(o.w, s); err != nil {
			o.err = err
		}
		o.left = 0
		return m.kill(limitReached("output"))
	}
	o.left -= len(s)
	if _, err := io.WriteString(o.w, s); err != nil && o.err == nil {
		o.err = err
	}
	return m.step(len(s) >> 8)
}
