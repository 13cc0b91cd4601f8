//go:build linux

package load

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// answered takes a text that came on a duplex connection.
func (f *Fleet) answered(s *session, text []byte, c *conn) {
	if s == nil {
		return
	}
	if fromServer(text) {
		f.obey(c, text)
		return
	}
	id, ok := answerID(text)
	if !ok {
		f.stray(ClassMalformed, fmt.Sprintf("%.200q", text))
		return
	}
	if k := f.ledger.waiting(id); k != nil && k.session != s.index {
		f.stray(ClassCrossed, fmt.Sprintf("%.200q", text))
		return
	}
	f.judge(s, id, text)
}

// postAnswered takes the text that answers a post.
func (f *Fleet) postAnswered(p post, text []byte) {
	if id, ok := answerID(text); !ok || id != p.call {
		f.wrong(p.session, p.call, ClassUnknownID, text)
		return
	}
	f.judge(p.session, p.call, text)
}

// judge settles a call by the text that carries its id.
func (f *Fleet) judge(s *session, id uint64, text []byte) {
	k, v := f.ledger.settle(id)
	switch v {
	case verdictUnknown:
		f.stray(ClassUnknownID, fmt.Sprintf("%.200q", text))
		return
	case verdictLate:
		f.load.Counts.Late++
		return
	case verdictDoubled:
		f.load.Counts.Doubled++
		f.point.Bad++
		return
	}
	counts := f.counts(k.measured)
	class := f.verify(id, k.op, text)
	switch class {
	case "":
		counts.Right++
		f.point.Right++
		f.record(k)
	case ClassRPC, ClassTool:
		counts.Failed++
	default:
		counts.Wrong++
	}
	if class != "" {
		f.point.Bad++
		f.load.Failures.Count(class, fmt.Sprintf("%.200q", text))
	}
	f.callEnded(s)
}

func (f *Fleet) record(k call) {
	now := time.Since(f.epoch)
	f.point.Latency.Record(now - k.due)
	if !k.measured {
		return
	}
	f.load.Latency.Record(now - k.due)
	f.load.Service.Record(now - k.sent)
	op := f.load.Ops[k.op.String()]
	if op == nil {
		op = NewHistogram()
		f.load.Ops[k.op.String()] = op
	}
	op.Record(now - k.due)
}

// verify returns "" for the answer that a call has to have, else what is wrong with it.
func (f *Fleet) verify(id uint64, op Op, text []byte) Class {
	text = bytes.TrimRight(text, " \t\r\n") // RFC 8259: white space may follow a value
	if bytes.Contains(text, []byte(`"error":`)) && !bytes.Contains(text, []byte(`"result":`)) {
		return ClassRPC
	}
	if !bytes.Contains(text, []byte(`"result":{`)) || !bytes.HasSuffix(text, []byte("}")) {
		return ClassMalformed
	}
	switch op {
	case OpPing:
		if !bytes.Contains(text, []byte(`"result":{}`)) {
			return ClassPayload
		}
	case OpList:
		if !bytes.Contains(text, []byte(`"tools":[`)) {
			return ClassPayload
		}
	default:
		var room [512]byte
		want := append(room[:0], '"')
		want = append(f.appendPayload(want, id), '"')
		if !bytes.Contains(text, want) {
			if bytes.Contains(text, []byte(`"isError":true`)) {
				return ClassTool
			}
			return ClassPayload
		}
	}
	return ""
}

// answerID finds the id of an answer. Payloads hold no quotation mark, so the first member of that name
// is the envelope's.
func answerID(text []byte) (uint64, bool) {
	if len(text) < 2 || text[0] != '{' {
		return 0, false
	}
	const name = `"id":`
	at := bytes.Index(text, []byte(name))
	if at < 0 {
		return 0, false
	}
	digits := bytes.TrimLeft(text[at+len(name):], " ")
	n := 0
	for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	id, err := strconv.ParseUint(string(digits[:n]), 10, 64)
	if err != nil || n == len(digits) || digits[n] != ',' && digits[n] != '}' && digits[n] != ' ' {
		return 0, false
	}
	return id, true
}

// fromServer tells requests and notifications of the server from answers.
func fromServer(text []byte) bool {
	return bytes.Contains(text, []byte(`"method":"`))
}

// obey answers a ping of the server; everything else that a server may ask is ignored, since the client
// has declared no capability.
func (f *Fleet) obey(c *conn, text []byte) {
	if !bytes.Contains(text, []byte(`"method":"ping"`)) {
		return
	}
	_, rest, _ := bytes.Cut(text, []byte(`"id":`))
	if end := bytes.IndexAny(rest, ",}"); end > 0 {
		f.write(c, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":{}}`, rest[:end]))
	}
}

// noAnswer takes a call whose grace time is over.
func (f *Fleet) noAnswer(_ uint64, c call) {
	s := f.sessions[c.session]
	if c.sent == 0 {
		f.counts(c.measured).Unsent++
		f.point.Bad++
		f.load.Failures.Count(ClassNoSession, "no connection was free within "+f.opts.Grace.String())
	} else {
		f.lost(c)
		f.load.Failures.Count(ClassTimeout, "within "+f.opts.Grace.String())
	}
	f.callEnded(s)
}

// lost counts a call that gets no answer.
func (f *Fleet) lost(c call) {
	counts := f.counts(c.measured)
	if c.sent == 0 {
		counts.Unsent++
	} else {
		counts.Lost++
	}
	f.point.Bad++
}

// failedCall settles a call that was refused by the transport.
func (f *Fleet) failedCall(id uint64, class Class, text string) {
	k, v := f.ledger.settle(id)
	if v != verdictFirst {
		return
	}
	f.counts(k.measured).Failed++
	f.point.Bad++
	f.load.Failures.Count(class, text)
	f.callEnded(f.sessions[k.session])
}

// wrong settles a call whose answer is not one.
func (f *Fleet) wrong(s *session, id uint64, class Class, text []byte) {
	k, v := f.ledger.settle(id)
	if v != verdictFirst {
		return
	}
	f.counts(k.measured).Wrong++
	f.point.Bad++
	f.load.Failures.Count(class, fmt.Sprintf("%.200q", text))
	f.callEnded(s)
}

// stray counts an answer that belongs to no call.
func (f *Fleet) stray(class Class, text string) {
	f.load.Counts.Stray++
	f.point.Bad++
	f.load.Failures.Count(class, text)
}

// callEnded notes that a call of a session has its outcome.
func (f *Fleet) callEnded(s *session) {
	if s.inFlight > 0 {
		s.inFlight--
	}
	f.loopNext(s)
}
