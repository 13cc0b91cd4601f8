//go:build !linux

package poll

// WriteUrgent fails with ErrClosed.
func (d *Desc) WriteUrgent([]byte) error { return ErrClosed }
