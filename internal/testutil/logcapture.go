package testutil

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// LogCapture is a slog.Handler that keeps what is logged. The zero value is ready; all methods are safe for
// concurrent use.
type LogCapture struct {
	mu      sync.Mutex
	records []LogRecord
}

// LogRecord is one captured record. Attrs holds all attributes, those of With as well, as text; keys in
// groups are joined with dots.
type LogRecord struct {
	Level   slog.Level
	Message string
	Attrs   map[string]string
}

var _ slog.Handler = (*LogCapture)(nil)

// Logger returns a logger that writes to c.
func (c *LogCapture) Logger() *slog.Logger { return slog.New(c) }

// Records returns what has been logged so far.
func (c *LogCapture) Records() []LogRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.records)
}

// Find returns the records whose message is the given one.
func (c *LogCapture) Find(message string) []LogRecord {
	return slices.DeleteFunc(c.Records(), func(r LogRecord) bool { return r.Message != message })
}

// Enabled implements slog.Handler: everything is captured.
func (c *LogCapture) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c *LogCapture) Handle(_ context.Context, r slog.Record) error {
	c.add(r, nil, "")
	return nil
}

// WithAttrs implements slog.Handler.
func (c *LogCapture) WithAttrs(attrs []slog.Attr) slog.Handler {
	return (&boundCapture{capture: c}).WithAttrs(attrs)
}

// WithGroup implements slog.Handler.
func (c *LogCapture) WithGroup(name string) slog.Handler {
	return (&boundCapture{capture: c}).WithGroup(name)
}

func (c *LogCapture) add(r slog.Record, bound map[string]string, prefix string) {
	record := LogRecord{Level: r.Level, Message: r.Message, Attrs: map[string]string{}}
	maps.Copy(record.Attrs, bound)
	r.Attrs(func(a slog.Attr) bool {
		flatten(record.Attrs, prefix, a)
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, record)
}

// boundCapture is a LogCapture with attributes of With and WithGroup.
type boundCapture struct {
	capture *LogCapture
	attrs   map[string]string // immutable
	prefix  string            // of groups, with a dot at its end
}

func (b *boundCapture) Enabled(context.Context, slog.Level) bool { return true }

func (b *boundCapture) Handle(_ context.Context, r slog.Record) error {
	b.capture.add(r, b.attrs, b.prefix)
	return nil
}

func (b *boundCapture) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := map[string]string{}
	maps.Copy(all, b.attrs)
	for _, a := range attrs {
		flatten(all, b.prefix, a)
	}
	return &boundCapture{capture: b.capture, attrs: all, prefix: b.prefix}
}

func (b *boundCapture) WithGroup(name string) slog.Handler {
	if name == "" {
		return b
	}
	return &boundCapture{capture: b.capture, attrs: b.attrs, prefix: b.prefix + name + "."}
}

// flatten writes a, and the members of a group one by one, into attrs.
func flatten(attrs map[string]string, prefix string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		attrs[prefix+a.Key] = value.String()
		return
	}
	inner := strings.TrimPrefix(prefix+a.Key+".", ".")
	if a.Key == "" {
		inner = prefix
	}
	for _, member := range value.Group() {
		flatten(attrs, inner, member)
	}
}
