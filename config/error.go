package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Where string // file:line, the variable or the flag; empty for a default
	Key   string // path of the key; empty where there is none
	Text  string // what is wrong, and what to do; never the value of a secret
}

// Error is the problem in one line: where, which key, what.
func (p Problem) Error() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{p.Where, p.Key, p.Text} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// Errors is everything that is wrong with the configuration, in the order of precedence of the sources,
// lowest first.
type Errors []Problem

// Error lists the problems, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what one hostile file can make the loader say.
const maxProblems = 50

func (e *Errors) add(where, key, layout string, args ...any) {
	switch {
	case len(*e) < maxProblems:
		*e = append(*e, Problem{where, key, fmt.Sprintf(layout, args...)})
	case len(*e) == maxProblems:
		*e = append(*e, Problem{Text: "and more"})
	}
}
