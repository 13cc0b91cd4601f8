package actors

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
)

// SessionInfo is what an operator may know of a session: nothing that it carries, and no secrets.
type SessionInfo struct {
	ID          string
	Process     uint64        // number of its process in the supervisors.System
	Transport   string        // as transport.Info.Transport; "http" for every session over Streamable HTTP
	Revision    string        // of the protocol; empty before initialize
	Client      string        // name; empty before initialize
	Version     string        // of the client
	Initialized bool          // notifications/initialized has come
	LogLevel    string        // empty before initialize
	Started     time.Time     // on this node
	LastUse     time.Time     // to the second
	InFlight    int           // requests without an answer
	Waiting     int           // messages of the client that wait for their turn
	Connected   bool          // its connection or own event stream is open
	Incarnation int           // from 1; each crash makes a new one
	Restarts    int           // on this node
	Watched     int           // resources that the client has subscribed to
	Work        time.Duration // run time of its handlers
	StateBytes  int           // of its state as it is kept
}

// SessionInfo tells of the session with this id; false if the node has none.
func (g *Gateway) SessionInfo(id string) (SessionInfo, bool) {
	a := g.table.get(id)
	if a == nil {
		return SessionInfo{}, false
	}
	return a.info(), true
}

// SessionInfos tells of all sessions of the node, the oldest first.
func (g *Gateway) SessionInfos() []SessionInfo {
	all := make([]SessionInfo, 0, g.table.len())
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			all = append(all, a.info())
		}
	}
	slices.SortFunc(all, func(a, b SessionInfo) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Process, b.Process))
	})
	return all
}

// Work is the run time of all handlers, as far as they have returned before their session's end.
func (g *Gateway) Work() time.Duration {
	sum := g.worked.Load()
	for shard := range tableShards {
		for _, a := range g.table.list(shard) {
			sum += a.work.Load()
		}
	}
	return time.Duration(sum)
}

// info is safe for concurrent use.
func (a *anchor) info() SessionInfo {
	i := SessionInfo{
		ID: a.id, Process: a.process.Load(), Transport: "http", Started: a.start,
		LastUse:  a.gw.epoch.Add(time.Duration(a.lastUse.Load()) * time.Second),
		InFlight: a.ledger.len(), Waiting: int(a.waiting.Load()), Work: time.Duration(a.work.Load()),
		Incarnation: int(a.incarnation.Load()), Restarts: int(a.incarnation.Load()) - int(a.first),
	}
	if a.duplex {
		i.Transport = "ws" // without its connection: only over WebSocket does a session outlive it
	}
	if own := a.stream(); own != nil {
		i.Connected = true
		if a.duplex {
			i.Transport = own.conn.Info().Transport
		}
	}
	st := a.state.Load()
	if st == nil {
		return i
	}
	client := st.ClientInfo()
	i.Revision, i.Client, i.Version = st.Revision().Version, client.Name, client.Version
	i.Initialized, i.LogLevel = st.Initialized(), string(st.LogLevel())
	i.Watched, i.StateBytes = len(st.Subscriptions()), len(st.Marshal())
	return i
}

// sessionBytes is what each session holds, whatever it does.
var sessionBytes = int(reflect.TypeFor[anchor]().Size() + reflect.TypeFor[session]().Size() +
	reflect.TypeFor[mcp.Session]().Size() + reflect.TypeFor[mailbox]().Size())

// Report implements supervisors.Reporter. Memory is the session's own structures, its subscriptions, its
// requests in flight and the events kept for resumption; not its connection, nor what its handlers hold.
func (s *session) Report() supervisors.Report {
	a := s.a
	r := supervisors.Report{
		Kind: "session", Backlog: int(a.waiting.Load()), Work: time.Duration(a.work.Load()),
		Memory: sessionBytes + a.ledger.len()*int(reflect.TypeFor[debt]().Size()) + int(a.logBytes.Load()),
	}
	if st := a.state.Load(); st != nil {
		r.Memory += st.Size()
	}
	return r
}
