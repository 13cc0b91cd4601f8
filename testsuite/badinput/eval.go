package badinput

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// evalTransport is the transport of expressions for a running node.
const evalTransport = "eval"

// maxArgument is what Linux takes as one argument of a program, less its end.
const maxArgument = 128<<10 - 1

// evaluation is what an operator saw of one expression.
type evaluation struct {
	kind string // value, exception, denied or syntax; "" for what is none of these
	said string // value and output, or the error
}

// evalPeer notes what became of expressions; nothing is sent on it.
type evalPeer struct{ o *observation }

var _ peer = evalPeer{}

func (p evalPeer) seen() *observation { return p.o }
func (evalPeer) send([]byte)          {}
func (evalPeer) write([]byte)         {}
func (evalPeer) halfClose()           {}
func (evalPeer) reset()               {}
func (evalPeer) close()               {}

// expression is the text of an eval step.
func (s *step) expression(v *vars) (string, error) {
	b := body{Text: s.Expr, B64: s.ExprB64, Rep: s.Rep, Rep2: s.Rep2}
	text, err := b.bytes(v)
	return string(text), err
}

// eval has the node evaluate an expression, as often at a time as the step says, in the role of the set-up.
func (pl *play) eval(s *step) error {
	expr, err := s.expression(pl.vars)
	if err != nil {
		return err
	}
	pl.note([]byte(expr))
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(pl.c.Expect.WithinMS)*time.Millisecond+grace)
	defer cancel()
	n := max(s.Parallel, 1)
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = pl.evaluate(ctx, expr) })
	}
	running.Wait()
	return firstError(errs)
}

func firstError(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// evaluate asks once: with the command where an administrator's expression fits its arguments, else on the socket.
func (pl *play) evaluate(ctx context.Context, expr string) error {
	if pl.c.Setup == "admin" && len(expr) < maxArgument {
		return pl.evalCommand(ctx, expr)
	}
	return pl.evalSocket(ctx, expr)
}

// evalCommand runs `erlmcp eval`, which ends with 0 after a value, with 5 where the evaluation took too long and with 6
// after everything else that the node said about the expression.
func (pl *play) evalCommand(ctx context.Context, expr string) error {
	p, err := pl.Daemon.invoke(invocation{
		argv: []string{"eval", "--admin-socket", pl.srv.socket, expr}, env: cleanEnv(pl.Daemon.Dir), dir: pl.Daemon.Dir,
	})
	if err != nil {
		return err
	}
	defer p.close()
	end, _ := ctx.Deadline()
	p.o.wait(end, func() bool { return p.o.exited })
	p.o.mu.Lock()
	defer p.o.mu.Unlock()
	var e evaluation
	switch {
	case p.o.exited && p.o.exit == 0:
		e = evaluation{"value", p.o.stdout.String()}
	case p.o.exited && (p.o.exit == 6 || p.o.exit == 5):
		e = evaluation{kindOf(p.o.stderr.String()), p.o.stdout.String() + p.o.stderr.String()}
	default:
		e.said = describe(p.o)
	}
	pl.evaluated(e)
	return nil
}

// evalSocket sends an expression to the control socket.
func (pl *play) evalSocket(ctx context.Context, expr string) error {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", pl.srv.socket)
		},
	}}
	target := "http://erlmcp/eval?" + url.Values{"role": {pl.c.Setup}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(expr))
	if err != nil {
		return fmt.Errorf("badinput: %v", err)
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := client.Do(r)
	if err != nil {
		pl.evaluated(evaluation{said: err.Error()})
		return nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, keepBytes))
	if err != nil {
		pl.evaluated(evaluation{said: err.Error()})
		return nil
	}
	var answer struct{ Output, Value, Class, Error string }
	switch {
	case resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusRequestEntityTooLarge:
		pl.evaluated(evaluation{"denied", string(text)})
	case resp.StatusCode != http.StatusOK || json.Unmarshal(text, &answer) != nil:
		pl.evaluated(evaluation{said: resp.Status + " " + string(text)})
	case answer.Class == "":
		pl.evaluated(evaluation{"value", answer.Output + answer.Value})
	default:
		pl.evaluated(evaluation{kindOf(answer.Error), answer.Output + answer.Error})
	}
	return nil
}

// evaluated notes one evaluation, also among the texts that a case forbids words in.
func (pl *play) evaluated(e evaluation) {
	o := pl.p.seen()
	o.update(func() {
		o.evaluations = append(o.evaluations, e)
		o.keep([]byte(e.said + "\n"))
	})
}

var placed = regexp.MustCompile(`^\* [0-9]+:[0-9]+: `)

// kindOf tells from the shell's words what happened. An unbound variable is found before anything runs, but
// counts as an exception, as in Erlang's evaluator.
func kindOf(said string) string {
	first, _, _ := strings.Cut(said, "\n")
	switch {
	case strings.HasSuffix(first, "is unbound"):
		return "exception"
	case placed.MatchString(first):
		return "syntax"
	case !strings.HasPrefix(first, "** exception "):
		return ""
	case strings.Contains(first, ": denied: "):
		return "denied"
	}
	return "exception"
}

// shellWords are how Erlang's shell spells reasons that it does not print as terms.
var shellWords = map[string]string{
	"badarith":     "evaluating an arithmetic expression",
	"badarg":       "bad argument",
	"undef":        "undefined function",
	"system_limit": "a system limit has been reached",
}

// fitsEval says whether every evaluation came to what the outcome names.
func (oc *outcome) fitsEval(o *observation, s scene) bool {
	if oc.Eval == "" {
		return true
	}
	return len(o.evaluations) > 0 && !slices.ContainsFunc(o.evaluations, func(e evaluation) bool { return !oc.matchesEval(e, s) })
}

func (oc *outcome) matchesEval(e evaluation, s scene) bool {
	if e.kind != oc.Eval {
		return false
	}
	named := func(word string) bool {
		phrase, ok := shellWords[word]
		return strings.Contains(e.said, word) || ok && strings.Contains(e.said, phrase)
	}
	if oc.ClassOrReason != nil && !slices.ContainsFunc(oc.ClassOrReason, named) {
		return false
	}
	return (oc.Prints == nil || strings.Contains(e.said, *oc.Prints)) &&
		(oc.PrintsNot == nil || !strings.Contains(e.said, s.vars.expand(*oc.PrintsNot)))
}
