package inspect

import (
	"cmp"
	"context"
	"slices"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/repl"
)

// A port is a client's connection or event stream.
func portFunctions() map[string]function {
	return map[string]function{
		"erlang:ports/0":     func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.ports(""), nil },
		"erlang:port_info/1": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.portInfo(a[0]) },
		"erlang:port_info/2": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.portItem(a[0], a[1]) },
		"recon:tcp/0":        func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.ports(tcpPort), nil },
		"recon:port_types/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) { return v.portTypes(), nil },
		"recon:inet_count/2": func(_ context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.inetCount(a[0], a[1]) },
		"recon:inet_window/3": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) {
			return v.inetWindow(ctx, a[0], a[1], a[2])
		},
	}
}

// The names of OTP's drivers for what carries connections here.
const (
	tcpPort = "tcp_inet"
	fdPort  = "0/1" // standard input and output
)

func portName(c actors.ConnectionInfo) string {
	if c.Remote == "" {
		return fdPort
	}
	return tcpPort
}

func port(c actors.ConnectionInfo) repl.Port { return repl.Port{ID: uint64(c.Number)} }

func (v *view) ports(name string) repl.Term {
	var list []repl.Term
	for _, c := range v.o.Gateway.ConnectionInfos(false) {
		if name == "" || portName(c) == name {
			list = append(list, port(c))
		}
	}
	return repl.List(list...)
}

func (v *view) portTypes() repl.Term {
	counts := map[string]int{}
	for _, c := range v.o.Gateway.ConnectionInfos(false) {
		counts[portName(c)]++
	}
	var list []repl.Term
	for _, name := range []string{tcpPort, fdPort} {
		if counts[name] > 0 {
			list = append(list, repl.Tuple{repl.String(name), repl.Int(counts[name])})
		}
	}
	return repl.List(list...)
}

// portKeys are the items of port_info/1, in its order.
var portKeys = []repl.Atom{"name", "links", "id", "connected", "input", "output", "os_pid"}

// portInfo is erlang:port_info/1; undefined for a connection that has ended.
func (v *view) portInfo(which repl.Term) (repl.Term, error) {
	c, err := v.connection(which)
	if err != nil || c == nil {
		return repl.Atom("undefined"), err
	}
	list := make([]repl.Term, len(portKeys))
	for i, key := range portKeys {
		list[i] = repl.Tuple{key, portValue(c, key)}
	}
	return repl.List(list...), nil
}

func (v *view) portItem(which, key repl.Term) (repl.Term, error) {
	name, _ := key.(repl.Atom)
	if !slices.Contains(portKeys, name) {
		return nil, repl.Badarg()
	}
	c, err := v.connection(which)
	if err != nil || c == nil {
		return repl.Atom("undefined"), err
	}
	return repl.Tuple{name, portValue(c, name)}, nil
}

// connection finds the connection that is a port; nil if it has ended.
func (v *view) connection(which repl.Term) (*actors.ConnectionInfo, error) {
	p, ok := which.(repl.Port)
	if !ok {
		return nil, repl.Badarg()
	}
	for _, c := range v.o.Gateway.ConnectionInfos(true) {
		if port(c) == p {
			return &c, nil
		}
	}
	return nil, nil
}

func portValue(c *actors.ConnectionInfo, key repl.Atom) repl.Term {
	switch key {
	case "name":
		return repl.String(portName(*c))
	case "links":
		if c.Process == 0 { // another node has the session
			return repl.Nil{}
		}
		return repl.List(pid(c.Process))
	case "id":
		return repl.Int(c.Number)
	case "connected":
		if c.Process != 0 {
			return pid(c.Process)
		}
	case "input":
		if c.Metered {
			return repl.Int(c.Traffic.ReceivedBytes)
		}
	case "output":
		if c.Metered {
			return repl.Int(c.Traffic.SentBytes)
		}
	}
	return repl.Atom("undefined")
}

// trafficKeys are the attributes of inet_count, with the pair of figures that each is made of.
var trafficKeys = map[repl.Atom]struct {
	received, sent         repl.Atom
	countReceived, andSent bool
	packets                bool
}{
	"oct":      {"recv_oct", "send_oct", true, true, false},
	"recv_oct": {"recv_oct", "send_oct", true, false, false},
	"send_oct": {"recv_oct", "send_oct", false, true, false},
	"cnt":      {"recv_cnt", "send_cnt", true, true, true},
	"recv_cnt": {"recv_cnt", "send_cnt", true, false, true},
	"send_cnt": {"recv_cnt", "send_cnt", false, true, true},
}

// flow is what went through a connection, or the increase of it.
type flow struct {
	port           repl.Port
	received, sent uint64
}

// flows are those of connections that count what they carry.
func (v *view) flows(packets bool) []flow {
	var list []flow
	for _, c := range v.o.Gateway.ConnectionInfos(true) {
		if !c.Metered {
			continue
		}
		f := flow{port(c), c.Traffic.ReceivedBytes, c.Traffic.SentBytes}
		if packets {
			f.received, f.sent = c.Traffic.ReceivedPackets, c.Traffic.SentPackets
		}
		list = append(list, f)
	}
	return list
}

func (v *view) inetCount(attribute, most repl.Term) (repl.Term, error) {
	name, _ := attribute.(repl.Atom)
	n, ok := most.(repl.Int)
	key, known := trafficKeys[name]
	if !known || !ok || n < 0 {
		return nil, repl.Badarg()
	}
	return busiest(name, v.flows(key.packets), int(n)), nil
}

// inetWindow is recon:inet_window/3: the increase during so many milliseconds.
func (v *view) inetWindow(ctx context.Context, attribute, most, over repl.Term) (repl.Term, error) {
	name, _ := attribute.(repl.Atom)
	n, ok := most.(repl.Int)
	d, err := interval(over)
	key, known := trafficKeys[name]
	if !known || !ok || n < 0 || err != nil {
		return nil, repl.Badarg()
	}
	before := map[repl.Port]flow{}
	for _, f := range v.flows(key.packets) {
		before[f.port] = f
	}
	if err := rest(ctx, d); err != nil {
		return nil, err
	}
	now := v.flows(key.packets)
	for i := range now {
		was := before[now[i].port]
		now[i].received -= was.received
		now[i].sent -= was.sent
	}
	return busiest(name, now, int(n)), nil
}

// busiest is [{Port, Value, [{received, N}, {sent, N}]}], the highest value first.
func busiest(attribute repl.Atom, flows []flow, n int) repl.Term {
	key := trafficKeys[attribute]
	value := func(f flow) (sum uint64) {
		if key.countReceived {
			sum += f.received
		}
		if key.andSent {
			sum += f.sent
		}
		return sum
	}
	slices.SortStableFunc(flows, func(a, b flow) int { return cmp.Compare(value(b), value(a)) })
	list := make([]repl.Term, 0, min(n, len(flows)))
	for _, f := range flows[:min(n, len(flows))] {
		list = append(list, repl.Tuple{f.port, repl.Int(value(f)), repl.List(
			repl.Tuple{key.received, repl.Int(f.received)}, repl.Tuple{key.sent, repl.Int(f.sent)})})
	}
	return repl.List(list...)
}
