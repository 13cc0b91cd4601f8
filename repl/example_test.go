package repl_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/erlmcp/erlmcp/repl"
)

func ExampleShell_Eval() {
	sh := repl.NewShell(repl.Options{})
	for _, text := range []string{
		"Squares = [X * X || X <- lists:seq(1, 5)].",
		"io:format(\"~p~n\", [lists:sum(Squares)]).",
		"hd([]).",
		"1 + .",
	} {
		v, err := sh.Eval(context.Background(), text, os.Stdout)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(sh.Print(v))
	}
	// Output:
	// [1,4,9,16,25]
	// 55
	// ok
	// ** exception error: bad argument
	//      in function  hd/1
	//         called as hd([])
	//         *** argument 1: not a nonempty list
	// * 1:5: syntax error before: '.'
}

// clock is an inspector that knows one thing.
type clock struct{}

func (clock) Call(_ context.Context, module, function string, args []repl.Term) (repl.Term, bool, error) {
	if module == "erlang" && function == "statistics" {
		if args[0] == repl.Term(repl.Atom("wall_clock")) {
			return repl.Tuple{repl.Int(12345), repl.Int(7)}, true, nil
		}
		return nil, true, repl.Badarg()
	}
	return nil, false, nil
}

func ExampleInspector() {
	sh := repl.NewShell(repl.Options{Inspector: clock{}})
	v, err := sh.Eval(context.Background(), "erlang:statistics(wall_clock).", os.Stdout)
	fmt.Println(repl.Format(v), err)

	_, err = sh.Eval(context.Background(), "init:stop().", os.Stdout)
	var exception *repl.Exception
	fmt.Println(errors.As(err, &exception), err)
	// Output:
	// {12345,7} <nil>
	// true ** exception error: denied: init:stop/0 needs the role admin
}
