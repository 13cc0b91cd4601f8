// Package turn keeps the rules of transport.Conn.Go for connections that have no goroutine to lend: work
// starts on a goroutine of its own, but never before the Receive that is under way has returned.
package turn

import "sync"

// Gate belongs to one connection. The zero value is ready.
type Gate struct {
	mu        sync.Mutex
	receiving bool
	later     []func()      // asked for during a Receive
	running   int           // functions that were asked for and have not returned
	idle      chan struct{} // not nil while somebody waits; closed when running is 0
}

// Receive runs f, a call of Receiver.Receive. Calls must not overlap.
func (g *Gate) Receive(f func()) {
	g.mu.Lock()
	g.receiving = true
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		later := g.later
		g.receiving, g.later = false, nil
		g.mu.Unlock()
		for _, fn := range later {
			go g.run(fn)
		}
	}()
	f()
}

// Go runs fn on another goroutine, after the Receive that is under way.
func (g *Gate) Go(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running++
	if g.receiving {
		g.later = append(g.later, fn)
		return
	}
	go g.run(fn)
}

func (g *Gate) run(fn func()) {
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.running--; g.running == 0 && g.idle != nil {
			close(g.idle)
			g.idle = nil
		}
	}()
	fn()
}

// Wait returns when no function runs or waits to run.
func (g *Gate) Wait() {
	g.mu.Lock()
	if g.running == 0 {
		g.mu.Unlock()
		return
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	<-idle
}
