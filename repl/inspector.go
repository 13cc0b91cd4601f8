package repl

import "context"

// Inspector answers the functions whose results depend on the running system:
// those of the table in access.go, such as erlang:processes/0 or
// supervisor:which_children/1. The shapes of their results are those of
// Erlang/OTP 25 and recon.
//
// Call runs on the goroutine of the evaluation. It returns when ctx ends, and
// never changes args. It is asked only for functions of the table, after the
// shell has checked the role. The boolean is false when the inspector does not
// offer the function: the shell then raises undef, or gives its own answer
// where a node alone has one (node/0, nodes/0). An error that is an *Exception
// (made by Raise or Badarg) is raised as it is, any other one becomes an
// exception error with its text.
//
// Of calls to nodes it sees rpc:call/4,5 as they are, and rpc:multicall/4 with
// the nodes other than this one, {Module,Function}, the arguments and the
// time-out: it gives what rpc:call/5 gives for each, in order.
type Inspector interface {
	Call(ctx context.Context, module, function string, args []Term) (Term, bool, error)
}

// Role is what an operator may do. The zero value may only look.
type Role uint8

// The roles, each including those before it.
const (
	Viewer   Role = iota // functions that only read
	Operator             // also functions that act on sessions, children, garbage, log level
	Admin                // also functions that end processes or the node
)

// ParseRole reads a role's name; false where it is none.
func ParseRole(name string) (Role, bool) {
	for r := Viewer; r <= Admin; r++ {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// Caller is on whose behalf an expression is evaluated.
type Caller struct {
	Name string // as the endpoint knows it, such as "uid 1000 pid 4242" or "token"
	Node string // name of the node whose endpoint that was; empty for this one
	Role Role   // what was granted
	Hops int    // from node to node, so far
}

// String gives the role's name.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	}
	return "admin"
}
