package lineconn

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// errTooLong says that a line is longer than the limit. The rest of it has not been read.
var errTooLong = errors.New("lineconn: line too long")

// lines reads texts, one a line.
type lines struct {
	r       *bufio.Reader
	most    int  // bytes of a text
	partial bool // the last line was too long, and part of it has not been read
}

// next returns the next line that is not blank, without its end, as a slice of its own. Errors: errTooLong,
// io.EOF at the end of the stream, others of the reader.
func (l *lines) next() ([]byte, error) {
	var long []byte // the beginning of a line that does not fit the buffer
	for {
		line, err := l.r.ReadSlice('\n')
		l.partial = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !l.partial && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if long != nil || l.partial {
			long = append(long, line...)
			line = long
		}
		switch text := withoutEnd(line); {
		case len(text) > l.most:
			return nil, errTooLong
		case l.partial:
			continue
		case len(bytes.TrimSpace(text)) > 0:
			if long == nil {
				text = slices.Clone(text)
			}
			return text, nil // the end of the stream comes again
		case err != nil:
			return nil, err
		}
		long = nil
	}
}

// skip reads what is left of a line that was too long.
func (l *lines) skip() error {
	for l.partial {
		_, err := l.r.ReadSlice('\n')
		l.partial = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !l.partial {
			return err
		}
	}
	return nil
}

func withoutEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// oneLine returns text without line breaks. In JSON they can only be white space.
func oneLine(text []byte) []byte {
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	text = slices.Clone(text)
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
	return text
}
