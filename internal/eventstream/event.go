package eventstream

import (
	"bytes"
	"strconv"
	"time"
)

// Event is one event of a stream.
type Event struct {
	ID    string        // without line breaks and NUL; empty if there is none
	Name  string        // type of the event, without line breaks; empty stands for "message"
	Data  string        // any text; line breaks of all kinds arrive as "\n"
	Retry time.Duration // the time after which to reconnect, in whole milliseconds; 0 if not given
}

// Append appends e with the blank line that ends it. An event without data gets an empty data field, since
// clients ignore events without one (MCP 2025-11-25, basic/transports, primes streams so); only an event
// that has nothing but Retry is written without. Line breaks and NUL in ID and Name are left out.
func Append(dst []byte, e Event) []byte {
	if e.Name != "" {
		dst = appendField(dst, "event: ", e.Name)
	}
	if e.ID != "" {
		dst = appendField(dst, "id: ", e.ID)
	}
	if ms := e.Retry.Milliseconds(); ms > 0 {
		dst = append(dst, "retry: "...)
		dst = strconv.AppendInt(dst, ms, 10)
		dst = append(dst, '\n')
	}
	if e != (Event{Retry: e.Retry}) || e.Retry == 0 {
		dst = appendLines(dst, "data: ", e.Data)
	}
	return append(dst, '\n')
}

// AppendMessage appends an event of the default type with the data text, without a copy of text. An empty
// id is left out.
func AppendMessage(dst []byte, id string, text []byte) []byte {
	if id != "" {
		dst = appendField(dst, "id: ", id)
	}
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		dst = append(dst, "data: "...)
		dst = append(dst, text...)
		return append(dst, "\n\n"...)
	}
	dst = appendLines(dst, "data: ", string(text))
	return append(dst, '\n')
}

// AppendComment appends a comment, which clients ignore: it keeps a silent stream open.
func AppendComment(dst []byte, s string) []byte {
	return append(appendLines(dst, ": ", s), '\n')
}

// appendField appends a field whose value has one line.
func appendField(dst []byte, head, value string) []byte {
	dst = append(dst, head...)
	for i := range len(value) {
		if c := value[i]; c != '\n' && c != '\r' && c != 0 {
			dst = append(dst, c)
		}
	}
	return append(dst, '\n')
}

// appendLines appends each line of text behind head.
func appendLines(dst []byte, head, text string) []byte {
	dst = append(dst, head...)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			fallthrough
		case '\n':
			dst = append(dst, '\n')
			dst = append(dst, head...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\n')
}
