package erlmcp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/inspect"
	"github.com/erlmcp/erlmcp/repl"
)

// maxEvaluations is how many expressions a node evaluates at a time; further ones wait.
const maxEvaluations = 4

// controlRoutes are what the operator's endpoints tell beside health.
func (n *Node) controlRoutes() map[string]http.Handler {
	return map[string]http.Handler{"GET " + admin.NodesPath: http.HandlerFunc(n.serveNodes)}
}

// socketRoutes are what only the control socket serves.
func (n *Node) socketRoutes() map[string]http.Handler {
	turns := make(chan struct{}, maxEvaluations)
	return map[string]http.Handler{
		"POST " + admin.EvalPath: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.serveEval(w, r, turns) }),
	}
}

func (n *Node) serveNodes(w http.ResponseWriter, r *http.Request) {
	view := n.view()
	if r.URL.Query().Get("format") != "term" {
		n.answerJSON(w, r, view)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, repl.Format(inspect.MembersTerm(members(view)))+"\n") // a client that has gone needs no answer
}

// serveEval evaluates the expression in the body, as a viewer, when it is its turn.
func (n *Node) serveEval(w http.ResponseWriter, r *http.Request, turns chan struct{}) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, admin.MaxExpression))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		http.Error(w, "expression too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "expression not read", http.StatusBadRequest)
		return
	}
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-r.Context().Done():
		return
	}
	begun := time.Now()
	result := n.eval(r.Context(), string(text))
	outcome := "value"
	if result.Class != "" {
		outcome = result.Class
	}
	n.log.LogAttrs(r.Context(), slog.LevelInfo, "expression evaluated", slog.String("outcome", outcome), slog.Duration("duration", time.Since(begun)))
	n.answerJSON(w, r, result)
}

// eval evaluates an expression, whose full stop may be missing, in a shell of its own.
func (n *Node) eval(ctx context.Context, text string) admin.Evaluation {
	if !repl.Complete(text) {
		text += "\n." // also behind a comment
	}
	shell := repl.NewShell(repl.Options{Inspector: n.inspect.Inspector(inspect.Who{Role: repl.Viewer}), Role: repl.Viewer})
	var out strings.Builder
	value, err := shell.Eval(ctx, text, &out)
	switch _, syntax := errors.AsType[*repl.SyntaxError](err); {
	case err == nil:
		return admin.Evaluation{Output: out.String(), Value: shell.Print(value)}
	case syntax:
		return admin.Evaluation{Class: admin.ClassSyntax, Error: err.Error()}
	default:
		return admin.Evaluation{Output: out.String(), Class: admin.ClassError, Error: err.Error()}
	}
}

func (n *Node) answerJSON(w http.ResponseWriter, r *http.Request, v any) {
	text, err := json.Marshal(v)
	if err != nil { // the types are ours
		http.Error(w, "no answer", http.StatusInternalServerError)
		n.log.LogAttrs(r.Context(), slog.LevelError, "answer not encoded", slog.Any("err", err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // a client that has gone needs no answer
}

// view is how the node sees its cluster; alone, it sees itself.
func (n *Node) view() admin.Nodes {
	own := admin.NodeInfo{Name: n.opts.Name, Version: n.opts.Version, State: admin.StateUp}
	if n.draining.Load() {
		own.State = admin.StateDraining
	}
	if n.cluster == nil {
		return admin.Nodes{Self: own.Name, Majority: true, Members: []admin.NodeInfo{own}}
	}
	view := admin.Nodes{Self: own.Name, Cluster: true, Majority: n.cluster.Majority()}
	if !view.Majority && own.State == admin.StateUp {
		own.State = admin.StateMinority
	}
	for _, m := range n.cluster.Members() {
		info := admin.NodeInfo{Name: m.Name, State: admin.StateUp, Address: m.Addr, Boot: m.Boot, Version: m.Version}
		if m.Boot == n.cluster.Self().Boot {
			info.State = own.State
		}
		view.Members = append(view.Members, info)
	}
	return view
}

// members are the nodes of a view, as expressions see them.
func members(view admin.Nodes) []inspect.Member {
	list := make([]inspect.Member, len(view.Members))
	for i, m := range view.Members {
		list[i] = inspect.Member{Name: m.Name, State: m.State, Version: m.Version, Address: m.Address, Boot: m.Boot}
	}
	return list
}
