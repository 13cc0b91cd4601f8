package cluster

import "encoding/binary"

// packet is the one message between the services of two nodes. What id, code, header and body mean
// depends on the kind. It is immutable once told.
type packet struct {
	kind   packetKind
	id     uint64
	code   uint32
	header []byte
	body   []byte
}

// packetKind says which service a packet is for, and what it says. Values are part of the wire format:
// they are never given another meaning.
type packetKind uint8

const (
	kindBeat           packetKind = iota + 1 // header: see beat
	kindRelease                              // the sender owns no session from here on
	kindCall                                 // id: of the call; header: time left, service; body: request
	kindCallDone                             // id: of the call; code: outcome; body: result or text
	kindCallCancel                           // id: of the call
	kindStreamOpen                           // id: of the stream; header: service, header; the opener sends it
	kindStreamAccept                         // id; the acceptor says that it has the stream
	kindStreamData                           // id; code: streamFlags; header: sequence number; body: a chunk
	kindStreamAck                            // id; code: streamFlags; header: bytes received in total
	kindStreamClose                          // id; code: streamFlags; header: reason code; body: text
	kindRegistryFull                         // id: version; code: 1 in the last part; header: part, have; body: entries
	kindRegistryDelta                        // id: version; code: 1 join, 0 leave; header: group; body: value
	kindRegistryAsk                          // wants kindRegistryFull
	kindFanout                               // id: sequence number; header: epoch, base, topic; body: payload
	kindFanoutAck                            // id: received up to; code: 1 wants the rest again
	kindSnapshotPut                          // id: sequence number; header: session, version; body: snapshot
	kindSnapshotLost                         // header: session, epoch that another member has
	kindSnapshotResync                       // the keeper has lost count and wants everything again
	kindSnapshotTaken                        // header: session, epoch of its next owner, the sender
	kindSnapshotYield                        // header: session; the sender does not own it any more
	packetKinds                              // how many there are, plus one
)

// appendText appends a string with its length.
func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendBytes appends bytes with their length.
func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// fields reads what appendText, appendBytes and binary.AppendUvarint wrote. After a read past the end or
// of a malformed number bad is set, and this and all further reads give zero values.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) uint() uint64 {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 {
		f.rest, f.bad = nil, true
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

// bytes returns a part of what is read, not a copy.
func (f *fields) bytes() []byte {
	n := f.uint()
	if n > uint64(len(f.rest)) {
		f.rest, f.bad = nil, true
	}
	if f.bad {
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) text() string { return string(f.bytes()) }

// more says whether there is something left to read.
func (f *fields) more() bool { return !f.bad && len(f.rest) > 0 }
