package jsonrpc

import (
	"strconv"
	"unicode/utf8"
)

// AppendResult appends the response to the request id. result is an encoded JSON value; nil stands for an
// empty object.
func AppendResult(dst []byte, id ID, result []byte) []byte {
	dst = appendHead(dst, id)
	dst = append(dst, `,"result":`...)
	dst = appendRaw(dst, result, "{}")
	return append(dst, '}')
}

// AppendError appends the error response to the request id; an empty id is written as null. e.ID plays no
// part.
func AppendError(dst []byte, id ID, e *Error) []byte {
	if id == "" {
		id = Null
	}
	dst = appendHead(dst, id)
	dst = append(dst, `,"error":{"code":`...)
	dst = strconv.AppendInt(dst, int64(e.Code), 10)
	dst = append(dst, `,"message":`...)
	dst = AppendString(dst, e.Message)
	if len(e.Data) > 0 {
		dst = append(dst, `,"data":`...)
		dst = append(dst, e.Data...)
	}
	return append(dst, "}}"...)
}

// AppendRequest appends a request. params is an encoded object or array; nil leaves the member out.
func AppendRequest(dst []byte, id ID, method string, params []byte) []byte {
	return appendCall(appendHead(dst, id), method, params)
}

// AppendNotification appends a notification. params is an encoded object or array; nil leaves the member
// out.
func AppendNotification(dst []byte, method string, params []byte) []byte {
	return appendCall(appendHead(dst, ""), method, params)
}

// appendHead opens a message and writes its version and, unless it is empty, its id.
func appendHead(dst []byte, id ID) []byte {
	dst = append(dst, `{"jsonrpc":"2.0"`...)
	if id != "" {
		dst = append(dst, `,"id":`...)
		dst = append(dst, id...)
	}
	return dst
}

func appendCall(dst []byte, method string, params []byte) []byte {
	dst = append(dst, `,"method":`...)
	dst = AppendString(dst, method)
	if len(params) > 0 {
		dst = append(dst, `,"params":`...)
		dst = append(dst, params...)
	}
	return append(dst, '}')
}

func appendRaw(dst, value []byte, absent string) []byte {
	if len(value) == 0 {
		return append(dst, absent...)
	}
	return append(dst, value...)
}

// AppendString appends s as a JSON string. The output is valid UTF-8 on one line: control characters are
// escaped, bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // of what has not been copied
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			start = i + 1
		}
		i++
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscape appends the escape sequence for a quote, a backslash or a control character.
func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
