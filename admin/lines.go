package admin

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Lines is what a console talks over: texts without line ends, in order. ReadLine and WriteLine may run at the
// same time, each on one goroutine at a time. After Close both fail.
type Lines interface {
	// ReadLine waits for the next line; the slice is good until the next call. io.EOF is the end in order.
	ReadLine() ([]byte, error)
	// WriteLine may wait, but not for ever, for a peer that reads slowly.
	WriteLine([]byte) error
	Close() error
}

const (
	maxLine      = 2*MaxExpression + 1<<10 // bytes of a line to the console: most texts are escaped little
	maxLineReply = 16 << 20                // of a line from it
	writeTimeout = 10 * time.Second
)

var errLineTooLong = errors.New("admin: line too long")

// connLines is a stream connection as Lines.
type connLines struct {
	conn net.Conn
	in   *bufio.Reader
	max  int
	line []byte

	writing sync.Mutex
}

var _ Lines = (*connLines)(nil)

func newConnLines(c net.Conn, in *bufio.Reader, longest int) *connLines {
	return &connLines{conn: c, in: in, max: longest}
}

// ReadLine implements Lines.
func (l *connLines) ReadLine() ([]byte, error) {
	l.line = l.line[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case len(l.line) > l.max+1:
			return nil, errLineTooLong
		case err == nil:
			return l.line[:len(l.line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(l.line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// WriteLine implements Lines.
func (l *connLines) WriteLine(b []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := l.conn.Write(append(append(make([]byte, 0, len(b)+1), b...), '\n'))
	return err
}

// Close implements Lines.
func (l *connLines) Close() error { return l.conn.Close() }
