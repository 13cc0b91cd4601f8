package erlmcp

import (
	"context"
	"log/slog"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/transport"
)

// pauseInMinority sends clients away each time the node loses the majority of its cluster, where the options
// want that. Meanwhile the gateway refuses new ones and readiness is off.
func (n *Node) pauseInMinority(ctx context.Context) error {
	if n.cluster == nil || !n.opts.Cluster.PauseMinority {
		<-ctx.Done()
		return nil
	}
	paused := n.cluster.Paused() // from here on of the goroutine of Watch
	stop := n.cluster.Watch(func(cluster.Topology) {
		was := paused
		if paused = n.cluster.Paused(); paused && !was {
			n.log.LogAttrs(ctx, slog.LevelWarn, "no majority, clients are sent away", slog.Int("connections", n.gateway.Connections()))
			n.clients().Disconnect(transport.ReasonUnavailable)
		}
	})
	defer stop()
	<-ctx.Done()
	return nil
}
