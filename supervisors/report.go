package supervisors

import (
	"slices"
	"strings"
)

func (c *core) report(ctx reportContext, ch *child, why any) {
	a := action{kind: doReport, report: ctx, child: ch}
	switch v := why.(type) {
	case ExitReason:
		a.reason = v
	case error:
		a.err = v
	}
	c.do(a)
}

func (c *core) reportLimit(ch *child) {
	c.do(action{kind: doNoteLimit, child: ch})
	c.do(action{kind: doReport, report: reportShutdown, child: ch, err: Term("reached_max_restart_intensity")})
}

// reportStop reports the end of a child that was asked to end, if it ended otherwise than asked.
func (c *core) reportStop(ch *child, reason ExitReason) {
	if unexpected(ch.spec, reason) {
		c.report(reportShutdownError, ch, reason)
	}
}

func unexpected(s *ChildSpec, reason ExitReason) bool {
	if s.Shutdown == BrutalKill {
		return reason.kind != exitKilled && (s.Restart == Permanent || !reason.IsNormal())
	}
	return reason.kind != exitShutdown && (s.Restart == Permanent || !reason.IsNormal())
}

// reasonCounts counts reasons by their term.
type reasonCounts map[string]reasonCount

type reasonCount struct {
	reason ExitReason
	n      int
}

func (r *reasonCounts) add(reason ExitReason) {
	if *r == nil {
		*r = make(reasonCounts)
	}
	term := reason.String()
	(*r)[term] = reasonCount{reason, (*r)[term].n + 1}
}

// each calls f for each reason in Erlang's term order: atoms before tuples.
func (r *reasonCounts) each(f func(ExitReason, int)) {
	terms := make([]string, 0, len(*r))
	for term := range *r {
		terms = append(terms, term)
	}
	slices.SortFunc(terms, func(a, b string) int {
		if ta, tb := strings.HasPrefix(a, "{"), strings.HasPrefix(b, "{"); ta != tb {
			if tb {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, term := range terms {
		f((*r)[term].reason, (*r)[term].n)
	}
}
