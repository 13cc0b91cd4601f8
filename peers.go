package erlmcp

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/repl"
)

// Services between nodes: what an operator asks of one node by way of another.
const (
	evalService    = "operator-eval"
	consoleService = "operator-console"
)

// maxHops is how many nodes an operator's request may pass.
const maxHops = 4

// peerRequest is a request for another node, on behalf of an operator.
type peerRequest struct {
	Name string `json:"name"` // of the operator
	Node string `json:"node"` // whose endpoint the operator is at
	Role string `json:"role"`
	Hops int    `json:"hops"`
	Text string `json:"text,omitempty"`
	JSON bool   `json:"json,omitempty"`
}

// caller is the operator as this node takes it: peers have proved who they are, so the node believes whom they
// ask for, but grants no more than its own control socket does.
func (n *Node) caller(r peerRequest) (repl.Caller, error) {
	role, ok := repl.ParseRole(r.Role)
	if !ok || r.Hops < 1 || r.Hops > maxHops {
		return repl.Caller{}, errors.New("not a request of this version")
	}
	return n.granted(repl.Caller{Name: r.Name, Node: r.Node, Role: role, Hops: r.Hops}), nil
}

// granted is a caller in no more than the role of this node's control socket.
func (n *Node) granted(c repl.Caller) repl.Caller {
	role, _ := repl.ParseRole(n.opts.Admin.Role) // checked by New
	c.Role = min(c.Role, role)
	return c
}

// apply calls a function for an operator at another node.
func (n *Node) apply(ctx context.Context, c repl.Caller, module, function string, args []repl.Term) (repl.Term, error) {
	value, err := n.evaluator.Apply(ctx, n.granted(c), module, function, args)
	if errors.Is(err, admin.ErrBusy) {
		return nil, cluster.ErrBusy
	}
	return value, err
}

// asked is a caller's request as it goes to another node.
func (n *Node) asked(c repl.Caller) peerRequest {
	if c.Node == "" {
		c.Node = n.opts.Name
	}
	return peerRequest{Name: c.Name, Node: c.Node, Role: c.Role.String(), Hops: c.Hops}
}

// servePeers serves what other nodes ask for operators.
func (n *Node) servePeers() {
	n.cluster.ServeCalls(evalService, n.servePeerEval)
	n.cluster.Serve(consoleService, n.servePeerConsole)
}

// evalOn evaluates an expression on another member.
func (n *Node) evalOn(ctx context.Context, node string, c repl.Caller, text string, asJSON bool) (admin.Evaluation, error) {
	var result admin.Evaluation
	to, ok := n.cluster.MemberByName(node)
	if !ok {
		return result, cluster.ErrNotMember
	}
	r := n.asked(c)
	r.Text, r.JSON = text, asJSON
	request, err := json.Marshal(r)
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	answer, err := n.cluster.Call(ctx, to, evalService, request)
	switch {
	case errors.Is(err, cluster.ErrTooLarge):
		return admin.Evaluation{Class: admin.ClassLimit, Error: "** the value is too large for the way between nodes"}, nil
	case errors.Is(err, cluster.ErrBusy):
		return admin.Evaluation{Class: admin.ClassBusy, Error: "node " + node + " is busy"}, nil
	case err != nil:
		return result, err
	}
	return result, json.Unmarshal(answer, &result)
}

// peerTimeout is more than another node gives an expression and its turn.
const peerTimeout = 15 * time.Second

func (n *Node) servePeerEval(ctx context.Context, _ cluster.Member, request []byte) ([]byte, error) {
	var r peerRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	c, err := n.caller(r)
	if err != nil {
		return nil, err
	}
	result, err := n.evaluator.Eval(ctx, c, r.Text, r.JSON)
	if errors.Is(err, admin.ErrBusy) {
		return nil, cluster.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

// consoleOn carries the lines of a console to another member and back, until either side ends.
func (n *Node) consoleOn(ctx context.Context, node string, c repl.Caller, l admin.Lines) error {
	to, ok := n.cluster.MemberByName(node)
	if !ok {
		return cluster.ErrNotMember
	}
	header, err := json.Marshal(n.asked(c))
	if err != nil {
		return err
	}
	far := newStreamLines()
	far.stream, err = n.cluster.Open(to, consoleService, header, far)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer far.Close()
	if !n.guests.run(func(context.Context) { // until the caller closes l
		defer far.Close()
		carry(far, l)
	}) {
		return cluster.ErrClosed
	}
	carry(l, far)
	if refused, ok := errors.AsType[*cluster.RemoteError](far.failure()); ok && refused.Code == cluster.CodeUser {
		return admin.ErrConsoles
	}
	return far.failure()
}

// carry copies lines until there are no more.
func carry(to, from admin.Lines) {
	for {
		line, err := from.ReadLine()
		if err != nil || to.WriteLine(line) != nil {
			return
		}
	}
}

// servePeerConsole takes a console that a peer opens for an operator.
func (n *Node) servePeerConsole(_ cluster.Member, header []byte, s *cluster.Stream) (cluster.Handler, error) {
	var r peerRequest
	if err := json.Unmarshal(header, &r); err != nil {
		return nil, err
	}
	c, err := n.caller(r)
	if err != nil {
		return nil, err
	}
	l := newStreamLines()
	l.stream = s
	if !n.guests.run(func(ctx context.Context) {
		if err := n.evaluator.ServeRemote(ctx, c, l); err != nil {
			s.Close(cluster.CodeUser, err.Error())
		}
	}) {
		return nil, cluster.ErrClosed
	}
	return l, nil
}

// guests are goroutines that requests of other nodes need. They run while the service does.
type guests struct {
	mu      sync.Mutex
	ctx     context.Context // nil while the service does not run
	running sync.WaitGroup
}

// run starts f; false while the service does not run. f ends when its context does.
func (g *guests) run(f func(context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx == nil || g.ctx.Err() != nil {
		return false
	}
	ctx := g.ctx
	g.running.Go(func() { f(ctx) })
	return true
}

// serve is the service.
func (g *guests) serve(ctx context.Context) error {
	g.mu.Lock()
	g.ctx = ctx
	g.mu.Unlock()
	<-ctx.Done()
	g.running.Wait()
	return nil
}
