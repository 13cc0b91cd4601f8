package jsonrpc

import (
	"math"
	"strconv"
)

// DefaultBatch is the largest batch that ScanBatch takes when it is not told otherwise.
const DefaultBatch = 32

// Scan reads text as one message. It checks the whole text; the package comment says what it refuses. A
// batch is refused with CodeInvalidRequest: ask IsBatch first where batches are allowed.
//
// The error's code is CodeParse for text that is not JSON, CodeInvalidRequest for JSON that is not a
// message, says something twice or exceeds a limit.
func Scan(text []byte, l Limits) (Message, *Error) {
	s := scanner{text: text, limits: l.withDefaults(), names: takeNames(text)}
	defer s.names.release()
	i := s.begin()
	if i < 0 {
		return Message{}, s.err
	}
	e, end := s.envelope(i, 0)
	if end < 0 || s.end(end) < 0 {
		return Message{}, s.err
	}
	if !e.object && text[i] == '[' {
		return Message{}, invalid("", "batches are not accepted")
	}
	return s.message(e)
}

// IsBatch reports whether text starts like a batch: with an array.
func IsBatch(text []byte) bool {
	i := skipSpace(text, 0)
	return i < len(text) && text[i] == '['
}

// ScanBatch reads text as a batch of 1 to most messages (JSON-RPC 2.0, section 6); most 0 means
// DefaultBatch. Entries stand in the order of the text, each a message or the reason why it is none.
//
// The whole batch is refused, as by Scan, where the text is no JSON, is ambiguous or exceeds a limit; and
// with CodeInvalidRequest if it is empty or too large. The array counts as a level of nesting.
func ScanBatch(text []byte, l Limits, most int) ([]Entry, *Error) {
	if most <= 0 {
		most = DefaultBatch
	}
	s := scanner{text: text, limits: l.withDefaults(), names: takeNames(text)}
	defer s.names.release()
	i := s.begin()
	if i < 0 {
		return nil, s.err
	}
	if !IsBatch(text) {
		return nil, invalid("", "batch is not an array")
	}
	i = skipSpace(text, i+1)
	if i < len(text) && text[i] == ']' {
		if s.end(i+1) < 0 {
			return nil, s.err
		}
		return nil, invalid("", "batch is empty")
	}
	return s.batch(i, most)
}

// batch reads the elements of a batch, of which the first is at i, and the rest of the text.
func (s *scanner) batch(i, most int) ([]Entry, *Error) {
	var entries []Entry
	for more := true; more; {
		if len(entries) == most {
			err := invalid("", "batch has more than "+strconv.Itoa(most)+" messages")
			err.Bound = BatchBound
			return nil, err
		}
		e, end := s.envelope(i, 1)
		if end < 0 {
			s.err.ID = "" // the refusal is of the batch, not of one request
			return nil, s.err
		}
		m, err := s.message(e)
		entries = append(entries, Entry{Message: m, Err: err})
		if i, more = s.afterElement(end); i < 0 {
			return nil, s.err
		}
	}
	if s.end(i) < 0 {
		return nil, s.err
	}
	return entries, nil
}

// begin finds the first byte of the text's value.
func (s *scanner) begin() int {
	if len(s.text) > math.MaxInt32 {
		return s.limit("text is longer than 2 GiB") // positions of names have 32 bits
	}
	if len(s.text) >= 3 && s.text[0] == 0xEF && s.text[1] == 0xBB && s.text[2] == 0xBF {
		return s.refuse(CodeParse, "text starts with a byte order mark")
	}
	return skipSpace(s.text, 0)
}
