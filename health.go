package erlmcp

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/supervisors"
)

var (
	errDraining = errors.New("the node drains")
	errFull     = errors.New("the node is at its connection limit")
	errStarting = errors.New("the node is starting")
	errMinority = errors.New("the node sees no majority of its cluster")
)

// checks registers what readiness depends on.
func (n *Node) checks() {
	n.health.Add(admin.Ready, "started", func(context.Context) error {
		select {
		case <-n.ready:
			return nil
		default:
			return errStarting
		}
	})
	n.health.Add(admin.Ready, "draining", func(context.Context) error {
		if n.draining.Load() {
			return errDraining
		}
		return nil
	})
	if n.cluster != nil {
		n.health.Add(admin.Ready, "cluster", func(context.Context) error { return n.cluster.Admitted() })
		n.health.Add(admin.Ready, "majority", func(context.Context) error {
			if n.cluster.Paused() {
				return errMinority
			}
			return nil
		})
	}
	limit := n.opts.Sessions.WithDefaults().Connections
	n.health.Add(admin.Ready, "connections", func(context.Context) error {
		if n.gateway.Connections() >= limit {
			return errFull
		}
		return nil
	})
}

// addLiveness makes liveness a round trip through the root supervisor's mailbox.
func (n *Node) addLiveness(root *supervisors.Supervisor) {
	n.health.Add(admin.Live, "supervisor", func(ctx context.Context) error {
		answered := make(chan error, 1)
		go func() {
			_, err := root.CountChildren()
			answered <- err
		}()
		select {
		case err := <-answered:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// routes are the handlers of the HTTP listener beside the MCP endpoint.
func (n *Node) routes() map[string]http.Handler {
	routes := maps.Clone(n.health.Routes())
	if n.opts.Metrics.Listen == "" && !n.opts.Metrics.Off {
		routes["/metrics"] = n.metrics.Handler()
	}
	return routes
}
