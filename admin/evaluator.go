package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

// Bounds of evaluations on one node.
const (
	maxEvaluations = 4               // at a time
	maxWaiting     = 32              // for their turn
	maxWait        = 5 * time.Second // so long
	maxJSON        = 8 << 20         // bytes of a value as JSON
)

// ErrBusy says that an expression was not evaluated, since too many others are.
var ErrBusy = errors.New("admin: too many evaluations: 4 run, and others wait")

// EvaluatorOptions configures an Evaluator.
type EvaluatorOptions struct {
	// Node is the name of the node.
	Node string
	// Inspector makes what a caller's expressions see of the node; nil: nothing.
	Inspector func(repl.Caller) repl.Inspector
	// Remote evaluates an expression on another member of the cluster; nil for a node alone. It fails with
	// an error for a node that is not reached, which becomes ClassNodeDown.
	Remote func(ctx context.Context, node string, c repl.Caller, text string, json bool) (Evaluation, error)
	// RemoteConsole carries lines between l and a console on another member, until either ends. It fails as
	// Remote does; nil for a node alone.
	RemoteConsole func(ctx context.Context, node string, c repl.Caller, l Lines) error
	Limits        repl.Limits
	Logger        *slog.Logger // nil discards; gets the audit records
}

// Evaluator evaluates the expressions of operators, a few at a time, each within the budgets of package repl,
// and leaves a record of each in the log. It is safe for concurrent use.
type Evaluator struct {
	opts     EvaluatorOptions
	turns    chan struct{}
	waiting  atomic.Int32
	consoles atomic.Int32

	bodyTime, waitTime time.Duration
}

// NewEvaluator makes an evaluator.
func NewEvaluator(o EvaluatorOptions) *Evaluator {
	o.Logger = orDiscard(o.Logger)
	return &Evaluator{opts: o, turns: make(chan struct{}, maxEvaluations), bodyTime: bodyTimeout, waitTime: maxWait}
}

// Eval evaluates an expression, whose full stop may be missing, in a shell of its own; with json the value
// is also given as JSON. Its only errors are ErrBusy, and ctx's while it waits for its turn.
func (e *Evaluator) Eval(ctx context.Context, c repl.Caller, text string, json bool) (Evaluation, error) {
	if !repl.Complete(text) {
		text += "\n." // also behind a comment
	}
	r := recorder{}
	shell := e.shell(c, false, &r)
	var out bytes.Buffer
	result, err := e.run(ctx, c, shell, &r, text, &out, json)
	result.Output = out.String()
	return result, err
}

// EvalOn is Eval on the node of this name; empty is this one.
func (e *Evaluator) EvalOn(ctx context.Context, node string, c repl.Caller, text string, json bool) (Evaluation, error) {
	if node == "" || node == e.opts.Node {
		return e.Eval(ctx, c, text, json)
	}
	begun := time.Now()
	result := Evaluation{Class: ClassNodeDown, Error: "node " + node + " is not reached: this node is in no cluster"}
	if e.opts.Remote != nil {
		c.Hops++
		var err error
		if result, err = e.opts.Remote(ctx, node, c, text, json); err != nil {
			result = Evaluation{Class: ClassNodeDown, Error: "node " + node + " is not reached: " + err.Error()}
		}
	}
	e.audit(ctx, c, node, &recorder{}, result.Class, time.Since(begun))
	return result, nil
}

// Apply calls a function on behalf of a caller on another node, within the budgets of an expression and with a
// record as of one. What it prints goes nowhere. Errors are those of repl.Shell.Apply, ErrBusy, and ctx's while
// it waits for its turn.
func (e *Evaluator) Apply(ctx context.Context, c repl.Caller, module, function string, args []repl.Term) (value repl.Term, err error) {
	r := recorder{}
	begun := time.Now()
	class := ClassBusy
	defer func() { e.audit(ctx, c, "", &r, class, time.Since(begun)) }()
	if err := e.take(ctx); err != nil {
		return nil, err
	}
	defer func() { <-e.turns }()
	begun, class = time.Now(), ClassInternal // if what follows panics, which the cluster recovers
	value, err = e.shell(c, false, &r).Apply(ctx, module, function, args, io.Discard)
	class = classOf(err)
	return value, err
}

// shell makes a shell for a caller.
func (e *Evaluator) shell(c repl.Caller, commands bool, r *recorder) *repl.Shell {
	o := repl.Options{Role: c.Role, Limits: e.opts.Limits, Commands: commands, Called: r.called}
	if e.opts.Inspector != nil {
		o.Inspector = e.opts.Inspector(c)
	}
	return repl.NewShell(o)
}

// run evaluates text in a shell when it is its turn, and writes the record of it.
func (e *Evaluator) run(ctx context.Context, c repl.Caller, shell *repl.Shell, r *recorder, text string, out io.Writer, json bool) (Evaluation, error) {
	begun := time.Now()
	if err := e.take(ctx); err != nil {
		e.audit(ctx, c, "", r, ClassBusy, time.Since(begun))
		return Evaluation{}, err
	}
	defer func() { <-e.turns }()
	begun = time.Now()
	result := e.guarded(ctx, shell, text, out, json)
	e.audit(ctx, c, "", r, result.Class, time.Since(begun))
	return result, nil
}

// take waits for a turn.
func (e *Evaluator) take(ctx context.Context) error {
	select {
	case e.turns <- struct{}{}:
		return nil
	default:
	}
	defer e.waiting.Add(-1)
	if e.waiting.Add(1) > maxWaiting {
		return ErrBusy
	}
	wait := time.NewTimer(e.waitTime)
	defer wait.Stop()
	select {
	case e.turns <- struct{}{}:
		return nil
	case <-wait.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

// guarded evaluates text; a panic of the evaluator or the inspector ends this evaluation only.
func (e *Evaluator) guarded(ctx context.Context, shell *repl.Shell, text string, out io.Writer, json bool) (result Evaluation) {
	defer func() {
		if v := recover(); v != nil {
			e.opts.Logger.LogAttrs(ctx, slog.LevelError, "evaluation panicked", slog.Any("err", v), slog.String("stack", string(debug.Stack())))
			result = Evaluation{Class: ClassInternal, Error: "** internal error: the log of the node has more"}
		}
	}()
	value, err := shell.Eval(ctx, text, out)
	if err != nil {
		return Evaluation{Class: classOf(err), Error: err.Error()}
	}
	result.Value = shell.Print(value)
	if json {
		if result.JSON, err = repl.JSON(value, maxJSON); err != nil {
			return Evaluation{Class: ClassLimit, Error: "** the value is too large for JSON"}
		}
	}
	return result
}

// recorder notes what an expression calls: each function once.
type recorder struct{ allowed, denied []string }

func (r *recorder) called(f repl.SystemFunction, allowed bool) {
	list := &r.allowed
	if !allowed {
		list = &r.denied
	}
	if name := f.String(); !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// audit writes the record of one evaluation: never its text, arguments or values.
func (e *Evaluator) audit(ctx context.Context, c repl.Caller, to string, r *recorder, class Class, took time.Duration) {
	outcome := class
	if outcome == ClassValue {
		outcome = "value"
	}
	attrs := []slog.Attr{
		slog.String("who", c.Name), slog.String("role", c.Role.String()), slog.String("outcome", string(outcome)),
		slog.String("functions", strings.Join(r.allowed, " ")), slog.Duration("duration", took),
	}
	if len(r.denied) > 0 {
		attrs = append(attrs, slog.String("denied", strings.Join(r.denied, " ")))
	}
	if c.Node != "" {
		attrs = append(attrs, slog.String("origin", c.Node))
	}
	if to != "" {
		attrs = append(attrs, slog.String("to", to))
	}
	e.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "expression evaluated", attrs...)
}
