package top

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

var (
	chosen = lipgloss.NewStyle().Bold(true).Reverse(true)
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	failed = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red)
)

const keys = "q quit  tab next  1-9 tab  s sort  p pause  r read  arrows scroll"

// View implements tea.Model.
func (m *model) View() tea.View {
	lines := []string{m.tabs(), m.clip(m.page.Head), ""}
	if m.err != nil {
		lines[2] = failed.Render(m.clip(oneLine(m.err.Error())))
	}
	lines = append(lines, m.table()...)
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	state := keys
	if m.paused {
		state = "PAUSED  " + keys
	}
	v := tea.NewView(strings.Join(append(lines, faint.Render(m.clip(state))), "\n"))
	v.AltScreen = true
	v.WindowTitle = "erlmcp top"
	return v
}

// tabs is the line of tabs, with what the page is ordered by.
func (m *model) tabs() string {
	var names []string
	for i, t := range m.o.Tabs {
		if i == m.tab {
			names = append(names, chosen.Render(" "+t.Name+" "))
		} else {
			names = append(names, " "+t.Name+" ")
		}
	}
	line := strings.Join(names, " ")
	if sort := m.order(); sort != "" {
		line += faint.Render("   by " + sort)
	}
	return line
}

// table is the columns, and the rows that there is room for.
func (m *model) table() []string {
	if len(m.page.Columns) == 0 {
		return []string{""}
	}
	widths := make([]int, len(m.page.Columns))
	for _, row := range append([][]string{m.page.Columns}, m.page.Rows...) {
		for i, cell := range row {
			if i < len(widths) {
				widths[i] = max(widths[i], lipgloss.Width(cell))
			}
		}
	}
	lines := []string{bold.Render(m.clip(line(m.page.Columns, widths)))}
	end := min(len(m.page.Rows), m.skip+m.visible())
	for _, row := range m.page.Rows[min(m.skip, end):end] {
		lines = append(lines, m.clip(line(row, widths)))
	}
	return lines
}

func line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		if i < len(cells)-1 && i < len(widths) {
			b.WriteString(strings.Repeat(" ", widths[i]-lipgloss.Width(cell)+2))
		}
	}
	return b.String()
}

// clip cuts a line at the width of the terminal.
func (m *model) clip(s string) string {
	if lipgloss.Width(s) <= m.width {
		return s
	}
	return lipgloss.NewStyle().MaxWidth(m.width).Render(s)
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }
