package badinput

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"testing"
)

// closingServer upgrades any request and ends the connection with a close code, or without one if 0.
func closingServer(t *testing.T, code uint16) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
				conn.Close()
				continue
			}
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			if code != 0 {
				_, _ = conn.Write(binary.BigEndian.AppendUint16([]byte{0x88, 2}, code))
			}
			conn.Close()
		}
	}()
	return &Server{Host: l.Addr().String(), Path: "/mcp"}
}

func TestCloseCodes(t *testing.T) {
	c := &Case{ID: "test/close", Level: "must", Setup: "raw-open"}
	c.Expect.WithinMS = 1000
	c.outcomes = []outcome{{WSClose: []int{1002}}, {Conn: "closed", Grade: "weak"}}
	for code, want := range map[uint16]Verdict{1002: Pass, 1008: Weak, 0: Weak} {
		r := &Runner{Shared: closingServer(t, code)}
		got, err := r.Run(t.Context(), c, "ws")
		if err != nil || got.Verdict != want {
			t.Errorf("close code %d: got %s %q, %v, want %s", code, got.Verdict, got.Reasons, err, want)
		}
	}
	c.outcomes = c.outcomes[:1]
	r := &Runner{Shared: closingServer(t, 1008)}
	if got, err := r.Run(t.Context(), c, "ws"); err != nil || got.Verdict != Fail {
		t.Errorf("wrong close code: got %s %q, %v, want fail", got.Verdict, got.Reasons, err)
	}
}
