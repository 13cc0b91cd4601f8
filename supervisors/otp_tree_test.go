package supervisors

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// This file builds the tree of a scenario: specifications, scripted start functions, workers.

// dynamicArg is the argument of a dynamic child.
type dynamicArg struct {
	path       string
	starts     []actJSON
	onShutdown *actJSON
}

// spec converts a supervisor; path is its own.
func (w *world) spec(s supJSON, path string) Spec {
	spec := Spec{odd: map[string]string{}}
	for flag, v := range s.Flags {
		switch n, isNumber := v.(float64); {
		case flag == "strategy":
			spec.Strategy = Strategy(jsonTerm(v))
		case flag == "auto_shutdown":
			spec.AutoShutdown = AutoShutdown(jsonTerm(v))
		case flag == "intensity" && isNumber && n == math.Trunc(n):
			spec.Intensity = int(n)
			if n == 0 {
				spec.Intensity = NoRestarts
			}
		case flag == "period" && isNumber && n == math.Trunc(n) && n > 0:
			spec.Period = time.Duration(n) * time.Second
		default:
			spec.odd[flag] = jsonTerm(v)
		}
	}
	dynamic := spec.Strategy == SimpleOneForOne
	for _, c := range s.Children {
		spec.Children = append(spec.Children, w.child(c, path, dynamic))
	}
	if act := s.Init; act != nil {
		spec.Init = func(*Spec) error {
			if act.Do == "ignore" {
				return ErrIgnore
			}
			return Term(act.Value)
		}
	}
	return spec
}

func jsonTerm(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// child converts a child specification of the supervisor at path.
func (w *world) child(c specJSON, path string, dynamic bool) ChildSpec {
	spec := ChildSpec{odd: map[string]string{}, Restart: Restart(c.Restart), Type: Type(c.Type)}
	if c.ID != nil {
		spec.ID = *c.ID
	}
	if string(c.Start) != "null" {
		spec.Start = w.scripted(c, join(path, spec.ID))
	}
	switch v := c.Significant.(type) {
	case nil:
	case bool:
		spec.Significant = v
	default:
		spec.odd["significant"] = jsonTerm(v)
	}
	switch v := c.Shutdown.(type) {
	case nil:
	case float64:
		if v < 0 || v != math.Trunc(v) {
			spec.odd["shutdown"] = jsonTerm(v)
			break
		}
		spec.Shutdown = ShutdownAfter(time.Duration(v) * time.Millisecond)
	case string:
		switch v {
		case "infinity":
			spec.Shutdown = Infinity
		case "brutal_kill":
			spec.Shutdown = BrutalKill
		default:
			spec.odd["shutdown"] = v
		}
	default:
		spec.odd["shutdown"] = jsonTerm(v)
	}
	return spec
}

func join(path, name string) string { return strings.TrimSuffix(path, "/") + "/" + name }

// scripted is the start function of a child: the n-th call for a path does what entry n says.
func (w *world) scripted(c specJSON, path string) Start {
	return Func(func(_ context.Context, arg any) (Start, any, error) {
		path, starts, onShutdown := path, c.Starts, c.OnShutdown
		if d, ok := arg.(*dynamicArg); ok {
			path = d.path
			if d.starts != nil {
				starts = d.starts
			}
			if d.onShutdown != nil {
				onShutdown = d.onShutdown
			}
		}
		act := w.attempt(path, starts)
		w.during(act.During)
		switch act.Do {
		case "ok":
		case "ignore":
			return Start{}, nil, ErrIgnore
		case "error":
			return Start{}, nil, Term(act.Reason)
		case "exit":
			panic(Term(act.Reason))
		default:
			return Start{}, nil, Term(act.Value)
		}
		var info any
		if act.Info != "" {
			info = act.Info
		}
		if c.Supervisor != nil {
			return SupervisorOf(w.spec(*c.Supervisor, path)), info, nil
		}
		return Actor(func() actor.Actor { return &scriptedWorker{w, onShutdown} }), info, nil
	})
}

// attempt counts a start attempt and returns what it has to do.
func (w *world) attempt(path string, starts []actJSON) actJSON {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.attempts[path]
	w.attempts[path]++
	if len(starts) == 0 {
		return actJSON{Do: "ok"}
	}
	return starts[min(n, len(starts)-1)]
}

// scriptedWorker does nothing until it is asked to shut down.
type scriptedWorker struct {
	w          *world
	onShutdown *actJSON
}

func (a *scriptedWorker) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.Stopping); !ok || a.onShutdown == nil {
		return
	}
	if g := guardOf(ctx); g.orders.Load()&orderShutdown == 0 || g.reason.kind != exitShutdown {
		return
	}
	switch a.onShutdown.Do {
	case "hang":
		<-a.w.released
	case "delay":
		select {
		case <-time.After(time.Duration(a.onShutdown.MS) * time.Millisecond):
		case <-a.w.released:
		}
	case "exit":
		Exit(ctx, parseReason(a.onShutdown.Reason))
	}
}

// parseReason reads an exit reason in Erlang syntax.
func parseReason(term string) ExitReason {
	switch {
	case term == "normal":
		return Normal
	case term == "shutdown":
		return Shutdown
	case term == "kill", term == "killed":
		return Killed
	case strings.HasPrefix(term, "{shutdown,") && tupleSize(term) == 2:
		return ShutdownWith(Term(strings.TrimSuffix(strings.TrimPrefix(term, "{shutdown,"), "}")))
	}
	return Crash(Term(term))
}

// tupleSize counts the elements of a term that is a tuple.
func tupleSize(term string) int {
	depth, n := 0, 1
	var quote byte // of the string or atom that term[i] is in
	for i := 0; i < len(term); i++ {
		switch b := term[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0 && b == quote:
			quote = 0
		case quote != 0:
		case b == '"' || b == '\'':
			quote = b
		case b == '{' || b == '[' || b == '(' || b == '<':
			depth++
		case b == '}' || b == ']' || b == ')' || b == '>':
			depth--
		case b == ',' && depth == 1:
			n++
		}
	}
	return n
}

// specOf is the answer of get_childspec in the form of the scenarios.
func specOf(c ChildSpec) *specJSON {
	s := &specJSON{ID: &c.ID, Restart: string(c.Restart), Significant: c.Significant, Type: string(c.Type)}
	switch c.Shutdown {
	case Infinity:
		s.Shutdown = "infinity"
	case BrutalKill:
		s.Shutdown = "brutal_kill"
	case AtOnce:
		s.Shutdown = 0.0
	default:
		s.Shutdown = float64(time.Duration(c.Shutdown).Milliseconds())
	}
	return s
}

func procText(path string, n int) string { return fmt.Sprintf("%s#%d", path, n) }
