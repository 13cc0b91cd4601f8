package config

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Secret is a text that never shows: it prints, formats, marshals and logs as ***.
type Secret string

const redacted = "***"

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format hides the text from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText hides the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Bytes is a size. Texts are a number and a unit: B, KiB, MiB, GiB, TiB, their short forms K, M, G, T (as
// Docker has them, also powers of 1024), or the decimal kB, MB, GB, TB.
type Bytes int64

var units = []struct {
	name   string
	factor int64
}{
	{"tib", 1 << 40}, {"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10},
	{"tb", 1e12}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3},
	{"t", 1 << 40}, {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"b", 1}, {"", 1},
}

// ParseBytes reads a size such as 4MiB, 512 or 1.5G.
func ParseBytes(s string) (Bytes, error) {
	lower := strings.ToLower(strings.TrimSpace(s))
	for _, u := range units {
		number, ok := strings.CutSuffix(lower, u.name)
		number = strings.TrimSpace(number)
		if !ok || number == "" || strings.Trim(number, "0123456789.") != "" {
			continue
		}
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			if n > math.MaxInt64/u.factor {
				return 0, fmt.Errorf("%s is too large", clip(s))
			}
			return Bytes(n * u.factor), nil
		}
		v, err := strconv.ParseFloat(number, 64)
		v *= float64(u.factor)
		if err != nil || v >= math.MaxInt64 || v != math.Trunc(v) {
			break
		}
		return Bytes(v), nil
	}
	return 0, fmt.Errorf("%q is not a size, such as 512, 64KiB or 4MiB", clip(s))
}

// String is the size with the largest binary unit that divides it.
func (b Bytes) String() string {
	for _, u := range units[:4] {
		if b != 0 && int64(b)%u.factor == 0 {
			return strconv.FormatInt(int64(b)/u.factor, 10) + strings.ToUpper(u.name[:1]) + "iB"
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// MemoryLimit is a soft memory limit in bytes, MemoryAuto or MemoryOff.
type MemoryLimit int64

// The memory limits that are no sizes.
const (
	MemoryAuto MemoryLimit = 0  // from the container's limit
	MemoryOff  MemoryLimit = -1 // none
)

// minMemory is the least limit that lets the node do anything but collect garbage.
const minMemory = 16 << 20

// ParseMemoryLimit reads auto, off, or a size of at least 16 MiB.
func ParseMemoryLimit(s string) (MemoryLimit, error) {
	switch s {
	case "auto":
		return MemoryAuto, nil
	case "off":
		return MemoryOff, nil
	}
	b, err := ParseBytes(s)
	if err != nil {
		return 0, fmt.Errorf("%q is neither auto, off, nor a size such as 2GiB", clip(s))
	}
	if b < minMemory {
		return 0, fmt.Errorf("%s is below the least limit, %s", b, Bytes(minMemory))
	}
	return MemoryLimit(b), nil
}

// String is the limit as ParseMemoryLimit reads it.
func (m MemoryLimit) String() string {
	switch m {
	case MemoryAuto:
		return "auto"
	case MemoryOff:
		return "off"
	default:
		return Bytes(m).String()
	}
}

// Log levels between and beyond those of slog, as lager and syslog name them.
const (
	LevelNotice   = slog.LevelInfo + 2
	LevelCritical = slog.LevelError + 4
	levelAlert    = slog.LevelError + 8
	levelEmerg    = slog.LevelError + 12
	levelNone     = slog.Level(math.MaxInt32)
)

// SlogLevel is the level as a slog.Level; none is above every level.
func (l Log) SlogLevel() slog.Level {
	switch l.Level {
	case "debug":
		return slog.LevelDebug
	case "notice":
		return LevelNotice
	case "warning":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	case "critical":
		return LevelCritical
	case "alert":
		return levelAlert
	case "emergency":
		return levelEmerg
	case "none":
		return levelNone
	default:
		return slog.LevelInfo
	}
}

// Levels are the values of log.level, least severe first.
func Levels() []string { return slices.Clone(table().byPath["log.level"].enum) }

// formatDuration is d as files spell it: 30m, not 30m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// quoteOdd puts a text in quotes, with escapes, if it has anything that a terminal does not simply show.
func quoteOdd(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}
