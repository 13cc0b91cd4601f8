package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
)

// Paths of what a node tells about itself beside its health.
const (
	NodesPath = "/nodes" // GET: Nodes as JSON; with ?format=term as an Erlang term, text/plain
	// EvalPath takes an expression as text/plain with POST; the answer is an Evaluation as JSON. The query may
	// have role, node and format=json, see EvalOptions.
	EvalPath = "/eval"
)

// MaxExpression is the most that EvalPath takes, in bytes; 413 is the answer to more.
const MaxExpression = 256 << 10

// States of a node, as in NodeInfo.State.
const (
	StateUp       = "up"       // it is in the view of the node that was asked
	StateMinority = "minority" // the node that was asked sees no majority of its cluster
	StateDraining = "draining" // the node that was asked goes away
)

// Nodes is how a node sees its cluster.
type Nodes struct {
	Self     string     `json:"self"`      // name of the node that was asked
	Cluster  bool       `json:"clustered"` // false: the node runs alone
	Majority bool       `json:"majority"`  // it sees more than half of its cluster; true alone
	Members  []NodeInfo `json:"members"`   // those in its view, itself included, by name
}

// NodeInfo is one node in a view.
type NodeInfo struct {
	Name    string `json:"name"`              // name@host
	State   string `json:"state"`             // one of the State constants
	Address string `json:"address,omitempty"` // host:port of its distribution; empty alone
	Boot    string `json:"boot,omitempty"`    // its incarnation; empty alone
	Version string `json:"version"`           // of its program
}

// Evaluation is the outcome of one expression: Value, or else Class and Error.
type Evaluation struct {
	// Output is what the expression printed.
	Output string `json:"output,omitempty"`

	Value string          `json:"value,omitempty"` // printed as ~p does, without a line end
	JSON  json.RawMessage `json:"json,omitempty"`  // the value as JSON, where that was asked for, see repl.JSON
	Class Class           `json:"class,omitempty"`
	Error string          `json:"error,omitempty"` // as the shell prints it
}

// EvalOptions says how an expression is evaluated. The zero value: here, with all that the endpoint grants.
type EvalOptions struct {
	Role string // viewer, operator or admin: the most that the expression may do; empty: what the endpoint grants
	Node string // name of the member of the cluster that evaluates; empty: the one that is asked
	JSON bool   // also give the value as JSON
}

func (o EvalOptions) query() string {
	q := url.Values{}
	for key, value := range map[string]string{"role": o.Role, "node": o.Node} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if o.JSON {
		q.Set("format", "json")
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Nodes asks the node how it sees its cluster. Errors are those of Get.
func (c Client) Nodes(ctx context.Context) (Nodes, error) {
	var n Nodes
	text, err := c.Get(ctx, NodesPath)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return n, fmt.Errorf("admin: %s: %w", NodesPath, err)
	}
	return n, nil
}

// NodesTerm is Nodes as an Erlang term: a list of maps.
func (c Client) NodesTerm(ctx context.Context) (string, error) {
	text, err := c.Get(ctx, NodesPath+"?"+url.Values{"format": {"term"}}.Encode())
	return string(text), err
}

// Eval has the node evaluate an expression. Errors: ErrBusy, and those of Get; they say nothing about the
// expression.
func (c Client) Eval(ctx context.Context, expression string, o EvalOptions) (Evaluation, error) {
	var e Evaluation
	text, err := c.Post(ctx, EvalPath+o.query(), "text/plain; charset=utf-8", []byte(expression))
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return e, fmt.Errorf("admin: %s: %w", EvalPath, err)
	}
	return e, nil
}
