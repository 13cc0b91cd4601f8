package actors

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/erlmcp/erlmcp/transport"
)

// ConnectionInfo is what an operator may know of an open duplex connection or event stream.
type ConnectionInfo struct {
	Number    uint32 // given when it was opened, in order; from 1
	Transport string // as transport.Info.Transport
	Remote    string // address of the client; empty where there is none
	Session   string // id
	Process   uint64 // number of the session's process; 0 if another node has the session
	Traffic   transport.Traffic
	Metered   bool // whether Traffic is known
}

// population counts the connections of each transport.
type population struct {
	mu   sync.Mutex
	open map[string]int // no entries of 0
}

func (p *population) add(transport string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = make(map[string]int)
	}
	if p.open[transport] += n; p.open[transport] == 0 {
		delete(p.open, transport)
	}
}

// ConnectionCounts is the number of open connections by transport, for those that have any. The sum is that of
// Connections.
func (g *Gateway) ConnectionCounts() map[string]int {
	g.population.mu.Lock()
	defer g.population.mu.Unlock()
	return maps.Clone(g.population.open)
}

// ConnectionInfos tells of the open connections whose clients are connected to this node, the oldest first. One
// that is just being opened may be missing. traffic says whether to ask each for its Traffic, which is a system
// call.
func (g *Gateway) ConnectionInfos(traffic bool) []ConnectionInfo {
	var all []ConnectionInfo
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			for _, l := range a.links() {
				if _, elsewhere := l.conn.(*guest); !elsewhere {
					all = append(all, connectionInfo(l.conn, l.number, a.id, a.process.Load(), traffic))
				}
			}
		}
	}
	if g.home != nil {
		all = append(all, g.home.connections(traffic)...)
	}
	slices.SortFunc(all, func(a, b ConnectionInfo) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func connectionInfo(c transport.Conn, number uint32, session string, process uint64, traffic bool) ConnectionInfo {
	about := c.Info()
	i := ConnectionInfo{Number: number, Transport: about.Transport, Remote: about.Remote, Session: session, Process: process}
	if m, ok := c.(transport.Metered); ok && traffic {
		i.Traffic, i.Metered = m.Traffic()
	}
	return i
}

// links are the open connections of the session: its own, and event streams that go on with a request's.
func (a *anchor) links() []*link {
	var all []*link
	if own := a.stream(); own != nil {
		all = append(all, own)
	}
	for _, d := range a.ledger.list() {
		if d.link != nil && d.link.mode == transport.Stream && !slices.Contains(all, d.link) {
			all = append(all, d.link)
		}
	}
	return all
}

// connections are those of relays.
func (f *Federation) connections(traffic bool) []ConnectionInfo {
	var all []ConnectionInfo
	for _, r := range f.carried.list(false) {
		all = append(all, connectionInfo(r.conn, r.number, r.conn.Info().Session, 0, traffic))
	}
	return all
}
