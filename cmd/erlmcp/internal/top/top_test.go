package top

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// counted is a source whose rows say what was asked for.
type counted struct {
	rows int
	err  error
}

func (c counted) Page(_ context.Context, tab, sort string, limit int) (Page, error) {
	if c.err != nil {
		return Page{}, c.err
	}
	p := Page{Head: "node n@h", Columns: []string{"NAME", "VALUE"}}
	for i := range min(c.rows, limit) {
		p.Rows = append(p.Rows, []string{fmt.Sprintf("%s-%s-%d", tab, sort, i), "v"})
	}
	return p, nil
}

func sample(source Source) *model {
	return newModel(context.Background(), Options{
		Tabs: []Tab{{"Actors", []string{"reductions", "memory"}}, {"Cluster", nil}}, Source: source, Refresh: 1, Timeout: 1 << 30, Limit: 50,
	})
}

// do has the model take a message and what its command gives at once.
func do(t *testing.T, m *model, msg tea.Msg) {
	t.Helper()
	_, cmd := m.Update(msg)
	if cmd == nil {
		return
	}
	if read, ok := cmd().(pageRead); ok {
		m.Update(read)
	}
}

func press(name string) tea.Msg {
	special := map[string]rune{"tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp, "pgdown": tea.KeyPgDown}
	if code, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Code: rune(name[0]), Text: name}
}

func shown(m *model) string { return ansi.Strip(m.View().Content) }

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		keys string
		want string // in the view
	}{
		{"", "Actors-reductions-0  v"},
		{"s", "Actors-memory-0"},
		{"s s", "Actors-reductions-0"},
		{"tab", "Cluster--0"},
		{"tab tab", "Actors-reductions-0"},
		{"2", "Cluster--0"},
		{"9", "Actors-reductions-0"},
		{"p", "PAUSED"},
		{"s tab 1", "by memory"},
	} {
		m := sample(counted{rows: 3})
		m.Update(m.Init()())
		for _, k := range strings.Fields(c.keys) {
			do(t, m, press(k))
		}
		if got := shown(m); !strings.Contains(got, c.want) {
			t.Errorf("keys %q: got\n%s\nwant in it %q", c.keys, got, c.want)
		}
	}
}

func TestScrollStaysWithinTheRows(t *testing.T) {
	m := sample(counted{rows: 30})
	m.Update(m.Init()())
	m.Update(tea.WindowSizeMsg{Width: 60, Height: 16}) // room for 10 rows
	for _, c := range []struct {
		key         string
		first, last string
	}{{"down", "-1 ", "-10 "}, {"pgdown", "-11 ", "-20 "}, {"pgdown", "-20 ", "-29 "}, {"down", "-20 ", "-29 "}, {"up", "-19 ", "-28 "}} {
		do(t, m, press(c.key))
		if got := shown(m); !strings.Contains(got, "reductions"+c.first) || !strings.Contains(got, "reductions"+c.last) || strings.Count(got, "Actors-") != 10 {
			t.Errorf("%s: got\n%s\nwant 10 rows from %s to %s", c.key, got, c.first, c.last)
		}
		if n := strings.Count(shown(m), "\n") + 1; n != 16 {
			t.Errorf("%s: got %d lines, want 16", c.key, n)
		}
	}
}

func TestOlderReadingIsDropped(t *testing.T) {
	m := sample(counted{rows: 1})
	slow := m.Init()
	do(t, m, press("tab"))
	m.Update(slow())
	if got := shown(m); !strings.Contains(got, "Cluster--0") || strings.Contains(got, "Actors-") {
		t.Errorf("got\n%s\nwant the page of the tab", got)
	}
}

func TestErrorKeepsThePage(t *testing.T) {
	m := sample(counted{rows: 1})
	m.Update(m.Init()())
	m.o.Source = counted{err: errors.New("the node\nhas gone")}
	do(t, m, press("r"))
	if got := shown(m); !strings.Contains(got, "the node has gone") || !strings.Contains(got, "Actors-reductions-0") {
		t.Errorf("got\n%s\nwant the error and the page before", got)
	}
}

func TestPausedViewDoesNotRead(t *testing.T) {
	m := sample(counted{rows: 1})
	m.Update(m.Init()())
	do(t, m, press("p"))
	if _, cmd := m.Update(due{m.reading}); cmd != nil {
		t.Error("a paused view reads")
	}
	if _, cmd := m.Update(press("p")); cmd == nil {
		t.Error("a view that goes on does not read")
	}
}

func TestNarrowTerminal(t *testing.T) {
	m := sample(counted{rows: 3})
	m.Update(m.Init()())
	m.Update(tea.WindowSizeMsg{Width: 20, Height: 2})
	for line := range strings.Lines(shown(m)) {
		if !strings.Contains(line, "Actors  ") && len([]rune(strings.TrimSuffix(line, "\n"))) > 20 {
			t.Errorf("got %q, want at most 20 columns", line)
		}
	}
}
