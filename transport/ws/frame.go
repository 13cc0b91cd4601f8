package ws

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"github.com/erlmcp/erlmcp/transport"
)

const (
	maxControl = ws.MaxControlFramePayloadSize // bytes, RFC 6455, section 5.5
	maskBytes  = 4
)

// appendFrame appends one unmasked, final frame.
func appendFrame(dst []byte, op ws.OpCode, payload []byte) []byte {
	dst = append(dst, 0x80|byte(op))
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n <= 0xffff:
		dst = append(dst, 126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return append(dst, payload...)
}

// appendClose appends the close frame for a reason.
func appendClose(dst []byte, r transport.Reason) []byte {
	payload := binary.BigEndian.AppendUint16(make([]byte, 0, maxControl), uint16(r.CloseCode()))
	payload = append(payload, r.String()...)
	return appendFrame(dst, ws.OpClose, payload[:min(len(payload), maxControl)])
}

// appendEcho appends the answer to a close frame; code 0 stands for one without a code.
func appendEcho(dst []byte, code uint16) []byte {
	if code == 0 {
		return appendFrame(dst, ws.OpClose, nil)
	}
	return appendFrame(dst, ws.OpClose, binary.BigEndian.AppendUint16(nil, code))
}

// closeCode checks the payload of a close frame and returns its code, 0 if it has none.
func closeCode(payload []byte) (uint16, transport.Reason, bool) {
	switch len(payload) {
	case 0:
		return 0, 0, true
	case 1:
		return 0, transport.ReasonMalformed, false
	}
	code, text := ws.ParseCloseFrameDataUnsafe(payload)
	switch {
	case code >= 1012 && code <= 1014: // registered after RFC 6455 was written
	case code > 4999:
		return 0, transport.ReasonMalformed, false
	case ws.CheckCloseFrameData(code, "") != nil:
		return 0, transport.ReasonMalformed, false
	}
	if !validText(text) {
		return 0, transport.ReasonBadText, false
	}
	return uint16(code), 0, true
}
