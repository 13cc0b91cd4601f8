package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

// bodyTimeout is how long the text of an expression may take to come.
const bodyTimeout = 10 * time.Second

// serveEval evaluates the expression in the body and answers with an Evaluation. The evaluation ends when the
// client goes.
func (e *Evaluator) serveEval(w http.ResponseWriter, r *http.Request, c repl.Caller, q evalQuery) {
	text, ok := readExpression(w, r, e.bodyTime)
	if !ok {
		return
	}
	result, err := e.EvalOn(r.Context(), q.node, c, text, q.json)
	switch {
	case errors.Is(err, ErrBusy):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy: 4 evaluations run, and others wait", http.StatusServiceUnavailable)
		return
	case err != nil:
		return // the client has gone
	}
	var answer bytes.Buffer
	encoder := json.NewEncoder(&answer)
	encoder.SetEscapeHTML(false)                   // pids stay readable
	if err := encoder.Encode(result); err != nil { // the types are ours
		e.opts.Logger.LogAttrs(r.Context(), slog.LevelError, "evaluation not encoded", slog.Any("err", err))
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(answer.Bytes()) // a client that has gone needs no answer
}

// readExpression reads the body of a request, within its size and its time.
func readExpression(w http.ResponseWriter, r *http.Request, within time.Duration) (string, bool) {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(within)); err != nil {
		http.Error(w, "no deadline", http.StatusInternalServerError)
		return "", false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxExpression))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		http.Error(w, "expression too large", http.StatusRequestEntityTooLarge)
		return "", false
	}
	if err != nil {
		http.Error(w, "expression not read", http.StatusBadRequest)
		return "", false
	}
	// From here on a read only tells that the client has gone.
	return string(text), control.SetReadDeadline(time.Time{}) == nil
}
