package load

import "time"

// Class is why something failed. The set is closed.
type Class string

// The classes of failures.
const (
	ClassConnect     Class = "connect"       // the connection was refused or could not be made
	ClassHandshake   Class = "handshake"     // the WebSocket upgrade was not answered with 101
	ClassInitialize  Class = "initialize"    // the MCP handshake was answered wrongly
	ClassSetupTime   Class = "setup timeout" // connection and handshake took longer than the grace time
	ClassClosed      Class = "closed"        // the server closed the connection
	ClassReset       Class = "reset"         // reading or writing failed
	ClassStalled     Class = "stalled"       // the server does not read what it is sent
	ClassMalformed   Class = "malformed"     // what came is no answer of the protocol
	ClassStatus      Class = "http status"   // an HTTP status that is none of the following
	ClassRefused     Class = "refused"       // HTTP 429 or 503: asked to come later
	ClassSessionGone Class = "session gone"  // HTTP 404: the server does not know the session
	ClassRPC         Class = "rpc error"     // a JSON-RPC error
	ClassTool        Class = "tool error"    // a tool result with the error flag
	ClassPayload     Class = "wrong payload" // the right id with another payload
	ClassCrossed     Class = "crossed"       // the answer to a call of another session
	ClassUnknownID   Class = "unknown id"    // an answer to no call
	ClassTimeout     Class = "no answer"     // none within the grace time
	ClassNoSession   Class = "no session"    // no session was there when a call was due
	ClassBehind      Class = "behind"        // the generator itself was too slow
	ClassStream      Class = "stream"        // an event stream could not be opened or ended
)

// Counts is what became of the calls of a run. Scheduled is the sum of Right, Wrong, Failed, Lost and Unsent;
// Doubled, Late and Stray are answers beyond that.
type Counts struct {
	Scheduled int `json:"scheduled"` // calls that were due
	Sent      int `json:"sent"`
	Right     int `json:"right"`   // answered once, with the right payload
	Wrong     int `json:"wrong"`   // answered with something else
	Failed    int `json:"failed"`  // refused by an error that says so
	Lost      int `json:"lost"`    // not answered within the grace time, or the connection broke
	Unsent    int `json:"unsent"`  // never left: no session, no free connection within the grace time, or a generator too slow
	Doubled   int `json:"doubled"` // second answers
	Late      int `json:"late"`    // answers to calls that count as lost
	Stray     int `json:"stray"`   // answers to no call
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Scheduled += other.Scheduled
	c.Sent += other.Sent
	c.Right += other.Right
	c.Wrong += other.Wrong
	c.Failed += other.Failed
	c.Lost += other.Lost
	c.Unsent += other.Unsent
	c.Doubled += other.Doubled
	c.Late += other.Late
	c.Stray += other.Stray
}

// Balanced reports whether every scheduled call has one outcome.
func (c *Counts) Balanced() bool {
	return c.Scheduled == c.Right+c.Wrong+c.Failed+c.Lost+c.Unsent
}

// Bad is how many scheduled calls were not answered rightly.
func (c *Counts) Bad() int { return c.Scheduled - c.Right }

// Failures counts failures by class and keeps the text of the first of each.
type Failures map[Class]Failure

// Failure is how often a class of failures was seen, and the first text of it.
type Failure struct {
	Count int    `json:"count"`
	First string `json:"first,omitempty"`
}

const maxFirst = 300 // bytes

// Count adds one failure.
func (f Failures) Count(class Class, text string) {
	e := f[class]
	if e.Count == 0 {
		e.First = text[:min(len(text), maxFirst)]
	}
	e.Count++
	f[class] = e
}

// Merge adds what other has counted.
func (f Failures) Merge(other Failures) {
	for class, o := range other {
		e := f[class]
		if e.Count == 0 {
			e.First = o.First
		}
		e.Count += o.Count
		f[class] = e
	}
}

// ConnectResult is what a ramp reached.
type ConnectResult struct {
	Asked    int           `json:"asked"`  // sessions that were to be there at the end
	Ready    int           `json:"ready"`  // sessions that are there
	Failed   int           `json:"failed"` // set-ups that failed
	Lost     int           `json:"lost"`   // sessions that broke while others were set up
	Elapsed  time.Duration `json:"elapsed_ns"`
	Latency  *Histogram    `json:"latency"` // from the intended time of a connect to the end of its handshake
	Failures Failures      `json:"failures,omitempty"`
}

// Merge adds another worker's result.
func (r *ConnectResult) Merge(o ConnectResult) {
	r.Asked += o.Asked
	r.Ready += o.Ready
	r.Failed += o.Failed
	r.Lost += o.Lost
	r.Elapsed = max(r.Elapsed, o.Elapsed)
	if r.Latency == nil {
		r.Latency, r.Failures = NewHistogram(), Failures{}
	}
	r.Latency.Merge(o.Latency)
	r.Failures.Merge(o.Failures)
}

// LoadResult is what came back in a run, its warm-up excluded.
type LoadResult struct {
	Counts       Counts        `json:"counts"`
	Warmup       Counts        `json:"warmup"`     // the same of the warm-up, checked but not measured
	Elapsed      time.Duration `json:"elapsed_ns"` // of the part that counts, without the grace time
	Latency      *Histogram    `json:"latency"`    // of right answers, from the intended time
	Service      *Histogram    `json:"service"`    // of right answers, from the send
	Delay        *Histogram    `json:"delay"`      // from the intended time to the send: the generator's own share
	Ops          OpLatencies   `json:"ops,omitempty"`
	Failures     Failures      `json:"failures,omitempty"`
	Ready        int           `json:"ready"`         // sessions at the end
	SessionsLost int           `json:"sessions_lost"` // sessions that broke
	Reconnected  int           `json:"reconnected"`   // set-ups that succeeded in the run
	Renewed      int           `json:"renewed"`       // of these, sessions that had to be initialized again
}

// OpLatencies has the latency of each kind of call, from the intended time.
type OpLatencies map[string]*Histogram

// Rate is right answers a second.
func (r *LoadResult) Rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Counts.Right) / r.Elapsed.Seconds()
}

func newLoadResult() LoadResult {
	return LoadResult{Latency: NewHistogram(), Service: NewHistogram(), Delay: NewHistogram(), Ops: OpLatencies{}, Failures: Failures{}}
}

// Merge adds another worker's result.
func (r *LoadResult) Merge(o LoadResult) {
	if r.Latency == nil {
		*r = newLoadResult()
	}
	r.Counts.Add(o.Counts)
	r.Warmup.Add(o.Warmup)
	r.Elapsed = max(r.Elapsed, o.Elapsed)
	r.Latency.Merge(o.Latency)
	r.Service.Merge(o.Service)
	r.Delay.Merge(o.Delay)
	for op, h := range o.Ops {
		if r.Ops[op] == nil {
			r.Ops[op] = NewHistogram()
		}
		r.Ops[op].Merge(h)
	}
	r.Failures.Merge(o.Failures)
	r.Ready += o.Ready
	r.SessionsLost += o.SessionsLost
	r.Reconnected += o.Reconnected
	r.Renewed += o.Renewed
}

// Point is one second of a run.
type Point struct {
	Second    int64      `json:"second"` // since 1970
	Sessions  int        `json:"sessions"`
	Scheduled int        `json:"scheduled"`
	Sent      int        `json:"sent"`
	Right     int        `json:"right"`
	Broken    int        `json:"broken"` // sessions that broke
	Bad       int        `json:"bad"`    // wrong, failed, lost, unsent, doubled or stray
	Latency   *Histogram `json:"latency,omitempty"`
}

// Merge adds another worker's point of the same second.
func (p *Point) Merge(o Point) {
	p.Sessions += o.Sessions
	p.Scheduled += o.Scheduled
	p.Sent += o.Sent
	p.Right += o.Right
	p.Broken += o.Broken
	p.Bad += o.Bad
	if p.Latency == nil {
		p.Latency = newInterval()
	}
	p.Latency.Merge(o.Latency)
}
