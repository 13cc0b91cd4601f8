package interop

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/erlmcp/erlmcp"
)

// childVariable makes the test binary a node on its standard input and output.
const childVariable = "ERLMCP_INTEROP_STDIO"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(serveStdio())
	}
	goleak.VerifyTestMain(m)
}

// serveStdio is the life of a child: the end of its input ends the node, without an error.
func serveStdio() int {
	node, err := erlmcp.New(newServer(), erlmcp.Options{
		Stdio: erlmcp.Stdio{On: true},
		Drain: erlmcp.Drain{Spread: -1},
	})
	if err == nil {
		err = node.Run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
