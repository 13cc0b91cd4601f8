//go:build linux

package load

import (
	"context"
	"strconv"
	"time"
)

// Load runs calls over the sessions that are there and reports what came back. The loop is open unless
// l.Closed: each call has an intended time, whatever the server does.
func (f *Fleet) Load(ctx context.Context, l Load) (LoadResult, error) {
	mix := Mix{}
	if l.Mix != "" {
		var err error
		if mix, err = ParseMix(l.Mix); err != nil {
			return LoadResult{}, err
		}
	}
	f.mix, f.reconnect, f.load, f.measured = mix, l.Reconnect, newLoadResult(), false
	start := f.offset(l.Start)
	warm := start + l.Warmup
	end := warm + l.Duration
	calls := pace{start: start, rate: l.Rate, part: l.Part, parts: l.Parts}
	churn := pace{start: start, rate: l.Churn, part: l.Part, parts: l.Parts}
	for f.tick() < end {
		f.measured = f.clock >= warm
		until := end
		if l.Closed && !f.looping && f.clock >= start {
			f.looping = true
			f.loopAll()
		} else if !l.Closed && l.Rate > 0 {
			f.schedule(&calls, warm, end)
			until = min(until, calls.due())
		}
		if l.Churn > 0 {
			f.replace(&churn)
			until = min(until, churn.due())
		}
		f.maintain()
		if err := f.wait(ctx, until); err != nil {
			f.looping = false
			return f.load, err
		}
	}
	f.looping = false
	if !l.Closed && l.Rate > 0 {
		if err := f.catchUp(ctx, &calls, warm, end); err != nil {
			return f.load, err
		}
	}
	return f.finish(ctx, l, end)
}

// finish waits for the answers that are due, for the grace time at most.
func (f *Fleet) finish(ctx context.Context, l Load, end time.Duration) (LoadResult, error) {
	for f.ledger.open > 0 && f.tick() < end+f.opts.Grace {
		f.maintain()
		if err := f.wait(ctx, f.clock+5*time.Millisecond); err != nil {
			return f.load, err
		}
	}
	f.ledger.expire(f.clock+f.opts.Grace, f.noAnswer)
	f.load.Elapsed = l.Duration
	f.load.Ready = len(f.ready)
	f.reconnect = false
	return f.load, nil
}

// maxBurst bounds the calls between two looks at the answers, if the generator is behind its schedule.
const maxBurst = 256

// schedule makes the calls that are due.
func (f *Fleet) schedule(p *pace, warm, end time.Duration) {
	for range maxBurst {
		due, ok := p.take(min(f.clock, end-1))
		if !ok {
			return
		}
		f.newCall(due, due >= warm)
	}
}

// overtime is how long a run goes on to make the calls that were due before its end.
const overtime = time.Second

// catchUp makes the calls that are due still, late as they are. Those that this process is too slow for are
// counted.
func (f *Fleet) catchUp(ctx context.Context, p *pace, warm, end time.Duration) error {
	f.measured = true
	for p.due() < end && f.tick() < end+overtime {
		f.schedule(p, warm, end)
		if err := f.wait(ctx, f.clock); err != nil {
			return err
		}
	}
	for {
		due, ok := p.take(end - 1)
		if !ok {
			return nil
		}
		f.unsent(due >= warm, ClassBehind, "the generator is too slow for the rate")
	}
}

// unsent counts a call that cannot be made.
func (f *Fleet) unsent(measured bool, class Class, text string) {
	counts := f.counts(measured)
	counts.Scheduled++
	counts.Unsent++
	f.point.Scheduled++
	f.point.Bad++
	f.load.Failures.Count(class, text)
}

// newCall makes a call on the session whose turn it is.
func (f *Fleet) newCall(due time.Duration, measured bool) {
	op := f.mix.at(f.calls)
	f.calls++
	if len(f.ready) == 0 {
		f.unsent(measured, ClassNoSession, "no session is set up")
		return
	}
	f.turn++
	if f.turn >= len(f.ready) {
		f.turn = 0
	}
	f.callOn(f.sessions[f.ready[f.turn]], op, due, measured)
}

// callOn makes a call on a session.
func (f *Fleet) callOn(s *session, op Op, due time.Duration, measured bool) {
	f.counts(measured).Scheduled++
	f.point.Scheduled++
	s.inFlight++
	id := f.ledger.add(call{due: due, session: s.index, op: op, measured: measured})
	if f.opts.Transport == HTTP {
		f.enqueue(post{kind: postCall, session: s, call: id})
		return
	}
	f.sent(f.ledger.waiting(id))
	f.write(s.conn, f.callText(id, op))
}

// sent notes that a call leaves.
func (f *Fleet) sent(c *call) {
	c.sent = max(time.Since(f.epoch), 1)
	f.counts(c.measured).Sent++
	f.point.Sent++
	if c.measured {
		f.load.Delay.Record(c.sent - c.due)
	}
}

// counts are those of the warm-up or of the measured part.
func (f *Fleet) counts(measured bool) *Counts {
	if measured {
		return &f.load.Counts
	}
	return &f.load.Warmup
}

// callText is the JSON of a call. It is valid until the next one.
func (f *Fleet) callText(id uint64, op Op) []byte {
	text := append(f.text[:0], `{"jsonrpc":"2.0","id":`...)
	text = strconv.AppendUint(text, id, 10)
	switch op {
	case OpPing:
		return append(text, `,"method":"ping"}`...)
	case OpList:
		return append(text, `,"method":"tools/list"}`...)
	}
	text = append(text, `,"method":"tools/call","params":{"name":"`...)
	text = append(text, f.opts.Tool...)
	text = append(text, `","arguments":{"message":"`...)
	text = f.appendPayload(text, id)
	f.text = append(text, `"}}}`...)
	return f.text
}

// appendPayload appends the text that an echo carries: no two are alike.
func (f *Fleet) appendPayload(dst []byte, id uint64) []byte {
	dst = strconv.AppendUint(dst, id, 10)
	dst = append(dst, ' ')
	return append(dst, f.payload...)
}

// replace closes sessions and sets them up again, at the times of the schedule.
func (f *Fleet) replace(p *pace) {
	for f.pending < f.opts.Dialing && len(f.ready) > 0 {
		due, ok := p.take(f.clock)
		if !ok {
			return
		}
		f.turn = (f.turn + 1) % len(f.ready)
		s := f.sessions[f.ready[f.turn]]
		if s.inFlight > 0 {
			continue // its calls would count as lost
		}
		f.closeSession(s)
		f.setUp(s, due)
	}
}

// loopAll begins a closed loop: each answer causes the next call of its session.
func (f *Fleet) loopAll() {
	for _, i := range append([]int32(nil), f.ready...) {
		f.loopNext(f.sessions[i])
	}
}

// loopNext makes the next call of a session in a closed loop.
func (f *Fleet) loopNext(s *session) {
	if !f.looping || s.state != sessionReady || s.inFlight > 0 {
		return
	}
	f.calls++
	f.callOn(s, f.mix.at(f.calls), f.clock, f.measured)
}
