package admin

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoProcess is why Process cannot tell the number of a process that runs: the system does not say, the process
// is in another process namespace, or the client has no socket.
var ErrNoProcess = errors.New("admin: the number of the node's process is not known")

// Process gives the number of the operating system's process that listens on the socket. It asks the kernel, not
// the node. Errors: ErrNotRunning, ErrNoProcess.
func (c Client) Process(ctx context.Context) (int, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	p, known := peerOf(conn)
	if !known || p.pid <= 0 {
		return 0, fmt.Errorf("%w (%s)", ErrNoProcess, c)
	}
	return p.pid, nil
}
