package supervisors

import (
	"context"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"
)

// report logs what OTP's supervisor reports: always with the attributes supervisor, context, reason and
// child.
func (s *supervisor) report(a action) {
	level := slog.LevelWarn
	if a.report == reportShutdown {
		level = slog.LevelError
	}
	if !s.sys.log.Enabled(context.Background(), level) {
		return
	}
	reason := a.reason.String()
	if a.err != nil {
		reason = termOf(a.err)
	}
	attrs := []slog.Attr{
		slog.String("supervisor", s.path), slog.String("context", string(a.report)),
		slog.String("reason", reason), slog.String("child", a.child.spec.ID),
	}
	if a.count > 0 {
		attrs = append(attrs, slog.Int("children", a.count))
	}
	if e, ok := a.reason.Err().(*PanicError); ok {
		attrs = append(attrs, slog.String("stack", string(e.Stack)))
	}
	s.sys.log.LogAttrs(context.Background(), level, "supervisor report", attrs...)
}

func (s *System) logAbandoned(path string, ch *child, pid *actor.PID) {
	s.log.LogAttrs(context.Background(), slog.LevelError, "child abandoned: it does not end and cannot be killed",
		slog.String("supervisor", path), slog.String("context", "abandoned"),
		slog.String("reason", "killed"), slog.String("child", ch.spec.ID), slog.String("pid", pid.Id))
}

// quiet lowers the level of what protoactor logs: its start and its dead letters are debug details here.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, lower(l))
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lower(r.Level)
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

func lower(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}
