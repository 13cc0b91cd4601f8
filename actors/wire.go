package actors

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/erlmcp/erlmcp/transport"
)

// What the owner of a session sends to the node that a connection came in on. The other way, each message
// is one text of the client.
type notice uint8

const (
	noticeAccepted notice = iota + 1 // the owner has taken the connection: how many messages of the client it had
	noticeFrame                      // a frame for the client
	noticeRefused                    // the owner refuses: reason and text
	noticeMoved                      // the owner is another node; nothing has been done
)

var errNotice = errors.New("actors: not a message between nodes")

// header describes a connection to the owner of its session.
type header struct {
	Transport   string         `json:"transport"`
	Mode        transport.Mode `json:"mode"`
	Remote      string         `json:"remote,omitempty"`
	Session     string         `json:"session"`
	Protocol    string         `json:"protocol,omitempty"`
	LastEventID string         `json:"last_event_id,omitempty"`
	Principal   string         `json:"principal,omitempty"`
}

// request is a header with how it goes on: through says that the receiver is to pass it on if it is not the
// owner itself, since the sender does not reach the owner. It is passed on once.
type request struct {
	header
	Through bool `json:"through,omitempty"`
}

func encodeInfo(i transport.Info, through bool) []byte {
	text, err := json.Marshal(request{header(i), through})
	if err != nil {
		panic("actors: encode info: " + err.Error()) // strings and numbers always encode
	}
	return text
}

func decodeInfo(b []byte) (i transport.Info, through bool, err error) {
	var r request
	if err := json.Unmarshal(b, &r); err != nil {
		return transport.Info{}, false, errNotice
	}
	return transport.Info(r.header), r.Through, nil
}

// encodeFrame writes: kind, last, status, length of the event id, event id, text.
func encodeFrame(f transport.Frame) []byte {
	b := make([]byte, 0, len(f.Text)+len(f.Event)+8)
	b = append(b, byte(noticeFrame), 0)
	if f.Last {
		b[1] = 1
	}
	b = binary.AppendUvarint(b, uint64(f.Status))
	b = binary.AppendUvarint(b, uint64(len(f.Event)))
	b = append(b, f.Event...)
	return append(b, f.Text...)
}

// decodeFrame reads what encodeFrame has written, after the kind.
func decodeFrame(b []byte) (f transport.Frame, err error) {
	if len(b) == 0 || b[0] > 1 {
		return f, errNotice
	}
	f.Last = b[0] == 1
	b = b[1:]
	status, n := binary.Uvarint(b)
	if n <= 0 || status > 999 {
		return f, errNotice
	}
	b = b[n:]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return f, errNotice
	}
	b = b[n:]
	f.Status, f.Event = int(status), string(b[:length])
	if text := b[length:]; len(text) > 0 {
		f.Text = text
	}
	return f, nil
}

func encodeRefusal(r *transport.Refusal) []byte {
	return append([]byte{byte(noticeRefused), byte(r.Reason)}, r.Text...)
}

// decodeRefusal reads what encodeRefusal has written, after the kind.
func decodeRefusal(b []byte) *transport.Refusal {
	if len(b) == 0 || int(b[0]) >= len(transport.Reasons()) {
		return &transport.Refusal{Reason: transport.ReasonInternal}
	}
	return &transport.Refusal{Reason: transport.Reason(b[0]), Text: b[1:]}
}
