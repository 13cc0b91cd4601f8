package supervisors

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write what the cores do into testdata/core; review the difference")

// TestCoreScripts runs the scripts of testdata/core. A line that starts with "> " is an input to a core,
// the lines after it are the actions that follow; other lines are comments. The inputs are
//
//	supervisor [strategy=S] [intensity=N] [period=S] [auto=A]
//	child ID [restart=R] [shutdown=MS|infinity|brutal_kill] [type=T] [significant]
//	boot                  the supervisor starts
//	started ID            the start attempt has succeeded; failed ID REASON, ignored ID
//	exited ID REASON      the process has ended by itself or as asked
//	advance DURATION      time passes; the timer that runs out meanwhile is an input
//	retry ID              the message to itself arrives
//	call OP ID            terminate, restart, delete, start (of a new permanent child), which
//	stop REASON, kill     orders from above
func TestCoreScripts(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "core", "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("got\n%s\nwant\n%s", got, text)
			}
		})
	}
}

// script is a core with a clock and the names that the script uses.
type script struct {
	t     *testing.T
	core  *core
	now   time.Time
	timer struct {
		at    time.Time
		token uint32
	}
	starting map[string]*child
	out      *strings.Builder
}

func runScript(t *testing.T, text string) string {
	var out strings.Builder
	s := &script{t: t, now: time.Unix(1000, 0), starting: map[string]*child{}, out: &out}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue // an action of the last run
		}
		fmt.Fprintln(&out, line)
		if words := strings.Fields(line); len(words) > 1 && words[0] == ">" {
			s.input(words[1], words[2:])
		}
	}
	return out.String()
}

func (s *script) input(name string, args []string) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch name {
	case "supervisor":
		s.core = &core{grace: 100 * time.Millisecond, spec: s.flags(args)}
	case "child":
		spec := scriptChild(args)
		s.core.children = append(s.core.children, &child{spec: &spec})
	case "boot":
		s.step(input{kind: inBoot})
	case "started":
		s.ended(arg(0), nil)
	case "failed":
		s.ended(arg(0), Term(arg(1)))
	case "ignored":
		s.ended(arg(0), ErrIgnore)
	case "exited":
		ch := s.child(arg(0))
		s.step(input{kind: inExited, child: ch, attempt: ch.attempt, reason: parseReason(arg(1))})
	case "retry":
		s.step(input{kind: inRetry, child: s.child(arg(0))})
	case "advance":
		s.advance(arg(0))
	case "call":
		s.call(arg(0), arg(1))
	case "stop":
		s.step(input{kind: inStop, reason: parseReason(arg(0))})
	case "kill":
		s.step(input{kind: inKill})
	default:
		s.t.Fatalf("unknown input %q", name)
	}
}

func (s *script) flags(args []string) Spec {
	spec := Spec{Strategy: OneForOne, Intensity: 1, Period: 5 * time.Second, AutoShutdown: Never}
	for _, a := range args {
		switch k, v, _ := strings.Cut(a, "="); k {
		case "strategy":
			spec.Strategy = Strategy(v)
		case "intensity":
			_, _ = fmt.Sscan(v, &spec.Intensity)
		case "period":
			spec.Period, _ = time.ParseDuration(v)
		case "auto":
			spec.AutoShutdown = AutoShutdown(v)
		}
	}
	return spec
}

func scriptChild(args []string) ChildSpec {
	spec := ChildSpec{ID: args[0], Start: Start{kind: startActor}}
	for _, a := range args[1:] {
		switch k, v, _ := strings.Cut(a, "="); k {
		case "restart":
			spec.Restart = Restart(v)
		case "type":
			spec.Type = Type(v)
		case "significant":
			spec.Significant = true
		case "shutdown":
			var ms int
			switch v {
			case "infinity":
				spec.Shutdown = Infinity
			case "brutal_kill":
				spec.Shutdown = BrutalKill
			default:
				_, _ = fmt.Sscan(v, &ms)
				spec.Shutdown = ShutdownAfter(time.Duration(ms) * time.Millisecond)
			}
		}
	}
	return spec.withDefaults()
}

func (s *script) child(id string) *child {
	if ch := s.core.find(id); ch != nil {
		return ch
	}
	if ch := s.starting[id]; ch != nil {
		return ch
	}
	s.t.Fatalf("no child %q", id)
	return nil
}

// ended ends a start attempt.
func (s *script) ended(id string, err error) {
	ch := s.child(id)
	ch.proc = modelProcess(true)
	s.step(input{kind: inStarted, child: ch, attempt: ch.attempt, result: startResult{err: err}})
}

func (s *script) advance(by string) {
	d, err := time.ParseDuration(by)
	if err != nil {
		s.t.Fatal(err)
	}
	end := s.now.Add(d)
	for !s.timer.at.IsZero() && !s.timer.at.After(end) {
		s.now, s.timer.at = s.timer.at, time.Time{}
		s.step(input{kind: inTimer, token: s.timer.token})
	}
	s.now = end
}

func (s *script) call(op, id string) {
	q := &call{id: id}
	switch op {
	case "terminate":
		q.op = opTerminateChild
	case "restart":
		q.op = opRestartChild
	case "delete":
		q.op = opDeleteChild
	case "which":
		q.op = opWhichChildren
	default:
		q.op, q.spec = opStartChild, scriptChild([]string{id})
	}
	s.step(input{kind: inCall, call: q})
}

func (s *script) step(in input) {
	for _, a := range s.core.step(s.now, in) {
		switch a.kind {
		case doStart:
			s.starting[a.child.spec.ID] = a.child
			a.child.proc = modelProcess(true) // as the shell does
		case doTimer:
			s.timer.at, s.timer.token = s.now.Add(a.after), a.token
		}
		fmt.Fprintln(s.out, "  "+describe(a))
	}
}

// describe writes an action as a line.
func describe(a action) string {
	id := ""
	if a.child != nil {
		id = " " + a.child.spec.ID
	}
	names := map[actionKind]string{
		doStart: "start", doStop: "stop", doKill: "kill", doOrphan: "orphan", doAbandon: "abandon", doLeave: "leave",
		doTimedOut: "timed out", doRetry: "retry", doNoteStarted: "note started", doNoteIgnored: "note ignored",
		doNoteFailed: "note failed", doNoteRestart: "note restarting", doNoteLimit: "note limit", doGone: "gone",
	}
	switch a.kind {
	case doTimer:
		return "timer " + a.after.String()
	case doReply:
		return "reply " + describeCall(a.call)
	case doReport:
		why := a.reason.String()
		if a.err != nil {
			why = termOf(a.err)
		}
		return fmt.Sprintf("report %s%s %s", a.report, id, why)
	case doBooted:
		if a.err != nil {
			return "booted " + termOf(a.err)
		}
		return "booted"
	case doEnd:
		return "end " + a.reason.String()
	}
	return names[a.kind] + id
}

func describeCall(q *call) string {
	if q.err != nil {
		return termOf(q.err)
	}
	text := "ok"
	for _, c := range q.children {
		id := c.child.spec.ID
		if c.child.key != "" {
			id = ""
		}
		text += fmt.Sprintf(" %s=%s", id, [...]string{"undefined", "up", "restarting"}[c.state])
	}
	return text
}
