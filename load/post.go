//go:build linux

package load

import "fmt"

// post is one HTTP request of a session over a shared connection.
type post struct {
	kind    postKind
	session *session
	id      string // postDelete: of the session that ends
	call    uint64 // postCall
}

type postKind uint8

const (
	postNone postKind = iota
	postInitialize
	postInitialized
	postCall
	postDelete
)

// enqueue sends a post at once if a connection of its session's target is free, else when one is.
func (f *Fleet) enqueue(p post) {
	t := f.targets[p.session.target]
	if n := len(t.idle); n > 0 {
		c := t.idle[n-1]
		t.idle = t.idle[:n-1]
		f.perform(c, p)
		return
	}
	t.queue = append(t.queue, p)
	if t.conns >= f.opts.Conns {
		return
	}
	if _, err := f.dial(p.session.target, roleHTTP); err != nil {
		t.queue = t.queue[:len(t.queue)-1]
		f.postFailed(p, ClassConnect, err.Error())
		return
	}
	t.conns++
}

// nextPost gives a free connection the next post that is still wanted.
func (f *Fleet) nextPost(c *conn) {
	t := f.targets[c.target]
	for len(t.queue) > 0 {
		p := t.queue[0]
		t.queue = t.queue[1:]
		if f.wanted(p) {
			f.perform(c, p)
			return
		}
	}
	t.queue = nil
	t.idle = append(t.idle, c)
}

// wanted is false for posts whose call or set-up has been given up.
func (f *Fleet) wanted(p post) bool {
	switch p.kind {
	case postCall:
		return f.ledger.waiting(p.call) != nil
	case postInitialize, postInitialized:
		return p.session.state == sessionSettingUp
	default:
		return true
	}
}

func (f *Fleet) perform(c *conn, p post) {
	c.job = p
	w := f.targets[c.target].wire
	switch p.kind {
	case postInitialize:
		f.out = w.encode(f.out[:0], f.initializeText(), "")
	case postInitialized:
		f.out = w.encode(f.out[:0], initializedText, p.session.id)
	case postDelete:
		f.out = fmt.Appendf(f.out[:0], "DELETE %s HTTP/1.1\r\nHost: %s\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: %s\r\n\r\n",
			f.targets[c.target].Path, f.targets[c.target].Host, p.id, f.opts.Revision)
	default:
		k := f.ledger.waiting(p.call)
		f.sent(k)
		f.out = w.encode(f.out[:0], f.callText(p.call, k.op), p.session.id)
	}
	f.send(c, f.out)
}

// posted takes the response to the post under way.
func (f *Fleet) posted(c *conn, a answer) {
	p := c.job
	c.job = post{}
	s := p.session
	switch p.kind {
	case postNone:
		f.stray(ClassUnknownID, "a response without a request")
		return
	case postInitialize:
		f.initializePosted(s, a)
	case postInitialized:
		if s.state != sessionSettingUp {
			break
		}
		if a.status/100 != 2 {
			f.sessionBroke(s, ClassInitialize, fmt.Sprintf("initialized: status %d", a.status))
			break
		}
		f.renewed(s)
	case postCall:
		f.callPosted(p, a)
	}
	if c.stage == stageReady {
		f.nextPost(c)
	}
}

func (f *Fleet) initializePosted(s *session, a answer) {
	if s.state != sessionSettingUp {
		return
	}
	if a.status != 200 || !initialized(a.text) {
		f.sessionBroke(s, ClassInitialize, fmt.Sprintf("status %d, %.200q", a.status, a.text))
		return
	}
	s.id = a.session
	if s.again {
		f.load.Renewed++
	}
	f.enqueue(post{kind: postInitialized, session: s})
}

func (f *Fleet) callPosted(p post, a answer) {
	switch a.status {
	case 200:
		f.postAnswered(p, a.text)
	case 429, 503:
		f.failedCall(p.call, ClassRefused, fmt.Sprintf("status %d, %.200q", a.status, a.text))
	case 404:
		f.failedCall(p.call, ClassSessionGone, fmt.Sprintf("%.200q", a.text))
		p.session.id = ""
		f.sessionBroke(p.session, ClassSessionGone, "status 404")
	default:
		f.failedCall(p.call, ClassStatus, fmt.Sprintf("status %d, %.200q", a.status, a.text))
	}
}

// postBroke handles the end of a shared connection. A server may end an idle one.
func (f *Fleet) postBroke(c *conn, class Class, text string) {
	t := f.targets[c.target]
	t.conns--
	for i, idle := range t.idle {
		if idle == c {
			t.idle = append(t.idle[:i], t.idle[i+1:]...)
			return
		}
	}
	if p := c.job; p.kind != postNone {
		c.job = post{}
		f.postFailed(p, class, text)
	} else if class == ClassConnect && len(t.queue) > 0 {
		p := t.queue[0]
		t.queue = t.queue[1:]
		f.postFailed(p, class, text)
	}
	if len(t.queue) > 0 && t.conns < f.opts.Conns {
		p := t.queue[0]
		t.queue = t.queue[1:]
		if f.wanted(p) {
			f.enqueue(p)
		}
	}
}

// postFailed handles a post that got no response. The session is not to blame and stays; while sessions
// are set up again, it moves to the next target, as behind a load balancer.
func (f *Fleet) postFailed(p post, class Class, text string) {
	switch p.kind {
	case postCall:
		if c, v := f.ledger.settle(p.call); v == verdictFirst {
			f.lost(c)
			f.load.Failures.Count(class, f.targets[p.session.target].Name+": "+text)
			f.callEnded(p.session)
		}
		if f.reconnect && p.session.state == sessionReady && p.session.conn == nil {
			p.session.target = uint16((int(p.session.target) + 1) % len(f.targets))
		}
	case postInitialize, postInitialized:
		f.sessionBroke(p.session, class, text)
	}
}
