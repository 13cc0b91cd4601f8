package main

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"github.com/erlmcp/erlmcp/config"
)

// maxField is the most of one field that is logged, in bytes.
const maxField = 1 << 10

// newLogger logs to w as c says.
func newLogger(w io.Writer, terminal bool, c config.Log) *slog.Logger {
	return newLogLevels(c.Level).logger(w, terminal, c.Format)
}

// tame bounds a field and makes it a text where it could be anything. It is a ReplaceAttr: values are
// resolved, so secrets are hidden already.
func tame(groups []string, a slog.Attr) slog.Attr {
	if level, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey && len(groups) == 0 {
		return slog.String(slog.LevelKey, levelName(level))
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, tameText(a.Value.String()))
	case slog.KindAny:
		if a.Value.Any() == nil {
			return a
		}
		return slog.String(a.Key, tameText(fmt.Sprint(a.Value.Any())))
	case slog.KindDuration:
		return slog.String(a.Key, a.Value.Duration().String())
	default:
		return a
	}
}

// levelName names the levels of config.Log that slog has no names for.
func levelName(l slog.Level) string {
	switch l {
	case config.LevelNotice:
		return "NOTICE"
	case config.LevelCritical:
		return "CRITICAL"
	default:
		return l.String()
	}
}

// tameText cuts a text to maxField bytes and escapes what is neither printable nor white space that the
// handlers escape.
func tameText(s string) string {
	rest := 0
	if len(s) > maxField {
		const room = 40 // for what is said about the rest
		rest = len(s) - (maxField - room)
		s = strings.ToValidUTF8(s[:maxField-room], "")
	}
	if strings.ContainsFunc(s, odd) {
		var b strings.Builder
		for _, r := range s {
			if odd(r) {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
		s = b.String()
		if len(s) > maxField {
			s = strings.ToValidUTF8(s[:maxField-40], "")
		}
	}
	if rest > 0 {
		s += "... (" + strconv.Itoa(rest) + " bytes more)"
	}
	return s
}

func odd(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }
