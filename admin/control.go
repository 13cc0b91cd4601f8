package admin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/erlmcp/erlmcp/repl"
)

// Options configures a Control.
type Options struct {
	Socket  string  // path; mandatory
	Version string  // the answer to GET /version
	Health  *Health // nil means no health endpoints
	// Routes are further handlers, by the patterns of http.ServeMux.
	Routes map[string]http.Handler
	// Evaluator serves EvalPath and ConsolePath on the socket, and in Handler where there is a Token; nil: neither.
	Evaluator *Evaluator
	// Role is the most that callers on the socket get.
	Role repl.Role
	// Token is what callers of Handler show to evaluate, at least 32 characters; empty: nobody can.
	Token string
	// ListenRole is the most that callers with the token get.
	ListenRole repl.Role
	Logger     *slog.Logger // nil discards
}

// Control is the control socket of a node.
type Control struct{ opts Options }

// NewControl makes a control socket; Serve opens it.
func NewControl(o Options) *Control {
	o.Logger = orDiscard(o.Logger)
	return &Control{opts: o}
}

// Serve answers on the socket until ctx ends, then removes it. Errors: ErrSocketInUse, or why the socket
// cannot be opened.
func (c *Control) Serve(ctx context.Context) error {
	l, err := listenSocket(ctx, c.opts.Socket)
	if err != nil {
		return err
	}
	c.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "control socket open", slog.String("path", c.opts.Socket))
	return serve(ctx, &ownListener{l, c.opts.Logger}, c.socketHandler(), c.opts.Logger)
}

// Handler is what a loopback listener of its own may serve as well: all that the socket does but profiles, and
// evaluations only for callers with the token. It refuses requests whose Host is no name of loopback, as a web
// page sends them whose name has been rebound.
func (c *Control) Handler() http.Handler {
	mux := c.mux()
	if c.opts.Evaluator != nil && c.opts.Token != "" {
		c.evaluations(mux, newGate(c.opts.Token, c.opts.ListenRole, c.opts.Logger))
	}
	return loopbackOnly(mux)
}

// socketHandler is what the socket serves.
func (c *Control) socketHandler() http.Handler {
	mux := c.mux()
	if c.opts.Evaluator != nil {
		c.evaluations(mux, socketGate(c.opts.Role))
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// evaluations adds what evaluates, for callers whom the gate lets in.
func (c *Control) evaluations(mux *http.ServeMux, g gate) {
	mux.Handle("POST "+EvalPath, g.guard(c.opts.Evaluator.serveEval))
	mux.Handle("POST "+ConsolePath, g.guard(c.opts.Evaluator.serveConsole))
}

func (c *Control) mux() *http.ServeMux {
	mux := http.NewServeMux()
	answer(mux, "GET /ping", "pong\n")
	answer(mux, "GET /version", c.opts.Version+"\n")
	if c.opts.Health != nil {
		for path, h := range c.opts.Health.Routes() {
			mux.Handle(path, h)
		}
	}
	for pattern, h := range c.opts.Routes {
		mux.Handle(pattern, h)
	}
	return mux
}

func answer(mux *http.ServeMux, pattern, text string) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text) // a client that has gone needs no answer
	})
}
