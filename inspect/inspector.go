package inspect

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/supervisors"
)

// Options are what a node is made of, as far as it can be inspected.
type Options struct {
	Name    string // name@host
	Version string // of the program

	System  *supervisors.System
	Gateway *actors.Gateway
	Server  *mcp.Server
	Cluster *cluster.Node // nil outside a cluster

	// Members is how the node sees its cluster, itself included, by name; alone, it sees itself.
	Members func() []Member

	// Operator is the process around the node; nil where there is none.
	Operator Operator

	Life Life

	// Limits are those of the node, for erlang:system_info/1.
	Limits Limits
	// Traffic is the bytes of messages received from and sent to clients.
	Traffic func() (received, sent uint64)

	Apply Apply // answers calls of other nodes; mandatory in a cluster
}

// Limits are how many sessions and connections a node takes.
type Limits struct{ Processes, Ports int }

// Operator is what the process around a node lets an operator see and change. Its methods are safe for
// concurrent use.
type Operator interface {
	LogLevels() map[string]string // level by subsystem
	SetLogLevel(subsystem, level string) error
	Config() []ConfigValue // in the order of the documentation
	// ReloadConfig reads the configuration again; both lists are keys whose values have changed.
	ReloadConfig(ctx context.Context) (applied, needsRestart []string, err error)
}

// ConfigValue is one key of the effective configuration. The value of a secret is redacted.
type ConfigValue struct{ Key, Value, Origin string }

// Node is a running node as an operator sees it. It is safe for concurrent use.
type Node struct {
	o     Options
	made  time.Time
	since since
	table map[string]function // by module:function/arity
	nodes *nodeNumbers

	collected struct { // garbage, for one process
		sync.Mutex
		last time.Time
	}
}

// function is one function of the table. It may return errAbsent.
type function func(ctx context.Context, v *view, args []repl.Term) (repl.Term, error)

// errAbsent says that this node has no answer: the shell then answers as a node alone, or raises undef.
var errAbsent = errors.New("inspect: function is not offered")

// New makes a Node. It reads nothing yet.
func New(o Options) *Node {
	n := &Node{o: o, made: time.Now(), table: map[string]function{}, nodes: newNodeNumbers(o.Name)}
	for _, part := range []map[string]function{
		clusterFunctions(),
		initFunctions(),
		rpcFunctions(),
		processFunctions(),
		supervisorFunctions(),
		stateFunctions(),
		reconProcFunctions(),
		treeFunctions(),
		erlmcpFunctions(),
		sessionFunctions(),
		memoryFunctions(),
		systemFunctions(),
		statisticsFunctions(),
		reconNodeFunctions(),
		portFunctions(),
	} {
		maps.Copy(n.table, part)
	}
	if o.Cluster != nil {
		o.Cluster.ServeCalls(rpcService, n.serveRPC)
	}
	return n
}

// Who asks.
type Who = repl.Caller

// Inspector answers the expressions of one shell.
func (n *Node) Inspector(who Who) repl.Inspector { return &inspector{n, who, n.o.System.NewNumber()} }

type inspector struct {
	node *Node
	who  Who
	self uint64 // number of the shell as a process
}

var _ repl.Nodes = (*inspector)(nil)

// NodeName implements repl.Nodes.
func (i *inspector) NodeName(number uint64) (string, bool) { return i.node.nodes.NodeName(number) }

// NodeNumber implements repl.Nodes.
func (i *inspector) NodeNumber(name string) (uint64, bool) { return i.node.nodes.NodeNumber(name) }

// view is what one call of a function sees of the node.
type view struct {
	*Node
	who  Who
	self uint64
}

// Call implements repl.Inspector.
func (i *inspector) Call(ctx context.Context, module, name string, args []repl.Term) (repl.Term, bool, error) {
	v := &view{i.node, i.who, i.self}
	if value, ok, err := v.elsewhere(ctx, module, name, args); ok {
		return value, true, err
	}
	f := i.node.table[module+":"+name+"/"+strconv.Itoa(len(args))]
	if f == nil {
		return nil, false, nil
	}
	value, err := f(ctx, v, args)
	if errors.Is(err, errAbsent) {
		return nil, false, nil
	}
	return value, true, err
}
