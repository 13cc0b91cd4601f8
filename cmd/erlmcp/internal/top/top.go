// Package top is a terminal view of a node that is read again and again: pages under tabs, each a table.
//
// What a page shows comes from a Source. The package knows keys, sizes and colours, and nothing of nodes.
//
// Stability: none, it belongs to the program.
package top

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Tab is one page of the view.
type Tab struct {
	Name  string
	Sorts []string // what its rows can be ordered by, the first being the default; none: they have one order
}

// Page is what a tab shows.
type Page struct {
	Head    string // one line about the node
	Columns []string
	Rows    [][]string
}

// Source reads pages.
type Source interface {
	// Page reads the page of a tab, the largest values of sort first, at most limit rows.
	Page(ctx context.Context, tab, sort string, limit int) (Page, error)
}

// Options configures a view.
type Options struct {
	Tabs    []Tab
	Source  Source
	Refresh time.Duration // between the end of one reading and the next
	Timeout time.Duration // of one reading
	Limit   int           // rows that are read
	In      io.Reader
	Out     io.Writer
	Environ []string // TERM, NO_COLOR
	First   int      // tab that is shown first
}

// Run shows the view until q or Ctrl-C is typed, or ctx ends.
func Run(ctx context.Context, o Options) error {
	p := tea.NewProgram(newModel(ctx, o), tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ))
	_, err := p.Run()
	if ctx.Err() != nil {
		return nil
	}
	return err
}
