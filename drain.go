package erlmcp

import (
	"context"
	"log/slog"
	"time"
)

// drainer is the last child of the tree and so the first to be stopped: it waits, and when the node ends it
// takes the node out of service in order, while everything that answers clients still works. It is also
// stopped when a part of the tree above it is restarted; the node then goes on. Drain has it begin before.
func (n *Node) drainer(ctx context.Context) error {
	select {
	case <-n.life.drain:
		n.drain(context.WithoutCancel(ctx))
		<-ctx.Done()
	case <-ctx.Done():
	}
	if n.stopping.Load() {
		n.drain(context.WithoutCancel(ctx))
	}
	return nil
}

// drainMargin is what stopping a child may take beyond the drain itself.
const drainMargin = 10 * time.Second

// drain: readiness off, no new connections, open requests may finish, clients are told to go.
func (n *Node) drain(ctx context.Context) {
	if n.draining.Swap(true) {
		return
	}
	begun := time.Now()
	n.metrics.DrainState(true)
	n.refuse()
	ctx, cancel := context.WithTimeout(ctx, n.opts.Drain.Timeout)
	defer cancel()
	sessions := n.gateway.Count()
	cut := n.clients().Drain(ctx, n.opts.Drain.Spread)
	n.handOver(ctx)
	n.log.LogAttrs(ctx, slog.LevelInfo, "node drained",
		slog.Int("sessions", sessions), slog.Int("cut", cut), slog.Duration("duration", time.Since(begun)))
}

// handOver gives the sessions of the node to the rest of its cluster.
func (n *Node) handOver(ctx context.Context) {
	if n.members == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMargin/2)
	defer cancel()
	moved, err := n.members.HandOver(ctx)
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	n.log.LogAttrs(ctx, level, "sessions handed over", slog.Int("sessions", moved), slog.Any("err", err))
}
