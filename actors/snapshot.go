package actors

import (
	"encoding/json"
	"fmt"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
	"github.com/erlmcp/erlmcp/mcp"
)

// snapshot is what another node needs to go on with a session over HTTP, or over WebSocket with a journal.
type snapshot struct {
	State       json.RawMessage `json:"state"`
	Incarnation uint32          `json:"incarnation"`
	Routes      uint32          `json:"routes"`
	NextEvent   uint64          `json:"next_event,omitempty"`
	Events      []keptEvent     `json:"events,omitempty"`
	// Open are requests whose answers go to event streams. They end with the node that runs them; a client
	// that resumes the stream elsewhere is told so.
	Open []openRequest `json:"open,omitempty"`
	// Journal says that the session has a journal: all events are its, all open requests are in Open, and
	// Received is the number of the client's messages.
	Journal  bool   `json:"journal,omitempty"`
	Received uint64 `json:"received,omitempty"`
}

type keptEvent struct {
	Route mcp.Route       `json:"r"`
	Seq   uint64          `json:"s"`
	Text  json.RawMessage `json:"t,omitempty"`
	Last  bool            `json:"l,omitempty"`
}

type openRequest struct {
	Route mcp.Route       `json:"r"`
	ID    json.RawMessage `json:"i"`
}

// keptBytes bounds the events in a snapshot: their tail is kept elsewhere with each event.
const keptBytes = 16 << 10

// snapshot is a's snapshot; nil before initialize. It belongs to the session's turns.
func (a *anchor) snapshot() []byte {
	st := a.state.Load()
	if st == nil {
		return nil
	}
	s := snapshot{State: st.Marshal(), Incarnation: a.incarnation.Load(), Routes: a.routes.Load()}
	if a.journal != nil {
		a.record(&s)
	} else if a.log != nil {
		s.NextEvent = a.log.next
		for _, e := range a.log.tail(keptBytes) {
			s.Events = append(s.Events, keptEvent{Route: e.route, Seq: e.seq, Text: e.text, Last: e.last})
		}
		for _, d := range a.ledger.streamed() {
			s.Open = append(s.Open, openRequest{Route: d.route, ID: json.RawMessage(d.id)})
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic("actors: encode snapshot: " + err.Error()) // texts are valid JSON
	}
	return text
}

// record puts the journal into a snapshot.
func (a *anchor) record(s *snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.journal
	s.Journal, s.Received, s.NextEvent = true, j.received, j.log.next
	for _, e := range j.log.tail(keptBytes) {
		s.Events = append(s.Events, keptEvent{Seq: e.seq, Text: e.text})
	}
	for _, id := range j.gone {
		s.Open = append(s.Open, openRequest{ID: json.RawMessage(id)})
	}
	for _, d := range a.ledger.list() {
		s.Open = append(s.Open, openRequest{ID: json.RawMessage(d.id)})
	}
}

// restore puts a snapshot into a fresh anchor.
func (a *anchor) restore(text []byte) error {
	var s snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("actors: snapshot: %v", err)
	}
	st, err := mcp.UnmarshalState(s.State)
	if err != nil {
		return fmt.Errorf("actors: snapshot: %v", err)
	}
	a.state.Store(st)
	a.incarnation.Store(s.Incarnation)
	a.routes.Store(s.Routes)
	a.used.Store(true)
	if s.Journal {
		a.replayFrom(&s)
		return nil
	}
	if s.NextEvent == 0 {
		return nil
	}
	a.log = &eventLog{next: s.NextEvent}
	for _, e := range s.Events {
		a.log.put(event{route: e.Route, seq: e.Seq, text: e.Text, last: e.Last})
	}
	for _, o := range s.Open {
		lost := &jsonrpc.Error{Code: mcp.CodeNodeLost, Message: "the node that ran the request went away", ID: jsonrpc.ID(o.ID)}
		a.log.add(o.Route, errorText(lost), true, a.gw.opts.Limits.EventLogBytes)
	}
	return nil
}

// replayFrom restores a journal.
func (a *anchor) replayFrom(s *snapshot) {
	j := &journal{log: eventLog{next: s.NextEvent}, received: s.Received, loose: true}
	for _, e := range s.Events {
		j.log.put(event{seq: e.Seq, text: e.Text})
	}
	for _, o := range s.Open {
		j.gone = append(j.gone, jsonrpc.ID(o.ID))
	}
	a.duplex, a.journal = true, j
}
