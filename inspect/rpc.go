package inspect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/repl"
)

// rpcService is what nodes serve each other for rpc:call and its like.
const rpcService = "operator-rpc"

const (
	maxHops  = 4                // nodes that a call may pass, one calling the next
	callTime = 10 * time.Second // of a call without a time-out; the caller's own budget ends it sooner
	maxNodes = 256              // of one multicall
)

// Apply evaluates a call of a function here, on behalf of an operator at another node. Errors are those of
// repl.Shell.Apply; any other one says that the call was not made.
type Apply func(ctx context.Context, who Who, module, function string, args []repl.Term) (repl.Term, error)

// rpcFunctions call functions on other nodes; calls to this one never come here.
func rpcFunctions() map[string]function {
	return map[string]function{
		"rpc:call/4": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) {
			return v.rpcCall(ctx, a, repl.Atom("infinity"))
		},
		"rpc:call/5": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) {
			return v.rpcCall(ctx, a[:4], a[4])
		},
		"rpc:multicall/4": func(ctx context.Context, v *view, a []repl.Term) (repl.Term, error) { return v.multicall(ctx, a) },
	}
}

// rpcCall is rpc:call/5. The node is the first of args.
func (v *view) rpcCall(ctx context.Context, args []repl.Term, timeout repl.Term) (repl.Term, error) {
	node, ok := args[0].(repl.Atom)
	limit, valid := callLimit(timeout)
	if !ok || !valid {
		return nil, repl.Badarg()
	}
	calling, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	value, err := v.callOn(calling, string(node), args[1], args[2], args[3])
	if err == nil {
		return value, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if calling.Err() != nil {
		return badrpc(calling.Err())
	}
	return badrpc(err)
}

// callLimit reads a time-out: milliseconds or infinity.
func callLimit(t repl.Term) (time.Duration, bool) {
	if t == repl.Term(repl.Atom("infinity")) {
		return callTime, true
	}
	ms, ok := t.(repl.Int)
	return min(time.Duration(ms)*time.Millisecond, callTime), ok && ms >= 0 && ms < 1<<32
}

// badrpc gives what rpc:call gives for a call that failed, or the exception that it raises.
func badrpc(err error) (repl.Term, error) {
	bad := func(reason repl.Term) (repl.Term, error) { return repl.Tuple{repl.Atom("badrpc"), reason}, nil }
	exit := func(reason repl.Term) (repl.Term, error) { return bad(repl.Tuple{repl.Atom("EXIT"), reason}) }
	e, raised := errors.AsType[*remoteException](err)
	switch {
	case raised && e.class == classDenied:
		return nil, deniedAgain(e.reason)
	case raised && e.class == string(repl.ClassThrow):
		return e.reason, nil
	case raised && e.class == tagTimeout, errors.Is(err, context.DeadlineExceeded):
		return bad(repl.Atom("timeout"))
	case raised && e.class == string(repl.ClassError):
		return exit(repl.Tuple{e.reason, e.stack})
	case raised:
		return exit(e.reason)
	case errors.Is(err, cluster.ErrBusy), errors.Is(err, cluster.ErrTooLarge):
		return exit(repl.Atom("system_limit"))
	}
	if own, ok := errors.AsType[*repl.Exception](err); ok { // arguments without an external form
		return nil, own
	}
	if there, ok := errors.AsType[*cluster.RemoteError](err); ok { // the node is up, and has not made the call
		return exit(repl.Binary(there.Text))
	}
	return bad(repl.Atom("nodedown"))
}

// multicall is rpc:call/5 on several nodes at the same time: nodes, {Module,Function}, arguments, time-out.
func (v *view) multicall(ctx context.Context, a []repl.Term) (repl.Term, error) {
	nodes, ok1 := repl.Slice(a[0])
	name, ok2 := a[1].(repl.Tuple)
	if !ok1 || !ok2 || len(name) != 2 || len(nodes) > maxNodes {
		return nil, repl.Badarg()
	}
	answers, errs := make([]repl.Term, len(nodes)), make([]error, len(nodes))
	var calls sync.WaitGroup
	for i, node := range nodes {
		calls.Go(func() {
			defer func() {
				if recover() != nil {
					errs[i] = errors.New("inspect: a call failed") // beside the goroutine that would recover
				}
			}()
			answers[i], errs[i] = v.rpcCall(ctx, []repl.Term{node, name[0], name[1], a[2]}, a[3])
		})
	}
	calls.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return repl.List(answers...), nil
}

// callOn calls a function on another member. Errors: *remoteException for an exception there, *repl.Exception
// for terms that cannot be sent, those of cluster.Node.Call.
func (v *view) callOn(ctx context.Context, node string, module, function, args repl.Term) (repl.Term, error) {
	if v.o.Cluster == nil {
		return nil, cluster.ErrNotMember
	}
	to, ok := v.o.Cluster.MemberByName(node)
	if !ok {
		return nil, cluster.ErrNotMember
	}
	if v.who.Hops >= maxHops {
		return nil, cluster.ErrBusy
	}
	origin := v.who.Node
	if origin == "" {
		origin = v.o.Name
	}
	request, err := repl.EncodeTerm(ctx, repl.Tuple{
		repl.Binary(v.who.Name), repl.Atom(origin), repl.Atom(v.who.Role.String()), repl.Int(v.who.Hops + 1), module, function, args,
	}, v.nodes)
	if err != nil {
		return nil, err
	}
	answer, err := v.o.Cluster.Call(ctx, to, rpcService, request)
	if err != nil {
		return nil, err
	}
	reply, err := repl.DecodeTerm(ctx, answer, v.nodes)
	if err != nil {
		return nil, fmt.Errorf("inspect: answer of %s: %v", node, err)
	}
	return outcome(reply)
}

// Tags of answers beside the classes of exceptions.
const (
	tagValue    = "value"   // {value,Value}
	classDenied = "denied"  // {denied,Reason,[]}
	tagTimeout  = "timeout" // {timeout,timeout,[]}: the time of the node that was called was over
)

// remoteException is an exception that a call on another node ended with.
type remoteException struct {
	class         string
	reason, stack repl.Term
}

// Error implements error.
func (e *remoteException) Error() string { return e.class + ": " + repl.Format(e.reason) }

// outcome reads an answer: {value,Value}, or {Class,Reason,Stack}.
func outcome(reply repl.Term) (repl.Term, error) {
	t, _ := reply.(repl.Tuple)
	if len(t) == 2 && t[0] == repl.Term(repl.Atom(tagValue)) {
		return t[1], nil
	}
	if len(t) == 3 {
		if class, ok := t[0].(repl.Atom); ok {
			return nil, &remoteException{string(class), t[1], t[2]}
		}
	}
	return nil, errors.New("inspect: an answer of another version")
}

// deniedAgain raises here that a role does not allow a function there; the reason is {denied,{M,F,A},Role}.
func deniedAgain(reason repl.Term) error {
	t, _ := reply3(reason)
	mfa, _ := reply3(t[1])
	module, _ := mfa[0].(repl.Atom)
	name, _ := mfa[1].(repl.Atom)
	arity, _ := mfa[2].(repl.Int)
	needs, _ := t[2].(repl.Atom)
	role, _ := repl.ParseRole(string(needs))
	return repl.Denied(repl.SystemFunction{Module: string(module), Name: string(name), Arity: int(arity), Role: role})
}

// reply3 gives a tuple of three, of empty lists where t is none.
func reply3(t repl.Term) (repl.Tuple, bool) {
	if x, ok := t.(repl.Tuple); ok && len(x) == 3 {
		return x, true
	}
	return repl.Tuple{repl.Nil{}, repl.Nil{}, repl.Nil{}}, false
}

// serveRPC answers a call of another node.
func (n *Node) serveRPC(ctx context.Context, _ cluster.Member, request []byte) ([]byte, error) {
	t, err := repl.DecodeTerm(ctx, request, n.nodes)
	if err != nil {
		return nil, err
	}
	who, module, function, args, err := readRequest(t)
	if err != nil {
		return nil, err
	}
	value, err := n.o.Apply(ctx, who, module, function, args)
	reply, err := replyOf(value, err)
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // an answer about the end of its time comes after that
	answer, err := repl.EncodeTerm(ctx, reply, n.nodes)
	if err != nil { // a closure in the value or the reason
		return repl.EncodeTerm(ctx, repl.Tuple{repl.Atom(repl.ClassError), repl.Atom("badarg"), repl.Nil{}}, n.nodes)
	}
	return answer, nil
}

// readRequest reads a request.
func readRequest(t repl.Term) (who Who, module, function string, args []repl.Term, err error) {
	x, _ := t.(repl.Tuple)
	err = errors.New("inspect: a request of another version")
	if len(x) != 7 {
		return who, "", "", nil, err
	}
	name, ok1 := x[0].(repl.Bits)
	node, ok2 := x[1].(repl.Atom)
	roleName, ok3 := x[2].(repl.Atom)
	hops, ok4 := x[3].(repl.Int)
	mod, ok5 := x[4].(repl.Atom)
	fun, ok6 := x[5].(repl.Atom)
	args, ok7 := repl.Slice(x[6])
	role, ok8 := repl.ParseRole(string(roleName))
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || !ok7 || !ok8 || hops < 1 || hops > maxHops {
		return who, "", "", nil, err
	}
	return Who{Name: string(name.Data), Node: string(node), Role: role, Hops: int(hops)}, string(mod), string(fun), args, nil
}

// replyOf gives the answer for the outcome of a call.
func replyOf(value repl.Term, err error) (repl.Term, error) {
	if err == nil {
		return repl.Tuple{repl.Atom(tagValue), value}, nil
	}
	e, ok := errors.AsType[*repl.Exception](err)
	switch {
	case !ok:
		return nil, err
	case e.Denied:
		return repl.Tuple{repl.Atom(classDenied), e.Reason, repl.Nil{}}, nil
	case e.Fatal && e.Reason == repl.Term(repl.Atom("timeout")):
		return repl.Tuple{repl.Atom(tagTimeout), e.Reason, repl.Nil{}}, nil
	case e.Fatal: // a budget of this node; it ends the call there, not the expression
		return repl.Tuple{repl.Atom(repl.ClassExit), e.Reason, repl.Nil{}}, nil
	default:
		return repl.Tuple{repl.Atom(e.Class), e.Reason, e.StackTerm()}, nil
	}
}

// elsewhere is a call of a function of this table whose process is on another node: there it is made, as OTP
// sends the request there. ok is false where it is to be made here.
func (v *view) elsewhere(ctx context.Context, module, name string, args []repl.Term) (value repl.Term, ok bool, err error) {
	sends := module == "supervisor" || module == "sys" || module == "erlang" && name == "exit"
	if v.o.Cluster == nil || !sends || len(args) == 0 {
		return nil, false, nil
	}
	node, process, known := v.o.Name, args[0], true
	switch x := args[0].(type) {
	case repl.Pid:
		node, known = v.nodes.NodeName(x.Node)
	case repl.Tuple:
		if len(x) == 2 && x[0] != repl.Term(repl.Atom("global")) {
			if at, ok := x[1].(repl.Atom); ok {
				node, process = string(at), x[0]
			}
		}
	}
	if !known {
		return nil, true, repl.Badarg()
	}
	if node == v.o.Name {
		return nil, false, nil
	}
	there := append([]repl.Term{process}, args[1:]...)
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	value, err = v.callOn(ctx, node, repl.Atom(module), repl.Atom(name), repl.List(there...))
	if e, raised := errors.AsType[*remoteException](err); raised {
		if e.class == classDenied {
			return nil, true, deniedAgain(e.reason)
		}
		return nil, true, repl.Raise(repl.Class(e.class), e.reason)
	}
	if err != nil && ctx.Err() == nil {
		return nil, true, repl.Raise(repl.ClassExit, repl.Tuple{
			repl.Tuple{repl.Atom("nodedown"), repl.Atom(node)},
			repl.Tuple{repl.Atom("gen_server"), repl.Atom("call"), repl.List(args[0], repl.Atom(name), repl.Atom("infinity"))},
		})
	}
	return value, true, err
}
