//go:build linux

package poll

import (
	"bytes"
	"io"
	"testing"
)

func TestUrgentBytesPassTheLimit(t *testing.T) {
	f := start(t, Options{OutgoingBytes: 1 << 10})
	var r recorder
	peer := f.park(t, &r)
	block := bytes.Repeat([]byte("x"), 64<<10)
	sent := 0
	var err error
	for ; err == nil; sent++ {
		err = r.Write(block)
	}
	if err != ErrFull {
		t.Fatalf("Write: got %v, want %v", err, ErrFull)
	}
	if err := r.WriteUrgent([]byte("bye")); err != nil {
		t.Fatalf("WriteUrgent: %v", err)
	}
	r.Close(nil)
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.HasSuffix(got, []byte("xbye")) || len(got) != (sent-1)*len(block)+3 {
		t.Errorf("got %d bytes ending in %q, %v, want %d ending in bye", len(got), got[max(0, len(got)-3):], err, (sent-1)*len(block)+3)
	}
	if err := r.WriteUrgent([]byte("late")); err != ErrClosed {
		t.Errorf("WriteUrgent after the end: got %v, want %v", err, ErrClosed)
	}
}
