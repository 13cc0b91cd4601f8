package cluster

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// Two goroutines of libraries cannot be told to stop and end by themselves within a second.
func TestMain(m *testing.M) {
	testutil.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"),
		goleak.IgnoreAnyFunction("github.com/asynkron/protoactor-go/cluster.(*Cluster).StartMember"))
}
