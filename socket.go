package erlmcp

import (
	"context"
	"fmt"
	"net"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/streamable"
)

// open opens the HTTP socket ahead of the tree, so that an address that is taken is an error of its own.
func (n *Node) open(ctx context.Context) error {
	if n.web == nil || n.opts.HTTP.Listener != nil {
		return nil
	}
	ln, err := streamable.Listen(ctx, n.opts.HTTP.Addr, n.opts.Connections)
	if err != nil {
		return fmt.Errorf("erlmcp: %w", err)
	}
	n.first.Store(&ln)
	return nil
}

// closeFirst closes that socket if no listener has taken it.
func (n *Node) closeFirst() {
	if ln := n.first.Swap(nil); ln != nil {
		(*ln).Close()
	}
}

// takeSocket hands the socket that Run opened to the listener. After a restart it opens another at the same
// address, port 0 included.
func (n *Node) takeSocket(ctx context.Context, _, addr string) (net.Listener, error) {
	if ln := n.first.Swap(nil); ln != nil {
		return *ln, nil
	}
	if before := n.web.Addr(); before != nil {
		addr = before.String()
	}
	return streamable.Listen(ctx, addr, n.opts.Connections)
}

// refused counts what the HTTP listener refuses before anybody else hears of it.
func (n *Node) refused(r transport.Reason) {
	n.metrics.Rejected(r)
	switch r {
	case transport.ReasonTooLarge:
		n.metrics.LimitHit(actors.LimitMessageBytes)
	case transport.ReasonOverloaded:
		n.metrics.LimitHit(actors.LimitConnections)
	default: // a rule, not a limit
	}
}
