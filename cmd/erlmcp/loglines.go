package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	// maxLine is the longest line that is kept in one piece, in bytes.
	maxLine = 64 << 10
	// tailLines is how many lines are kept for a node that fails.
	tailLines = 12
)

// logSink is where the lines of all processes go, each whole.
type logSink struct {
	mu sync.Mutex
	to io.Writer
}

// line prints one line. A reader that has gone is not told more.
func (s *logSink) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.to, text+"\n")
}

// logLines takes the output of one process and passes it on as lines with a prefix. Writes come from one
// goroutine.
type logLines struct {
	sink   *logSink
	prefix string
	quiet  bool
	open   []byte // a line without its end; at most maxLine bytes

	mu   sync.Mutex
	last []string // the last lines, at most tailLines
}

func newLogLines(sink *logSink, prefix string, quiet bool) *logLines {
	return &logLines{sink: sink, prefix: prefix, quiet: quiet}
}

// Write implements io.Writer; it never fails.
func (l *logLines) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if room := maxLine - len(l.open); len(line) > room {
			line, rest, whole = text[:room], text[room:], true
		}
		l.open = append(l.open, line...)
		if whole {
			l.emit()
		}
		text = rest
	}
	return n, nil
}

// close passes on what has no line end.
func (l *logLines) close() {
	if len(l.open) > 0 {
		l.emit()
	}
}

func (l *logLines) emit() {
	line := l.prefix + strings.TrimSuffix(string(l.open), "\r")
	l.open = l.open[:0]
	l.mu.Lock()
	if len(l.last) == tailLines {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, line)
	l.mu.Unlock()
	if !l.quiet {
		l.sink.line(line)
	}
}

// tail is the last lines of the process.
func (l *logLines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}
