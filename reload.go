package erlmcp

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// ReloadConfig has the process read its configuration again, see Operator. What comes of it is logged and seen
// in the metrics erlmcp_config_last_reload_successful and erlmcp_config_last_reload_success_timestamp_seconds. It
// fails without Options.Operator.
func (n *Node) ReloadConfig(ctx context.Context) (applied, needsRestart []string, err error) {
	if n.opts.Operator == nil {
		return nil, nil, errors.New("erlmcp: there is no configuration to read again")
	}
	applied, needsRestart, err = n.opts.Operator.ReloadConfig(ctx)
	n.metrics.ConfigLoaded(err == nil, time.Now())
	if err != nil {
		n.log.LogAttrs(ctx, slog.LevelError, "configuration not reloaded, the one before stays", slog.Any("err", err))
		return nil, nil, err
	}
	n.log.LogAttrs(ctx, slog.LevelInfo, "configuration reloaded", slog.Any("applied", applied), slog.Any("needs_restart", needsRestart))
	return applied, needsRestart, nil
}

// operator is Options.Operator with reloads that are noted; nil where there is none.
func (n *Node) operator() Operator {
	if n.opts.Operator == nil {
		return nil
	}
	return reloading{n.opts.Operator, n}
}

type reloading struct {
	Operator
	node *Node
}

// ReloadConfig implements Operator.
func (r reloading) ReloadConfig(ctx context.Context) (applied, needsRestart []string, err error) {
	return r.node.ReloadConfig(ctx)
}
