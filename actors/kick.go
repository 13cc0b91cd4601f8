package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/transport"
)

// ErrNoSession says that there is no session with this id.
var ErrNoSession = errors.New("actors: no such session")

// kickService is the call service that kicks a session on its owner.
const kickService = "mcp.kick"

// Kick ends a session for reason, for an operator: requests without an answer get an error, its connections are
// closed with the reason, its id is unknown from then on. In a cluster the session may be another node's.
// Errors: ErrNoSession; others say that its node is not reached.
func (g *Gateway) Kick(ctx context.Context, id string, reason transport.Reason) error {
	if g.kick(id, reason) {
		return nil
	}
	if g.home == nil {
		return ErrNoSession
	}
	return g.home.kick(ctx, id, reason)
}

// kick reports whether the session was here.
func (g *Gateway) kick(id string, reason transport.Reason) bool {
	a := g.table.get(id)
	if a == nil {
		return false
	}
	g.log.LogAttrs(context.Background(), slog.LevelInfo, "session ended by an operator",
		slog.String("session", id), slog.String("reason", reason.Label()))
	g.endSession(a, reason)
	return true
}

// kick kicks a session that does not run here: on its node, or here after all, if its node is gone.
func (f *Federation) kick(ctx context.Context, id string, reason transport.Reason) error {
	owner, err := f.owner(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("actors: kick: %w", err)
	case owner.IsZero():
		if f.Gateway.kick(id, reason) {
			return nil
		}
		return ErrNoSession
	}
	_, err = f.cluster.Call(ctx, owner, kickService, append([]byte{byte(reason)}, id...))
	if failed, ok := errors.AsType[*cluster.RemoteError](err); ok && failed.Code == cluster.CodeUser {
		return ErrNoSession
	}
	if err != nil {
		return fmt.Errorf("actors: kick: %w", err)
	}
	return nil
}

// kickHere serves kickService.
func (f *Federation) kickHere(_ context.Context, _ cluster.Member, request []byte) ([]byte, error) {
	if len(request) == 0 || int(request[0]) >= len(transport.Reasons()) {
		return nil, errNotice
	}
	if !f.Gateway.kick(string(request[1:]), transport.Reason(request[0])) {
		return nil, &cluster.RemoteError{Code: cluster.CodeUser, Text: ErrNoSession.Error()}
	}
	return nil, nil
}
