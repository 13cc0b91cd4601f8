package poll

import (
	"io"
	"testing"
)

func TestTrafficIsWhatTheKernelCounts(t *testing.T) {
	f := start(t, Options{})
	r := &recorder{echo: true}
	if _, ok := r.Traffic(); ok {
		t.Error("there is traffic without a socket")
	}
	c := f.park(t, r)
	if _, err := c.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	got, ok := r.Traffic()
	if !ok {
		t.Skip("this kernel does not count")
	}
	if got.ReceivedBytes != 1000 || got.SentBytes != 1000 || got.ReceivedPackets == 0 || got.SentPackets == 0 {
		t.Errorf("got %+v, want 1000 bytes each way", got)
	}
	r.Close(nil)
	await(t, r.ended, "end")
	if _, ok := r.Traffic(); ok {
		t.Error("there is traffic of a connection that has ended")
	}
}
