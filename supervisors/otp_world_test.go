package supervisors

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// world is one scenario under way: the system and what has been seen of it.
type world struct {
	t        *testing.T
	sys      *System
	root     *Supervisor
	tree     scenario
	released chan struct{} // closed at the end: hanging workers may go

	mu        sync.Mutex
	changed   *sync.Cond
	attempts  map[string]int            // start attempts by path
	processes map[string]int            // incarnations by path
	byPID     map[*actor.PID]*processAt // every process there has been
	last      map[string]*processAt     // the present or last one by path
	events    []eventJSON
	reports   []reportJSON
	pending   []*duringCall // operations sent while a start function ran, in order
	exit      *string       // of the root
	skew      time.Duration // of the test clock
}

type processAt struct {
	path  string
	n     int
	pid   *actor.PID
	sup   *Supervisor // nil for a worker
	ended bool
}

// duringCall is an operation of "during" and its answer to come.
type duringCall struct {
	step   stepJSON
	result func() resultJSON
}

func newWorld(t *testing.T, s scenario, as *actor.ActorSystem) *world {
	w := &world{
		t: t, tree: s, released: make(chan struct{}), attempts: map[string]int{}, processes: map[string]int{},
		byPID: map[*actor.PID]*processAt{}, last: map[string]*processAt{},
	}
	w.changed = sync.NewCond(&w.mu)
	w.sys = NewSystem(Options{
		Logger: slog.New(reportHandler{w}), Events: w.event, KillGrace: 30 * time.Millisecond, as: as,
		now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return time.Now().Add(w.skew)
		},
	})
	return w
}

// event notes an event of the supervisors.
func (w *world) event(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.changed.Broadcast()
	switch e := e.(type) {
	case ChildStarted:
		path := pathOf(e.Supervisor, e.Child, e.Arg)
		w.processes[path]++
		p := &processAt{path: path, n: w.processes[path], pid: e.PID}
		p.sup, _ = w.sys.Supervisor(e.PID)
		w.byPID[e.PID], w.last[path] = p, p
		w.events = append(w.events, eventJSON{Event: "started", Path: path, Incarnation: p.n})
	case ChildIgnored:
		w.events = append(w.events, eventJSON{Event: "ignored", Path: pathOf(e.Supervisor, e.Child, e.Arg)})
	case StartFailed:
		path := pathOf(e.Supervisor, e.Child, e.Arg)
		w.events = append(w.events, eventJSON{Event: "start_failed", Path: path, Reason: w.term(e.Err)})
	case ChildExited:
		p := w.byPID[e.PID]
		p.ended = true
		reason := e.Reason.String()
		w.events = append(w.events, eventJSON{Event: "terminated", Path: p.path, Incarnation: p.n, Reason: reason})
		if p.path == "/" {
			w.exit = &reason
		}
	}
}

// pathOf is the path of a child in the form of the scenarios.
func pathOf(sup, child string, arg any) string {
	if sup == "" {
		return "/"
	}
	if d, ok := arg.(*dynamicArg); ok {
		return d.path
	}
	return join(supPath(sup), child)
}

func supPath(sup string) string {
	if path := strings.TrimPrefix(sup, "root"); path != "" {
		return path
	}
	return "/"
}

// term is an error as in the scenarios, where the module with the init function is <module>.
func (w *world) term(err error) string {
	term := TermOf(err)
	if before, after, ok := strings.Cut(term, "{bad_return,{"); ok {
		_, rest, _ := strings.Cut(after, ",")
		return before + "{bad_return,{<module>," + rest
	}
	return term
}

func (w *world) find(path string) *processAt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[path]
}

// proc is a process as in the scenarios.
func (w *world) proc(pid *actor.PID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.byPID[pid]
	if p == nil {
		return "unknown process " + pid.String()
	}
	return procText(p.path, p.n)
}

// awaitEnd waits until p has ended.
func (w *world) awaitEnd(p *processAt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !p.ended {
		w.changed.Wait()
	}
}

// settle waits until nothing moves any more.
func (w *world) settle() {
	testutil.Eventually(w.t, 20*time.Second, func() bool {
		for range 3 { // between two looks something may begin to move
			if !w.calm() {
				return false
			}
		}
		return true
	})
}

func (w *world) calm() bool {
	w.sys.mu.RLock()
	defer w.sys.mu.RUnlock()
	for _, s := range w.sys.sups {
		if s.backlog.Load() != 0 || !s.calm.Load() {
			return false
		}
	}
	return true
}

// close ends what the scenario has left.
func (w *world) close() {
	close(w.released)
	if w.root != nil {
		_ = w.root.Stop(Shutdown)
	}
	testutil.Eventually(w.t, 20*time.Second, w.empty)
}

func (w *world) empty() bool {
	w.sys.mu.RLock()
	defer w.sys.mu.RUnlock()
	return len(w.sys.sups) == 0
}

// state is the tree as in the scenarios.
func (w *world) state() stateJSON {
	w.mu.Lock()
	var sups []*processAt
	for _, p := range w.last {
		if p.sup != nil && !p.ended {
			sups = append(sups, p)
		}
	}
	st := stateJSON{ExitReason: w.exit}
	root := w.last["/"]
	st.Alive = root != nil && !root.ended
	w.mu.Unlock()
	if !st.Alive {
		return st
	}
	slices.SortFunc(sups, func(a, b *processAt) int { return strings.Compare(a.path, b.path) })
	for _, p := range sups {
		counts, _ := p.sup.CountChildren()
		st.Supervisors = append(st.Supervisors, supStateJSON{p.path, w.children(p.sup), counts})
	}
	return st
}

func (w *world) children(h *Supervisor) []childJSON {
	rows, _ := h.WhichChildren()
	return w.rows(rows)
}

func (w *world) rows(rows []ChildInfo) []childJSON {
	list := make([]childJSON, 0, len(rows))
	for _, r := range rows {
		c := childJSON{Child: "undefined", Type: string(r.Type)}
		if r.ID != "" {
			c.ID = &r.ID
		}
		if r.PID != nil {
			c.Child = w.proc(r.PID)
		}
		if r.Restarting {
			c.Child = "restarting"
		}
		list = append(list, c)
	}
	if len(list) > 0 && list[0].ID == nil {
		slices.SortFunc(list, func(a, b childJSON) int { return strings.Compare(a.Child, b.Child) })
	}
	return list
}

// reportHandler notes the supervisor reports.
type reportHandler struct{ w *world }

func (h reportHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h reportHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h reportHandler) WithGroup(string) slog.Handler            { return h }

func (h reportHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "supervisor report" {
		return nil
	}
	var rep reportJSON
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "supervisor":
			rep.Sup = supPath(a.Value.String())
		case "context":
			rep.Context = a.Value.String()
		case "child":
			rep.Child = a.Value.String()
		case "reason":
			rep.Reason = a.Value.String()
		}
		return true
	})
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	h.w.reports = append(h.w.reports, rep)
	return nil
}
