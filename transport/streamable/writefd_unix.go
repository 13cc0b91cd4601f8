//go:build unix

package streamable

import "syscall"

// writeFD writes what the socket takes at once; a full socket is no error.
func writeFD(fd uintptr, p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n, err := syscall.Write(int(fd), p[sent:])
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return sent, nil
		case err != nil:
			return sent, err
		default:
			sent += n
		}
	}
	return sent, nil
}
