//go:build !linux

package poll

import (
	"context"
	"net"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// Supported says whether this system has loops.
const Supported = false

// Loop does not exist on this system: New always fails.
type Loop struct{}

// New fails with ErrUnsupported.
func New(Options) (*Loop, error) { return nil, ErrUnsupported }

// Serve waits for ctx.
func (l *Loop) Serve(ctx context.Context) { <-ctx.Done() }

// Prepare does nothing.
func (l *Loop) Prepare(*Desc, Handler) {}

// Len is 0.
func (l *Loop) Len() int { return 0 }

// Desc cannot be attached on this system.
type Desc struct{}

// Attach closes c and fails with ErrUnsupported.
func (d *Desc) Attach(c net.Conn, _ []byte) error {
	c.Close()
	return ErrUnsupported
}

// Read fails with ErrClosed.
func (d *Desc) Read([]byte) (int, error) { return 0, ErrClosed }

// Write fails with ErrClosed.
func (d *Desc) Write([]byte) error { return ErrClosed }

// Close does nothing.
func (d *Desc) Close(error) {}

// Abort does nothing.
func (d *Desc) Abort(error) {}

// CloseWrite does nothing.
func (d *Desc) CloseWrite() {}

// SetTimer does nothing.
func (d *Desc) SetTimer(time.Duration) {}

// Waiting is 0.
func (d *Desc) Waiting() int { return 0 }

// Traffic is not known.
func (d *Desc) Traffic() (transport.Traffic, bool) { return transport.Traffic{}, false }
