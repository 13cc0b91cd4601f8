package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/erlmcp/erlmcp/config"
)

// subsystems are what can have a level of its own: the rooms that log, main for the program, library for what is
// not ours.
var subsystems = []string{"actors", "admin", "cluster", "erlmcp", "inspect", "library", "main", "mcp", "metrics", "supervisors", "transport"}

// everything names all subsystems where one is asked for.
const everything = "all"

// logLevels is what is logged at least, by subsystem. It is safe for concurrent use.
type logLevels struct {
	mu      sync.Mutex // for setters
	current atomic.Pointer[levelTable]
}

// levelTable is immutable.
type levelTable struct {
	base  string            // level of subsystems without their own
	own   map[string]string // by subsystem
	least slog.Level        // of all
}

func newLogLevels(level string) *logLevels {
	l := &logLevels{}
	l.store(level, nil)
	return l
}

func (l *logLevels) store(base string, own map[string]string) {
	t := &levelTable{base: base, own: own, least: levelOf(base)}
	for _, level := range own {
		t.least = min(t.least, levelOf(level))
	}
	l.current.Store(t)
}

func levelOf(name string) slog.Level { return config.Log{Level: name}.SlogLevel() }

// all gives the level of each subsystem.
func (l *logLevels) all() map[string]string {
	t := l.current.Load()
	levels := map[string]string{}
	for _, s := range subsystems {
		levels[s] = t.of(s)
	}
	return levels
}

func (t *levelTable) of(subsystem string) string {
	if level, ok := t.own[subsystem]; ok {
		return level
	}
	return t.base
}

// set sets the level of a subsystem; of all, also those that have their own, where it is empty or all.
func (l *logLevels) set(subsystem, level string) error {
	if levels := config.Levels(); !slices.Contains(levels, level) {
		return fmt.Errorf("no level %.40q, want one of %s", level, strings.Join(levels, ", "))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch t := l.current.Load(); {
	case subsystem == "" || subsystem == everything:
		l.store(level, nil)
	case slices.Contains(subsystems, subsystem):
		own := maps.Clone(t.own)
		if own == nil {
			own = map[string]string{}
		}
		own[subsystem] = level
		l.store(t.base, own)
	default:
		return fmt.Errorf("no subsystem %.40q, want %s or one of %s", subsystem, everything, strings.Join(subsystems, ", "))
	}
	return nil
}

// logger logs to w what the levels let through: as text for people on a terminal, else as JSON, or as format
// says. Every value is bounded and free of control characters, whoever made it.
func (l *logLevels) logger(w io.Writer, terminal bool, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.Level(math.MinInt), ReplaceAttr: tame}
	if format == "text" || format == "auto" && terminal {
		return slog.New(levelled{slog.NewTextHandler(w, o), l})
	}
	return slog.New(levelled{slog.NewJSONHandler(w, o), l})
}

// levelled lets through what the levels do.
type levelled struct {
	slog.Handler
	levels *logLevels
}

// Enabled implements slog.Handler: whether any subsystem logs at this level.
func (h levelled) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.levels.current.Load().least
}

// Handle implements slog.Handler.
func (h levelled) Handle(ctx context.Context, r slog.Record) error {
	if t := h.levels.current.Load(); len(t.own) > 0 && r.Level < levelOf(t.of(subsystemOf(r.PC))) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h levelled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelled{h.Handler.WithAttrs(attrs), h.levels}
}

// WithGroup implements slog.Handler.
func (h levelled) WithGroup(name string) slog.Handler {
	return levelled{h.Handler.WithGroup(name), h.levels}
}

// ours is the path of the module.
const ours = "github.com/erlmcp/erlmcp"

// subsystemOf is the subsystem of the code that logs: the folder of its package.
func subsystemOf(pc uintptr) string {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	path, isOurs := strings.CutPrefix(frame.Function, ours)
	switch {
	case strings.HasPrefix(frame.Function, "main."), isOurs && strings.HasPrefix(path, "/cmd/"):
		return "main"
	case !isOurs:
		return "library"
	}
	path = strings.TrimPrefix(path, "/")
	if end := strings.IndexAny(path, "/."); end > 0 {
		return path[:end]
	}
	return "erlmcp"
}
