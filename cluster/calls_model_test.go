package cluster

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// deafWire takes everything and delivers nothing.
type deafWire struct{ self Member }

func (w deafWire) Self() Member                            { return w.self }
func (w deafWire) Topology() Topology                      { return Topology{} }
func (w deafWire) tell(Member, packet) error               { return nil }
func (w deafWire) handle(packetKind, func(Member, packet)) {}
func (w deafWire) onTopology(func(Topology))               {}
func (w deafWire) onLost(func(Member))                     {}

// Whatever answers, departures, losses and time-outs come in which order, each call has one outcome, and
// the counts of calls under way are right.
func TestCallTableDecidesOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := newCalls(deafWire{Member{Boot: "me"}}, serviceOptions{CallsPerPeer: 5}.withDefaults(), func(string, any) {})
		view := map[string]bool{"a": true, "b": true}
		show := func() {
			boots := []string{"me"}
			for b, in := range view {
				if in {
					boots = append(boots, b)
				}
			}
			c.topology(viewOf(boots...))
		}
		show()
		calls := map[uint64]*waiter{} // by id, all that began
		open := map[uint64]string{}   // boots of those without an outcome, as the model has it
		end := func(boot string) {
			for id, b := range open {
				if b == boot {
					delete(open, id)
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(r, "operations") {
			boot := rapid.SampledFrom([]string{"a", "b"}).Draw(r, "boot")
			id := uint64(rapid.IntRange(1, 20).Draw(r, "id"))
			switch rapid.IntRange(0, 5).Draw(r, "operation") {
			case 0, 1:
				under := 0
				for _, b := range open {
					if b == boot {
						under++
					}
				}
				id, wt, err := c.begin(Member{Boot: boot})
				switch {
				case !view[boot] != errors.Is(err, ErrNodeDown), view[boot] && (under >= 5) != errors.Is(err, ErrBusy):
					r.Fatalf("begin with %d under way, in view %v: %v", under, view[boot], err)
				case err == nil:
					calls[id], open[id] = wt, boot
				}
			case 2:
				c.done(Member{Boot: boot}, packet{id: id})
				if open[id] == boot {
					delete(open, id)
				}
			case 3:
				if decided := c.settle(id, boot, outcome{err: ErrClosed}); decided != (open[id] == boot) {
					r.Fatalf("settle of call %d of %s: %v", id, boot, decided)
				}
				if open[id] == boot {
					delete(open, id)
				}
			case 4:
				c.connectionLost(Member{Boot: boot})
				end(boot)
			case 5:
				view[boot] = !view[boot]
				if show(); !view[boot] {
					end(boot)
				}
			}
			sum := 0
			for _, n := range c.inFlight {
				sum += n
			}
			if sum != len(open) || len(c.waiting) != len(open) {
				r.Fatalf("%d under way, %d waiting, want %d", sum, len(c.waiting), len(open))
			}
		}
		for id, wt := range calls {
			if _, waits := open[id]; (len(wt.done) == 1) == waits {
				r.Fatalf("call %d: %d outcomes, open %v", id, len(wt.done), waits)
			}
		}
	})
}
