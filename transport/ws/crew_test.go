package ws

import (
	"sync"
	"testing"
	"testing/synctest"
)

func TestCrewGrowsAndShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c crew
		gate := make(chan struct{})
		for range 10 {
			c.run(func() { <-gate })
		}
		synctest.Wait()
		if c.workers != 10 {
			t.Errorf("workers under load: got %d, want 10", c.workers)
		}
		close(gate)
		synctest.Wait()
		c.trim() // it was needed until here
		for range 20 {
			c.run(func() {})
			synctest.Wait()
		}
		if c.workers != 10 || len(c.idle) != 10 {
			t.Errorf("workers after load: got %d, %d idle, want 10", c.workers, len(c.idle))
		}
		c.trim()
		synctest.Wait()
		if c.workers != 1 || len(c.idle) != 1 {
			t.Errorf("workers after trim: got %d, %d idle, want 1", c.workers, len(c.idle))
		}
		<-c.close()
		ran := make(chan struct{})
		c.run(func() { close(ran) })
		<-ran
	})
}

func TestCrewWaitsForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c crew
		gate := make(chan struct{})
		c.run(func() { <-gate })
		zero := c.close()
		select {
		case <-zero:
			t.Error("close reports that nothing runs")
		default:
		}
		close(gate)
		<-zero
	})
}

// deep uses about 8 KiB of stack, as a call with a handler and encoding does.
//
//go:noinline
func deep(n int) byte {
	var room [512]byte
	room[n] = 1
	if n == 0 {
		return room[1]
	}
	return deep(n-1) + room[n]
}

func BenchmarkTask(b *testing.B) {
	var c crew
	for _, m := range []struct {
		name string
		run  func(func())
	}{{"crew", c.run}, {"go", func(fn func()) { go fn() }}} {
		b.Run(m.name, func(b *testing.B) {
			const batch = 64
			b.ReportAllocs()
			var all sync.WaitGroup
			for n := 0; n < b.N; n += batch {
				all.Add(batch)
				for range batch {
					m.run(func() {
						deep(16)
						all.Done()
					})
				}
				all.Wait()
			}
		})
	}
	<-c.close()
}
