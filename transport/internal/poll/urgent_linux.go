package poll

// WriteUrgent is Write for the few bytes that end a connection, for instance a close frame: the outgoing
// limits do not apply, so that a peer that reached them can still be told. Errors: ErrClosed.
func (d *Desc) WriteUrgent(p []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != open && (d.state != prepared || d.closing) {
		return ErrClosed
	}
	d.writeLocked(p)
	if d.state == ending {
		return ErrClosed
	}
	return nil
}
