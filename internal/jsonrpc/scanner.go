package jsonrpc

import "strconv"

// failed is the position that scanning functions return after they have set scanner.err.
const failed = -1

// scanner checks one text. Its methods take the position to start at and return the position after what
// they read, or failed. The position travels in arguments, so that it stays in a register.
type scanner struct {
	text   []byte
	limits Limits
	names  *nameSet
	err    *Error
	// attributable says that err leaves the id that was read so far trustworthy: a limit was reached, as
	// opposed to text that is not JSON or says something twice.
	attributable bool
}

// value reads any value that starts at i. depth is the number of objects and arrays around it.
func (s *scanner) value(i, depth int) int {
	if i >= len(s.text) {
		return s.truncated()
	}
	switch c := s.text[i]; c {
	case '"':
		end, _ := s.str(i)
		return end
	case '{':
		return s.object(i, depth, nil)
	case '[':
		return s.array(i, depth)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	default:
		if c == '-' || isDigit(c) {
			return s.number(i)
		}
		return s.unexpected(i)
	}
}

// object reads the object that starts at i. env, if not nil, takes note of its members.
func (s *scanner) object(i, depth int, env *envelope) int {
	if depth >= s.limits.Depth {
		return s.tooDeep()
	}
	base := s.names.open()
	i = skipSpace(s.text, i+1)
	if i < len(s.text) && s.text[i] == '}' {
		return i + 1
	}
	for {
		if i = s.key(i, base); i < 0 {
			return failed
		}
		end := s.value(i, depth+1)
		if end < 0 {
			return failed
		}
		if env != nil {
			env.note(s.names.last(), i, end)
		}
		i = skipSpace(s.text, end)
		if i >= len(s.text) {
			return s.truncated()
		}
		switch s.text[i] {
		case ',':
			i = skipSpace(s.text, i+1)
		case '}':
			s.names.close(base)
			return i + 1
		default:
			return s.unexpected(i)
		}
	}
}

// key reads a member's name and the colon after it, and returns where the value starts. base is the mark of
// the object the member belongs to.
func (s *scanner) key(i, base int) int {
	if i >= len(s.text) {
		return s.truncated()
	}
	if s.text[i] != '"' {
		return s.unexpected(i)
	}
	end, escaped := s.str(i)
	if end < 0 {
		return failed
	}
	if s.names.count(base) >= s.limits.Members {
		return s.limit("an object has more than " + strconv.Itoa(s.limits.Members) + " members")
	}
	if !s.names.add(base, i+1, end-1, escaped) {
		return s.refuse(CodeInvalidRequest, "a member occurs twice in its object, at byte "+strconv.Itoa(i))
	}
	i = skipSpace(s.text, end)
	if i >= len(s.text) {
		return s.truncated()
	}
	if s.text[i] != ':' {
		return s.unexpected(i)
	}
	return skipSpace(s.text, i+1)
}

// array reads the array that starts at i.
func (s *scanner) array(i, depth int) int {
	if depth >= s.limits.Depth {
		return s.tooDeep()
	}
	i = skipSpace(s.text, i+1)
	if i < len(s.text) && s.text[i] == ']' {
		return i + 1
	}
	for {
		i = s.value(i, depth+1)
		if i < 0 {
			return failed
		}
		more := false
		if i, more = s.afterElement(i); !more {
			return i
		}
	}
}

// afterElement reads the comma or bracket after an element of an array. more says that another element
// has to follow.
func (s *scanner) afterElement(i int) (next int, more bool) {
	i = skipSpace(s.text, i)
	if i >= len(s.text) {
		return s.truncated(), false
	}
	switch s.text[i] {
	case ',':
		return skipSpace(s.text, i+1), true
	case ']':
		return i + 1, false
	default:
		return s.unexpected(i), false
	}
}

// end checks that nothing but white space follows the text's value.
func (s *scanner) end(i int) int {
	i = skipSpace(s.text, i)
	if i < len(s.text) {
		return s.refuse(CodeParse, "text goes on after its end, at byte "+strconv.Itoa(i))
	}
	return i
}

func (s *scanner) literal(i int, want string) int {
	for k := range len(want) {
		if i+k >= len(s.text) {
			return s.truncated()
		}
		if s.text[i+k] != want[k] {
			return s.unexpected(i + k)
		}
	}
	return i + len(want)
}

// number reads a number (RFC 8259, section 6). A leading zero ends the number, so that the digit after it
// is refused by the caller.
func (s *scanner) number(i int) int {
	if s.text[i] == '-' {
		i++
	}
	if i < len(s.text) && s.text[i] == '0' {
		i++
	} else if i = s.digits(i); i < 0 {
		return failed
	}
	if i < len(s.text) && s.text[i] == '.' {
		if i = s.digits(i + 1); i < 0 {
			return failed
		}
	}
	if i < len(s.text) && (s.text[i] == 'e' || s.text[i] == 'E') {
		i++
		if i < len(s.text) && (s.text[i] == '+' || s.text[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

// digits reads one digit or more.
func (s *scanner) digits(i int) int {
	if i >= len(s.text) {
		return s.truncated()
	}
	if !isDigit(s.text[i]) {
		return s.unexpected(i)
	}
	for i++; i < len(s.text) && isDigit(s.text[i]); i++ {
	}
	return i
}

func (s *scanner) truncated() int {
	return s.refuse(CodeParse, "text ends too early, after "+strconv.Itoa(len(s.text))+" bytes")
}

func (s *scanner) unexpected(i int) int {
	return s.refuse(CodeParse, "unexpected character at byte "+strconv.Itoa(i))
}

func (s *scanner) limit(message string) int {
	s.attributable = true
	return s.refuse(CodeInvalidRequest, message)
}

func (s *scanner) tooDeep() int {
	i := s.limit("nesting is deeper than " + strconv.Itoa(s.limits.Depth))
	s.err.Bound = DepthBound
	return i
}

func (s *scanner) refuse(code int, message string) int {
	s.err = &Error{Code: code, Message: message}
	return failed
}

// skipSpace returns the position of the first byte from i on that is not white space, or len(text).
func skipSpace(text []byte, i int) int {
	for i < len(text) {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }
