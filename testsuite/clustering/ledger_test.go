package clustering

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// outcome is what became of a request.
type outcome string

const (
	result   outcome = "result"
	rpcError outcome = "JSON-RPC error"
	httpCode outcome = "HTTP error"
	closed   outcome = "closed"
	refused  outcome = "refused" // no connection could be made: nothing was sent
	lost     outcome = "lost"    // nothing within outcomeTime
)

// outcomeTime is within what a request has its outcome.
const outcomeTime = 10 * time.Second

// entry is one attempt of a request. It is written by the client that makes it, and read when the load has
// ended.
type entry struct {
	client  string // such as "http retry"
	session string
	owner   string // of the session when the request was made, as far as the client knows
	via     int    // host
	tool    string
	arg     string
	begun   time.Time
	took    time.Duration
	outcome outcome
	status  int // HTTP
	code    int // JSON-RPC
	detail  string
	doubled bool // another answer came
	swapped bool // the answer was for another request
}

func (e *entry) String() string {
	return fmt.Sprintf("%s %s %s of %s (%s) via n%d at %s: %s after %v, HTTP %d, code %d, %s", e.client, e.tool, e.arg, e.session, e.owner, e.via,
		e.begun.Format("15:04:05.000"), e.outcome, e.took.Round(time.Millisecond), e.status, e.code, e.detail)
}

// sight is a node that answered for a session.
type sight struct {
	session, node string
	pid           int
	at            time.Time // when the call ran
}

// ledger is the books of a load. Safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	entries []*entry
	sights  []sight
	failed  []string       // requests that clients with retry gave up on
	gone    []string       // HTTP sessions that a node did not know
	closes  map[string]int // WebSocket: how connections ended
	stalls  []stall
}

// stall is a time in which the machine ran nothing, not even this process.
type stall struct{ from, to time.Time }

func newLedger() *ledger { return &ledger{closes: map[string]int{}} }

// watch notes stalls until done is closed. A shared machine may stand still for seconds; nodes then rest until
// they know what the others did meanwhile, as they should.
func (l *ledger) watch(done <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		now := time.Now()
		if now.Sub(last) > time.Second {
			l.mu.Lock()
			l.stalls = append(l.stalls, stall{last, now})
			l.mu.Unlock()
		}
		last = now
	}
}

// stalled says whether a request was open in a stall, or began in the time after one that nodes rest.
func (l *ledger) stalled(e *entry) bool {
	for _, s := range l.stalls {
		if e.begun.Before(s.to.Add(6*time.Second)) && e.begun.Add(e.took).After(s.from) {
			return true
		}
	}
	return false
}

func (l *ledger) add(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

func (l *ledger) see(s sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sights = append(l.sights, s)
}

func (l *ledger) giveUp(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, e.String())
}

func (l *ledger) sessionGone(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = append(l.gone, e.String())
}

func (l *ledger) closedWith(how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closes[how]++
}

// bad are the entries that a filter selects.
func (l *ledger) bad(is func(*entry) bool) []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*entry
	for _, e := range l.entries {
		if is(e) {
			found = append(found, e)
		}
	}
	return found
}

// check fails the test for requests that were lost, but for those that excused says, and for answers that
// came twice or to the wrong request.
func (l *ledger) check(t *testing.T, excused func(*entry) bool) {
	t.Helper()
	l.none(t, "lost", func(e *entry) bool { return e.outcome == lost && (excused == nil || !excused(e)) })
	if wrong := l.bad(func(e *entry) bool { return e.doubled || e.swapped }); len(wrong) > 0 {
		t.Errorf("%d requests doubled or swapped, want none; %s", len(wrong), sample(wrong))
	}
	l.none(t, "refused as an internal error", func(e *entry) bool { return e.status == 500 || e.code == -32603 })
}

// none fails the test if a filter selects entries, but for those of stalls.
func (l *ledger) none(t *testing.T, what string, is func(*entry) bool) {
	t.Helper()
	if found := l.bad(func(e *entry) bool { return is(e) && !l.stalled(e) }); len(found) > 0 {
		t.Errorf("%d requests %s, want none; %s", len(found), what, sample(found))
	}
}

// noneGone fails the test if an HTTP session was not known to a node.
func (l *ledger) noneGone(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.gone) > 0 {
		t.Errorf("%d HTTP sessions are gone, want none; %s", len(l.gone), sample(l.gone))
	}
}

// noneFailed fails the test if a client with retry gave up.
func (l *ledger) noneFailed(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) > 0 {
		t.Errorf("%d requests of clients that retry failed, want none; %s", len(l.failed), sample(l.failed))
	}
}

// sample shows the first few of many.
func sample[E any](all []E) string {
	var b strings.Builder
	for i, e := range all {
		if i == 8 {
			fmt.Fprintf(&b, "\n  and %d more", len(all)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %v", e)
	}
	return b.String()
}

// oneOwner fails the test if a node answered for a session that another node had taken over by then. Take-overs
// are the lines that nodes log once they serve a session from its snapshot.
func (l *ledger) oneOwner(t *testing.T, takeovers []record) {
	t.Helper()
	if wrong := l.strangers(takeovers); len(wrong) > 0 {
		t.Errorf("%d answers of a second owner, want none; %s", len(wrong), sample(wrong))
	}
	t.Logf("owners: %d answers named theirs, %d take-overs", len(l.sights), len(takeovers))
}

// strangers are the answers of nodes for sessions that another node had taken over by then.
func (l *ledger) strangers(takeovers []record) (wrong []string) {
	taken := map[string][]record{}
	for _, r := range takeovers {
		taken[r.Session] = append(taken[r.Session], r)
	}
	for _, of := range taken {
		slices.SortFunc(of, func(a, b record) int { return a.Time.Compare(b.Time) })
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sights {
		var owner string
		for _, r := range taken[s.session] {
			if r.Time.Before(s.at) {
				owner = r.Node
			} else if r.Node == s.node && r.Time.Sub(s.at) < time.Second {
				owner = s.node // it answers before it logs
			}
		}
		if owner != "" && owner != s.node {
			wrong = append(wrong, fmt.Sprintf("%s answered for %s at %s, after %v", s.node, s.session, s.at.Format("15:04:05.000000"), times(taken[s.session])))
		}
	}
	return wrong
}

func times(all []record) []string {
	var out []string
	for _, r := range all {
		out = append(out, r.Node+" took over at "+r.Time.Format("15:04:05.000000"))
	}
	return out
}

// print logs the books as a table.
func (l *ledger) print(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]int{}
	took := map[string][]time.Duration{}
	for _, e := range l.entries {
		what := string(e.outcome)
		switch {
		case e.outcome == httpCode:
			what = fmt.Sprintf("%s %d", what, e.status)
		case e.outcome == rpcError:
			what = fmt.Sprintf("%s %d", what, e.code)
		}
		counts[e.client+": "+what]++
		took[e.client+": "+what] = append(took[e.client+": "+what], e.took)
	}
	for how, n := range l.closes {
		counts["websocket connections ended: "+how] += n
	}
	counts["clients with retry gave up"] = len(l.failed)
	counts["HTTP sessions gone"] = len(l.gone)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%8d  %s", counts[k], k)
		if d := took[k]; len(d) > 0 {
			slices.Sort(d)
			fmt.Fprintf(&b, "  (p50 %v, p99 %v, max %v)", d[len(d)/2].Round(100*time.Microsecond), d[len(d)*99/100].Round(100*time.Microsecond), d[len(d)-1].Round(time.Millisecond))
		}
		b.WriteByte('\n')
	}
	t.Logf("%d attempts\n%s", len(l.entries), b.String())
	for _, s := range l.stalls {
		t.Logf("the machine stood still for %v at %s", s.to.Sub(s.from).Round(time.Millisecond), s.from.Format("15:04:05.000"))
	}
	l.slowestLocked(t)
}

// slowestLocked logs the attempts that took longest, as a hint where to look.
func (l *ledger) slowestLocked(t *testing.T) {
	slow := slices.Clone(l.entries)
	slices.SortFunc(slow, func(a, b *entry) int { return int(b.took - a.took) })
	t.Logf("the slowest%s", sample(slow[:min(6, len(slow))]))
}
