package jsonrpc

import (
	"iter"
	"unsafe"
)

// Fields yields the members of object, which must be an object of a scanned text (surrounding white space
// is allowed): each name decoded, each value raw. A name without escapes aliases object; clone it to keep
// it for longer. Any other value has no members.
func Fields(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		i := skipSpace(object, 0)
		if i >= len(object) || object[i] != '{' {
			return
		}
		for i = skipSpace(object, i+1); i < len(object) && object[i] == '"'; {
			end := skipValue(object, i)
			if end-i < 2 {
				return
			}
			key := fieldName(object[i+1 : end-1])
			i = skipSpace(object, end)
			if i >= len(object) || object[i] != ':' {
				return
			}
			i = skipSpace(object, i+1)
			end = skipValue(object, i)
			if end == i || !yield(key, object[i:end:end]) {
				return
			}
			i = skipSpace(object, end)
			if i >= len(object) || object[i] != ',' {
				return
			}
			i = skipSpace(object, i+1)
		}
	}
}

// fieldName decodes a name without its quotes.
func fieldName(inner []byte) string {
	if hasEscape(inner) {
		return string(appendDecoded(nil, inner))
	}
	return unsafe.String(unsafe.SliceData(inner), len(inner))
}

// skipValue returns the position after the value that starts at i. The text has been scanned, so strings
// and brackets are all there is to look at.
func skipValue(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = skipString(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // the end of the object around a number or literal
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// skipString returns the position after the string whose opening quote is at i.
func skipString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
