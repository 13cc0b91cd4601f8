package top

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// model is the state of the view.
type model struct {
	ctx  context.Context
	o    Options
	tab  int
	sort []int // by tab, index into its Sorts
	skip int   // rows above the first that is shown

	page          Page
	err           error // of the last reading; page is older then
	width, height int
	reading       int // number of the reading that is shown next; older ones are dropped
	paused        bool
}

// pageRead is the end of a reading.
type pageRead struct {
	reading int
	page    Page
	err     error
}

// due is the time for the next reading.
type due struct{ reading int }

func newModel(ctx context.Context, o Options) *model {
	return &model{ctx: ctx, o: o, sort: make([]int, len(o.Tabs)), tab: o.First, width: 80, height: 24}
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return m.read() }

// read starts a reading of the page that is to be seen; those before it are dropped when they end.
func (m *model) read() tea.Cmd {
	m.reading++
	n, tab, sort := m.reading, m.o.Tabs[m.tab].Name, m.order()
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, m.o.Timeout)
		defer cancel()
		page, err := m.o.Source.Page(ctx, tab, sort, m.o.Limit)
		return pageRead{n, page, err}
	}
}

// order is what the page is ordered by; empty where there is no choice.
func (m *model) order() string {
	sorts := m.o.Tabs[m.tab].Sorts
	if len(sorts) == 0 {
		return ""
	}
	return sorts[m.sort[m.tab]]
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	case pageRead:
		if msg.reading != m.reading {
			return m, nil
		}
		if m.err = msg.err; msg.err == nil {
			m.page = msg.page
		}
		m.scroll(0)
		return m, tea.Tick(m.o.Refresh, func(time.Time) tea.Msg { return due{msg.reading} })
	case due:
		if msg.reading == m.reading && !m.paused {
			return m, m.read()
		}
	}
	return m, nil
}

// key acts on a key.
func (m *model) key(name string) tea.Cmd {
	switch name {
	case "q", "ctrl+c", "esc":
		return tea.Quit
	case "tab", "right", "l":
		return m.show((m.tab + 1) % len(m.o.Tabs))
	case "shift+tab", "left", "h":
		return m.show((m.tab + len(m.o.Tabs) - 1) % len(m.o.Tabs))
	case "s":
		if n := len(m.o.Tabs[m.tab].Sorts); n > 1 {
			m.sort[m.tab] = (m.sort[m.tab] + 1) % n
			return m.read()
		}
	case "p":
		if m.paused = !m.paused; !m.paused {
			return m.read()
		}
	case "r":
		return m.read()
	case "down", "j":
		m.scroll(1)
	case "up", "k":
		m.scroll(-1)
	case "pgdown", "space":
		m.scroll(m.visible())
	case "pgup":
		m.scroll(-m.visible())
	default:
		if len(name) == 1 && name[0] >= '1' && int(name[0]-'1') < len(m.o.Tabs) {
			return m.show(int(name[0] - '1'))
		}
	}
	return nil
}

// show turns to a tab.
func (m *model) show(tab int) tea.Cmd {
	m.tab, m.skip, m.page.Columns, m.page.Rows, m.err = tab, 0, nil, nil, nil
	return m.read()
}

// scroll moves the rows that are shown, within what there is.
func (m *model) scroll(by int) {
	m.skip = max(0, min(m.skip+by, len(m.page.Rows)-m.visible()))
}

// frameRows are the rows that are no row of the page: tabs, head, columns, keys, and two empty ones.
const frameRows = 6

// visible is how many rows of the page there is room for.
func (m *model) visible() int { return max(1, m.height-frameRows) }
