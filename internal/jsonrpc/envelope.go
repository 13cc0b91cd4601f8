package jsonrpc

import (
	"bytes"
	"strconv"
)

// span is text[start:end], the value of a member. No such value starts at 0, so the zero span is absent.
type span struct{ start, end int }

func (s span) present() bool { return s.start != 0 }

// envelope is where the members of a message are.
type envelope struct {
	object                                       bool // false for any other JSON value
	jsonrpc, id, method, params, result, failure span
	miscased                                     string // the right name of a member in the wrong case
}

// envelopeNames are the members that JSON-RPC gives a meaning.
var envelopeNames = [...]string{"jsonrpc", "id", "method", "params", "result", "error"}

// note takes down the member key with the value from start to end.
func (e *envelope) note(key []byte, start, end int) {
	at := span{start, end}
	switch string(key) {
	case "jsonrpc":
		e.jsonrpc = at
	case "id":
		e.id = at
	case "method":
		e.method = at
	case "params":
		e.params = at
	case "result":
		e.result = at
	case "error":
		e.failure = at
	default:
		for _, known := range envelopeNames {
			if bytes.EqualFold(key, []byte(known)) {
				e.miscased = known
			}
		}
	}
}

// envelope reads the value at i, which should be a message.
func (s *scanner) envelope(i, depth int) (envelope, int) {
	var e envelope
	if i >= len(s.text) || s.text[i] != '{' {
		return e, s.value(i, depth)
	}
	e.object = true
	end := s.object(i, depth, &e)
	if end < 0 && s.attributable {
		s.err.ID, _ = s.id(e.id)
	}
	return e, end
}

// message checks the rules of JSON-RPC 2.0 for an envelope of a whole text without faults.
func (s *scanner) message(e envelope) (Message, *Error) {
	if !e.object {
		return Message{}, invalid("", "message is not an object")
	}
	id, problem := s.id(e.id)
	isResponse := !e.method.present() && (e.result.present() || e.failure.present())
	owner := id // of an error
	if isResponse || id == Null {
		owner = ""
	}
	switch {
	case problem != "":
		return Message{}, invalid(owner, problem)
	case e.miscased != "":
		return Message{}, invalid(owner, "member "+e.miscased+" is spelled in another case")
	case !s.isVersion2(e.jsonrpc):
		return Message{}, invalid(owner, `jsonrpc must be "2.0"`)
	case isResponse:
		return s.response(e, id)
	case id == Null:
		return Message{}, invalid("", "id of a request must not be null")
	case !e.method.present():
		return Message{}, invalid(owner, "message has no method, result or error")
	case e.result.present() || e.failure.present():
		return Message{}, invalid(owner, "message has a method and a result or error")
	}
	return s.request(e, id)
}

// isVersion2 reports whether at is the string 2.0, in whatever spelling.
func (s *scanner) isVersion2(at span) bool {
	raw := s.raw(at)
	if string(raw) == `"2.0"` {
		return true
	}
	version, _ := String(raw)
	return version == "2.0"
}

// request reads a request or, without id, a notification.
func (s *scanner) request(e envelope, id ID) (Message, *Error) {
	m := Message{Kind: Request, ID: id, Params: s.raw(e.params)}
	if id == "" {
		m.Kind = Notification
	}
	ok := false
	if m.Method, ok = String(s.raw(e.method)); !ok {
		return Message{}, invalid(id, "method is not a string")
	}
	if len(m.Method) > s.limits.MethodBytes {
		return Message{}, invalid(id, "method is longer than "+strconv.Itoa(s.limits.MethodBytes)+" bytes")
	}
	if m.Params != nil && m.Params[0] != '{' && m.Params[0] != '[' {
		return Message{}, invalid(id, "params is neither an object nor an array")
	}
	return m, nil
}

// response reads a response. Its errors have no id: the id names a request of ours.
func (s *scanner) response(e envelope, id ID) (Message, *Error) {
	if e.result.present() && e.failure.present() {
		return Message{}, invalid("", "response has both result and error")
	}
	if id == "" {
		return Message{}, invalid("", "response has no id")
	}
	if e.result.present() {
		if id == Null {
			return Message{}, invalid("", "id of a result must not be null")
		}
		return Message{Kind: Result, ID: id, Result: s.raw(e.result)}, nil
	}
	failure := s.raw(e.failure)
	if failure[0] != '{' {
		return Message{}, invalid("", "error is not an object")
	}
	return Message{Kind: Failure, ID: id, Error: failure}, nil
}

// id reads an id. The problem, if there is one, leaves the id empty.
func (s *scanner) id(at span) (id ID, problem string) {
	raw := s.raw(at)
	switch {
	case raw == nil:
		return "", ""
	case len(raw) > s.limits.IDBytes:
		return "", "id is longer than " + strconv.Itoa(s.limits.IDBytes) + " bytes"
	case raw[0] == '"':
		return ID(raw), ""
	case raw[0] == 'n':
		return Null, ""
	case raw[0] != '-' && !isDigit(raw[0]):
		return "", "id is neither a string nor an integer"
	case bytes.ContainsAny(raw, ".eE"):
		return "", "id is a number but not an integer"
	}
	return ID(raw), ""
}

// raw is the text of a member's value; nil if the member is absent.
func (s *scanner) raw(at span) []byte {
	if !at.present() {
		return nil
	}
	return s.text[at.start:at.end:at.end]
}

func invalid(id ID, message string) *Error {
	return &Error{Code: CodeInvalidRequest, Message: message, ID: id}
}
