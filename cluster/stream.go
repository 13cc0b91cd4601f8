package cluster

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Handler takes what arrives on one end of a Stream. Its methods run one at a time and must not block;
// they may call the methods of the Stream. A panic ends the stream with CodePanic.
type Handler interface {
	// Receive takes one message, in the order sent, without loss or repetition. b belongs to it.
	Receive(b []byte)
	// Closed is the last call: the other side has closed the stream, its node is down (CodeNodeDown), or
	// messages were lost (CodeBroken). It is not called if this side has called Close.
	Closed(code uint32, text string)
}

// AcceptFunc decides about a stream that another node opens, in the distribution's turn: it must not
// block. It may already send. The text of its error is what the opener's Closed gets, with the code of a
// *RemoteError or CodeFailed.
type AcceptFunc func(from Member, header []byte, s *Stream) (Handler, error)

// Stream is one end of a pipe of messages between two nodes. Both ends may send at any time. Its methods
// never block and are safe for concurrent use.
//
//	opening ──accept──▶ open ──Close, close from the peer, node down, loss──▶ ended
//	   └──refusal, node down, no answer──────────────────────────────────────▶ ended
//
// Messages may be sent while the stream is opening.
type Stream struct {
	t       *streams
	peer    Member
	key     streamKey
	turn    sync.Mutex // held while handler runs; taken before t.mu, never after
	handler Handler    // guarded by turn; nil: nobody is to be called any more
	partial []byte     // guarded by turn: chunks of a message that is not complete
	early   *streamEnd // guarded by turn: the end, where it came before the handler

	// guarded by t.mu
	ended                 bool
	accepted              bool
	beats                 int    // of waiting to be accepted
	sent                  uint64 // chunks told
	sentBytes, ackedBytes uint64
	got                   uint64 // chunks received
	gotBytes, toldBytes   uint64 // bytes received, and of those acknowledged
}

// streamEnd is how a stream has ended.
type streamEnd struct {
	code uint32
	text string
}

// streamKey names a stream at one node: ids are given by the opener.
type streamKey struct {
	boot   string // of the peer
	id     uint64
	opener bool // this node opened it
}

// Flags in the code of packets of streams.
const (
	streamFromOpener = 1 << iota // the sender is the opener
	streamMore                   // the message goes on in the next chunk
)

// Peer returns the member at the other end.
func (s *Stream) Peer() Member { return s.peer }

// Send queues a message, which belongs to the stream from then on. ErrBusy: more than the limit of a
// stream, or of the connection to the node, is on the way; nothing was sent. ErrClosed: the stream has
// ended. ErrTooLarge: b is longer than a stream may have on the way. ErrBroken: the connection filled up
// within the message; the stream has ended.
func (s *Stream) Send(b []byte) error { return s.t.send(s, b) }

// Close ends the stream: the other side's handler gets code and text after what was sent before. What is
// on the way to this side is dropped. Closing again does nothing.
func (s *Stream) Close(code uint32, text string) {
	if s.t.finish(s) {
		s.t.tellClose(s, code, text)
	}
}

// streams is all streams of a node.
type streams struct {
	w    wire
	opts serviceOptions
	log  func(what string, value any)

	mu       sync.Mutex
	closed   bool
	members  map[string]Member
	next     uint64
	opens    int64 // streams that were open, of either side
	open     map[streamKey]*Stream
	perPeer  map[string]int // open, by boot; no zeros
	quiet    map[string]int // beats of this node since the last one of a member, by boot
	services map[string]AcceptFunc
}

func newStreams(w wire, o serviceOptions, log func(string, any)) *streams {
	t := &streams{
		w: w, opts: o, log: log, members: map[string]Member{},
		open: map[streamKey]*Stream{}, perPeer: map[string]int{}, quiet: map[string]int{}, services: map[string]AcceptFunc{},
	}
	w.handle(kindStreamOpen, t.opened)
	w.handle(kindStreamAccept, t.acceptedBy)
	w.handle(kindStreamData, t.data)
	w.handle(kindStreamAck, t.acked)
	w.handle(kindStreamClose, t.closedBy)
	return t
}

func (t *streams) register(service string, accept AcceptFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.services[service] != nil {
		panic("cluster: Serve: service " + service + " is taken")
	}
	t.services[service] = accept
}

// dial opens a stream to a member.
func (t *streams) dial(to Member, service string, header []byte, h Handler) (*Stream, error) {
	if len(header) > t.opts.ChunkBytes {
		return nil, ErrTooLarge
	}
	if to.Boot == t.w.Self().Boot {
		return nil, ErrSelf
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	s := &Stream{t: t, peer: to, key: streamKey{to.Boot, t.next, true}, handler: h}
	if err := t.addLocked(s); err != nil {
		return nil, err
	}
	head := append(appendText(nil, service), header...)
	if err := t.w.tell(to, packet{kind: kindStreamOpen, id: s.key.id, header: head}); err != nil {
		t.removeLocked(s)
		return nil, downIfGone(err)
	}
	return s, nil
}

func (t *streams) addLocked(s *Stream) error {
	switch {
	case t.closed:
		return ErrClosed
	case t.members[s.peer.Boot].Boot == "", s.key.opener && t.quiet[s.peer.Boot] >= quietBeats:
		return ErrNodeDown
	case t.perPeer[s.peer.Boot] >= t.opts.StreamsPerPeer:
		return ErrBusy
	}
	t.open[s.key] = s
	t.opens++
	t.perPeer[s.peer.Boot]++
	return nil
}

func (t *streams) removeLocked(s *Stream) bool {
	if s.ended {
		return false
	}
	s.ended = true
	delete(t.open, s.key)
	decrement(t.perPeer, s.peer.Boot)
	return true
}

func (t *streams) find(from Member, p packet) *Stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[streamKey{from.Boot, p.id, p.code&streamFromOpener == 0}]
}

// opened takes a stream of another node.
func (t *streams) opened(from Member, p packet) {
	f := fields{rest: p.header}
	service := f.text()
	s := &Stream{t: t, peer: from, key: streamKey{from.Boot, p.id, false}, accepted: true}
	t.mu.Lock()
	accept := t.services[service]
	err := t.addLocked(s)
	t.mu.Unlock()
	switch {
	case err != nil:
		t.refuse(s, err)
		return
	case f.bad || accept == nil:
		t.finish(s)
		t.refuse(s, ErrNoService)
		return
	}
	t.w.tell(from, packet{kind: kindStreamAccept, id: p.id})
	s.turn.Lock()
	defer s.turn.Unlock()
	h, err := t.accept(accept, from, f.rest, s)
	if err != nil {
		if t.finish(s) {
			t.refuse(s, err)
		}
		return
	}
	s.handler = h
	if e := s.early; e != nil {
		t.sayClosedLocked(s, e.code, e.text)
	}
}

func (t *streams) refuse(s *Stream, err error) {
	code, text := codeOf(err)
	t.tellClose(s, code, text)
}

func (t *streams) accept(f AcceptFunc, from Member, header []byte, s *Stream) (h Handler, err error) {
	defer func() {
		if v := recover(); v != nil {
			t.log("accept function panicked", v)
			err = &RemoteError{CodePanic, fmt.Sprint(v)}
		}
	}()
	return f(from, header, s)
}

func (t *streams) acceptedBy(from Member, p packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.open[streamKey{from.Boot, p.id, true}]; s != nil {
		s.accepted = true
	}
}

// tellClose tells the peer that the stream has ended here. If it cannot be told, the next beat does it.
func (t *streams) tellClose(s *Stream, code uint32, text string) {
	header := binary.AppendUvarint(nil, uint64(code))
	t.w.tell(s.peer, packet{kind: kindStreamClose, id: s.key.id, code: s.flags(), header: header, body: []byte(text)})
}

func (s *Stream) flags() uint32 {
	if s.key.opener {
		return streamFromOpener
	}
	return 0
}

// finish takes a stream out of the table; false if it has ended before.
func (t *streams) finish(s *Stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.removeLocked(s)
}

// send tells a message in chunks, in one go, so that messages do not mix.
func (t *streams) send(s *Stream, b []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	size, onTheWay := uint64(len(b)), s.sentBytes-s.ackedBytes
	switch {
	case s.ended:
		return ErrClosed
	case size > uint64(t.opts.StreamBytes):
		return ErrTooLarge
	case onTheWay+size > uint64(t.opts.StreamBytes):
		return ErrBusy
	}
	for first := true; first || len(b) > 0; first = false {
		chunk := b[:min(len(b), t.opts.ChunkBytes)]
		b = b[len(chunk):]
		if err := t.tellChunkLocked(s, chunk, len(b) > 0); err != nil {
			if first {
				return downIfGone(err)
			}
			t.removeLocked(s)
			go t.lose(s, CodeBroken) // not on this goroutine, which may be in the handler's turn
			return ErrBroken
		}
	}
	return nil
}

func (t *streams) tellChunkLocked(s *Stream, chunk []byte, more bool) error {
	code := s.flags()
	if more {
		code |= streamMore
	}
	header := binary.AppendUvarint(make([]byte, 0, 8), s.sent+1)
	if err := t.w.tell(s.peer, packet{kind: kindStreamData, id: s.key.id, code: code, header: header, body: chunk}); err != nil {
		return err
	}
	s.sent++
	s.sentBytes += uint64(len(chunk))
	return nil
}
