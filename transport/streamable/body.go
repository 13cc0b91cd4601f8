package streamable

import (
	"errors"
	"io"
	"os"
)

// firstRead is what a body may make us allocate before any of it has arrived.
const firstRead = 16 << 10

var (
	errTooLarge = errors.New("streamable: body over the limit")
	errTimeout  = errors.New("streamable: body took too long")
	errShort    = errors.New("streamable: body ended early")
)

// readBody reads a whole body of at most limit bytes. length is the declared one, or -1. The buffer grows
// with what arrives, never with what was announced. Errors: errTooLarge, errTimeout, errShort.
func readBody(r io.Reader, length int64, limit int) ([]byte, error) {
	if length > int64(limit) {
		return nil, errTooLarge
	}
	most := limit + 1 // one byte more than allowed shows that there is too much
	if length >= 0 {
		most = int(length)
	}
	buf := make([]byte, 0, min(firstRead, most))
	for len(buf) < most {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), most))
			copy(grown, buf)
			buf = grown
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, bodyError(err)
		}
	}
	switch {
	case length < 0 && len(buf) > limit:
		return nil, errTooLarge
	case length >= 0 && int64(len(buf)) < length:
		return nil, errShort
	case cap(buf)-len(buf) > firstRead/8 && cap(buf) > len(buf)+len(buf)/4:
		return append(make([]byte, 0, len(buf)), buf...), nil
	}
	return buf, nil
}

func bodyError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	return errShort
}
