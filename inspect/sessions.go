package inspect

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/transport"
)

// sessionFunctions are those about clients.
func sessionFunctions() map[string]function {
	return map[string]function{
		"erlmcp:sessions/0":    func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.sessions(repl.Nil{}) },
		"erlmcp:sessions/1":    func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.sessions(a[0]) },
		"erlmcp:session/1":     func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.session(a[0]) },
		"erlmcp:kick/1":        func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.kick(ctx, a[0]) },
		"erlmcp:connections/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.connectionCounts(), nil },
		"erlmcp:connections/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.connections(a[0]) },
	}
}

// sessions lists the sessions of the node as maps, the oldest first. filter is a transport, a number of
// sessions at most, or a list of both.
func (v *view) sessions(filter repl.Term) (repl.Term, error) {
	conditions, ok := repl.Slice(filter)
	if !ok {
		conditions = []repl.Term{filter}
	}
	medium, most := "", -1
	for _, c := range conditions {
		switch c := c.(type) {
		case repl.Atom:
			medium = string(c)
		case repl.Int:
			most = max(int(c), 0)
		default:
			return nil, repl.Badarg()
		}
	}
	var list []repl.Term
	for _, s := range v.o.Gateway.SessionInfos() {
		if len(list) == most {
			break
		}
		if medium == "" || medium == s.Transport {
			list = append(list, v.sessionTerm(s))
		}
	}
	return repl.List(list...), nil
}

// session is the map of one session, by id or pid; undefined if the node has none.
func (v *view) session(which repl.Term) (repl.Term, error) {
	if _, isPid := which.(repl.Pid); isPid {
		number, _ := ownNumber(which)
		all := v.o.Gateway.SessionInfos()
		i := slices.IndexFunc(all, func(s actors.SessionInfo) bool { return s.Process == number })
		if i < 0 {
			return repl.Atom("undefined"), nil
		}
		return v.sessionTerm(all[i]), nil
	}
	id, ok := name(which)
	if !ok {
		return nil, repl.Badarg()
	}
	s, ok := v.o.Gateway.SessionInfo(id)
	if !ok {
		return repl.Atom("undefined"), nil
	}
	return v.sessionTerm(s), nil
}

// sessionTerm is a session as a map. Times are of the system clock, in seconds since 1970; work is in
// microseconds, memory and state_bytes in bytes.
func (v *view) sessionTerm(s actors.SessionInfo) repl.Term {
	process, _ := v.process(s.Process)
	return fields(
		"id", repl.Binary(s.ID), "pid", pid(s.Process), "node", repl.Atom(v.o.Name), "transport", repl.Atom(s.Transport),
		"revision", repl.Binary(s.Revision), "client", repl.Binary(s.Client), "client_version", repl.Binary(s.Version),
		"initialized", repl.Bool(s.Initialized), "connected", repl.Bool(s.Connected), "log_level", repl.Binary(s.LogLevel),
		"started", repl.Int(s.Started.Unix()), "last_use", repl.Int(s.LastUse.Unix()),
		"in_flight", repl.Int(s.InFlight), "waiting", repl.Int(s.Waiting), "subscriptions", repl.Int(s.Watched),
		"reductions", repl.Int(process.reductions()), "work", repl.Int(s.Work/time.Microsecond),
		"memory", repl.Int(process.Report.Memory), "state_bytes", repl.Int(s.StateBytes),
		"incarnation", repl.Int(s.Incarnation), "restarts", repl.Int(s.Restarts),
	)
}

// kick ends a session, wherever in the cluster it is: its client is told that an operator did so. The id is a
// binary or string; {error, not_found} if nobody knows it.
func (v *view) kick(ctx context.Context, which repl.Term) (repl.Term, error) {
	id, ok := name(which)
	if !ok {
		return nil, repl.Badarg()
	}
	switch err := v.o.Gateway.Kick(ctx, id, transport.ReasonKicked); {
	case err == nil:
		return repl.Atom("ok"), nil
	case errors.Is(err, actors.ErrNoSession):
		return repl.Tuple{repl.Atom("error"), repl.Atom("not_found")}, nil
	default:
		return repl.Tuple{repl.Atom("error"), repl.Binary(err.Error())}, nil
	}
}

// connectionCounts is #{Transport => Number} of the open connections and event streams.
func (v *view) connectionCounts() repl.Term {
	counts := v.o.Gateway.ConnectionCounts()
	var pairs [][2]repl.Term
	for _, medium := range slices.Sorted(maps.Keys(counts)) {
		pairs = append(pairs, [2]repl.Term{repl.Atom(medium), repl.Int(counts[medium])})
	}
	return repl.NewMap(pairs...)
}

// connections lists those of one transport as maps, the oldest first.
func (v *view) connections(medium repl.Term) (repl.Term, error) {
	wanted, ok := name(medium)
	if !ok {
		return nil, repl.Badarg()
	}
	var list []repl.Term
	for _, c := range v.o.Gateway.ConnectionInfos(false) {
		if c.Transport == wanted {
			list = append(list, fields("number", repl.Int(c.Number), "transport", repl.Atom(c.Transport),
				"remote", repl.Binary(c.Remote), "session", repl.Binary(c.Session)))
		}
	}
	return repl.List(list...), nil
}

var _ repl.Sessions = (*inspector)(nil)

// SessionIDs implements repl.Sessions.
func (i *inspector) SessionIDs(prefix string, most int) []string {
	var ids []string
	for _, s := range i.node.o.Gateway.SessionInfos() {
		if len(ids) < most && strings.HasPrefix(s.ID, prefix) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
