package streamable

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

func TestBodySizes(t *testing.T) {
	const limit = 1000
	addr := listen(t, &owner{}, Options{Limits: transport.Limits{MessageBytes: limit}})
	chunked := func(n int) string {
		return "POST /mcp HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"10\r\n" + strings.Repeat("x", 16) + "\r\n" + hex(n-16) + "\r\n" + strings.Repeat("x", n-16) + "\r\n0\r\n\r\n"
	}
	for _, c := range []struct {
		name   string
		text   string
		status int
		length int
	}{
		{"at the limit", request(addr, strings.Repeat("x", limit)), 200, limit},
		{"over the limit", request(addr, strings.Repeat("x", limit+1)), 413, -1},
		{"far over the limit", request(addr, strings.Repeat("x", 4<<20)), 413, -1},
		{"chunks at the limit", chunked(limit), 200, limit},
		{"chunks over the limit", chunked(limit + 1), 413, -1},
		{"announced only", strings.Replace(request(addr, ""), "Content-Length: 0", "Content-Length: 9999999999", 1), 413, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, addr)
			go io.WriteString(client, c.text) // the server need not take all of it
			resp, body := client.answer()
			if resp.StatusCode != c.status || (c.length >= 0 && len(body) != c.length) {
				t.Errorf("got %d with %d bytes, want %d with %d", resp.StatusCode, len(body), c.status, c.length)
			}
		})
	}
}

func hex(n int) string {
	const digits = "0123456789abcdef"
	if n < 16 {
		return digits[n : n+1]
	}
	return hex(n/16) + digits[n%16:n%16+1]
}

func TestTimeLimits(t *testing.T) {
	addr := listen(t, &owner{}, Options{Limits: transport.Limits{
		ReadHeaderTimeout: 30 * time.Millisecond, ReadBodyTimeout: 30 * time.Millisecond, IdleTimeout: 30 * time.Millisecond,
	}})
	t.Run("headers", func(t *testing.T) {
		c := dial(t, addr)
		c.send("POST /mcp HTTP/1.1\r\nHost: x\r\n")
		if _, err := io.ReadAll(c.r); err != nil {
			t.Errorf("got %v, want the end", err)
		}
	})
	t.Run("body", func(t *testing.T) {
		c := dial(t, addr)
		c.send(strings.Replace(request(addr, ping), "Content-Length: ", "Content-Length: 9", 1))
		if resp, _ := c.answer(); resp.StatusCode != http.StatusRequestTimeout || !resp.Close {
			t.Errorf("got %v, want 408 and the end", resp)
		}
	})
	t.Run("idle", func(t *testing.T) {
		c := dial(t, addr)
		c.send(request(addr, ping))
		if resp, body := c.answer(); resp.Close || body != ping {
			t.Errorf("got %v %q, want the connection kept", resp, body)
		}
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("got %v, want the end", err)
		}
	})
}

// TestBodyTimeLimitDoesNotCountForTheCall guards against net/http's ReadTimeout, which ends the context of
// a request whose handler takes longer.
func TestBodyTimeLimitDoesNotCountForTheCall(t *testing.T) {
	const limit = 20 * time.Millisecond
	o := &owner{receive: func(c transport.Conn, _ []byte) {
		time.AfterFunc(5*limit, func() { _ = c.Write(last("slow")) })
	}}
	addr := listen(t, o, Options{Limits: transport.Limits{ReadBodyTimeout: limit, ReadHeaderTimeout: limit}})
	c := dial(t, addr)
	c.send(request(addr, ping))
	if _, body := c.answer(); body != "slow" {
		t.Errorf("got %q, want slow", body)
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	o := &owner{receive: func(transport.Conn, []byte) { t.Error("an incomplete text is received") }}
	addr := listen(t, o, Options{})
	c := dial(t, addr)
	c.send(strings.Replace(request(addr, ping), "Content-Length: ", "Content-Length: 9", 1))
	c.Conn.(interface{ CloseWrite() error }).CloseWrite()
	if resp, _ := c.answer(); resp.StatusCode != 400 {
		t.Errorf("got %d, want 400", resp.StatusCode)
	}
}

func TestHeadersOverTheLimit(t *testing.T) {
	addr := listen(t, &owner{}, Options{})
	c := dial(t, addr)
	go io.WriteString(c, "POST /mcp HTTP/1.1\r\nHost: "+addr+"\r\n"+strings.Repeat("X-P: "+strings.Repeat("a", 57)+"\r\n", 32768)+"\r\n")
	if resp, _ := c.answer(); resp.StatusCode != 431 {
		t.Errorf("got %d, want 431", resp.StatusCode)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	addr := listen(t, &owner{}, Options{})
	c := dial(t, addr)
	var all strings.Builder
	for i := range 50 {
		all.WriteString(request(addr, itoa(i)))
	}
	c.send(all.String())
	for i := range 50 {
		if _, body := c.answer(); body != itoa(i) {
			t.Fatalf("got %q, want %d", body, i)
		}
	}
}

func TestBodyBufferGrowsWithWhatArrives(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	for _, length := range []int64{-1, int64(len(text))} {
		got, err := readBody(strings.NewReader(text), length, 1<<20)
		if err != nil || string(got) != text {
			t.Errorf("length %d: got %d bytes, %v, want %d", length, len(got), err, len(text))
		}
		if cap(got) > len(text)+len(text)/4 {
			t.Errorf("length %d: got a buffer of %d bytes for %d", length, cap(got), len(text))
		}
	}
	if _, err := readBody(strings.NewReader("ab"), 1<<20, 1<<20); err != errShort {
		t.Errorf("got %v, want errShort", err)
	}
}
