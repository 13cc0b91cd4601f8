package cluster

import (
	"context"
	"errors"
	"log/slog"
	"strings"
)

// lowered shows what a library logs at level debug: its errors are often no errors of ours, and what
// matters is logged where it is known.
type lowered struct{ slog.Handler }

// Enabled implements slog.Handler.
func (l lowered) Enabled(ctx context.Context, _ slog.Level) bool {
	return l.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle implements slog.Handler.
func (l lowered) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l lowered) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lowered{l.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (l lowered) WithGroup(name string) slog.Handler { return lowered{l.Handler.WithGroup(name)} }

// listLog takes memberlist's lines.
type listLog struct {
	log  *slog.Logger
	gate *gate
}

// Write implements io.Writer. Packets that were not sealed with our key are refused peers; the rest is
// for debugging.
func (l listLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if strings.Contains(text, "Decrypt packet failed") {
		_, from, _ := strings.Cut(text, "from=")
		l.gate.report(RefusedCookie, from, errors.New("packet that is not sealed with the cookie's key"))
		return len(line), nil
	}
	l.log.Debug("cluster membership", "detail", text)
	return len(line), nil
}
