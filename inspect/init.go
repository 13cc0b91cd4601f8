package inspect

import (
	"context"

	"github.com/erlmcp/erlmcp/repl"
)

// Life is how a node is told to leave. Its functions return at once; the node drains first.
type Life struct {
	Stop     func()
	Restart  func()
	Drain    func()      // it takes no clients from then on, and runs on
	Stopping func() bool // it has been told to end
}

// initFunctions are those of the module init, in the shapes of OTP's. There is no erlang:halt/0,1 beside them:
// every way to end a node drains it.
func initFunctions() map[string]function {
	return map[string]function{
		"init:stop/0":    ending(func(l *Life) func() { return l.Stop }),
		"init:stop/1":    ending(func(l *Life) func() { return l.Stop }), // a drained node ends with status 0
		"init:restart/0": ending(func(l *Life) func() { return l.Restart }),
		"init:get_status/0": func(_ context.Context, v *view, _ []repl.Term) (repl.Term, error) {
			state := repl.Atom("started")
			if v.o.Life.Stopping != nil && v.o.Life.Stopping() {
				state = "stopping"
			}
			return repl.Tuple{state, state}, nil
		},
	}
}

// ending is a function that ends the node in one of the ways that it knows.
func ending(how func(*Life) func()) function {
	return func(_ context.Context, v *view, args []repl.Term) (repl.Term, error) {
		end := how(&v.o.Life)
		if end == nil {
			return nil, errAbsent
		}
		if len(args) == 1 {
			if n, ok := args[0].(repl.Int); !ok || n != 0 {
				return nil, repl.Badarg()
			}
		}
		end()
		return repl.Atom("ok"), nil
	}
}
