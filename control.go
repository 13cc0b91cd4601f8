package erlmcp

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/inspect"
	"github.com/erlmcp/erlmcp/repl"
)

// controlRoutes are what the operator's endpoints tell beside health.
func (n *Node) controlRoutes() map[string]http.Handler {
	return map[string]http.Handler{"GET " + admin.NodesPath: http.HandlerFunc(n.serveNodes)}
}

// newEvaluator makes what evaluates the expressions of operators.
func (n *Node) newEvaluator() *admin.Evaluator {
	o := admin.EvaluatorOptions{Node: n.opts.Name, Logger: n.log, Inspector: n.inspect.Inspector}
	if n.cluster != nil {
		o.Remote, o.RemoteConsole = n.evalOn, n.consoleOn
	}
	return admin.NewEvaluator(o)
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
