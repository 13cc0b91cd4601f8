package streamable

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// The corpus of hostile inputs is replayed against the listener alone: its owner knows one session, and
// answers each text in it with a result. Time in the corpus runs 100 times as fast.

const (
	corpusSession = "0123456789abcdef"
	corpusLimit   = 64 << 10
	corpusHaste   = 100
)

type corpusCase struct {
	ID, Level, Setup string
	Transports       []string
	Needs            []string
	Send             []corpusStep
	Expect           struct{ Any []corpusOutcome }
}

type corpusStep struct {
	Kind, Method, Path string
	Headers            map[string]string
	WithoutHeaders     []string `json:"without_headers"`
	Body               corpusBody
	MS                 int
}

type corpusBody struct {
	Text string
	Rep  *struct {
		Pre, Unit, Post string
		N               any
	}
}

type corpusOutcome struct {
	HTTP          []int
	AbsentHeaders []string `json:"absent_headers"`
	HTTPCount     int      `json:"http_count"`
	Conn, Grade   string
}

// seen is what a case got: the answers, and whether the connection ended.
type seen struct {
	answers []*http.Response
	ended   bool
}

func TestBadInput(t *testing.T) {
	addr := listen(t, &owner{accept: acceptCorpus, receive: answerCorpus}, Options{
		AllowedOrigins: []string{"https://app.example"},
		Limits: transport.Limits{
			MessageBytes: corpusLimit, ReadHeaderTimeout: 5 * time.Second / corpusHaste, ReadBodyTimeout: 30 * time.Second / corpusHaste,
		},
	})
	for _, group := range []string{"http", "session"} {
		for _, c := range loadCorpus(t, group) {
			t.Run(c.ID, func(t *testing.T) {
				if len(c.Needs) > 0 {
					t.Skipf("needs %v, which is not the listener's", c.Needs)
				}
				got := c.play(t, addr)
				for _, o := range c.Expect.Any {
					if o.Grade != "weak" && o.fits(got) {
						return
					}
				}
				for _, a := range got.answers {
					t.Logf("got status %d, headers %v", a.StatusCode, a.Header)
				}
				t.Errorf("got %d answers, ended %v: no outcome of %+v", len(got.answers), got.ended, c.Expect.Any)
			})
		}
	}
}

func loadCorpus(t *testing.T, group string) []corpusCase {
	t.Helper()
	text, err := os.ReadFile("testdata/badinput/" + group + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []corpusCase }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

func acceptCorpus(c transport.Conn) error {
	switch c.Info().Session {
	case corpusSession:
		return nil
	case "":
		return &transport.Refusal{Reason: transport.ReasonBadRequest}
	}
	return &transport.Refusal{Reason: transport.ReasonNoSession}
}

func answerCorpus(c transport.Conn, _ []byte) {
	_ = c.Write(last(`{"jsonrpc":"2.0","id":1,"result":{}}`))
}

func (o *corpusOutcome) fits(got *seen) bool {
	switch {
	case o.HTTPCount > 0:
		return len(got.answers) == o.HTTPCount
	case o.Conn == "closed":
		return got.ended
	case len(got.answers) == 0 || !slices.Contains(o.HTTP, got.answers[0].StatusCode):
		return false
	}
	return !slices.ContainsFunc(o.AbsentHeaders, func(h string) bool { return got.answers[0].Header.Get(h) != "" })
}

func (c *corpusCase) play(t *testing.T, addr string) *seen {
	t.Helper()
	fill := strings.NewReplacer("{{HOST}}", addr, "{{MCP}}", "/mcp", "{{AUTH_HEADER}}", "",
		"{{SESSION_HEADER}}", "Mcp-Session-Id: "+corpusSession+"\r\n", "{{SESSION}}", corpusSession,
		"{{SESSION_LASTCHAR}}", corpusSession[:15]+"x")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	patience := time.Second // for further answers on a connection that stays open
	go func() {
		for _, s := range c.Send {
			s.perform(conn, fill)
		}
	}()
	got := &seen{}
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			got.answers = append(got.answers, resp)
		}
		if err != nil {
			got.ended = !errors.Is(err, os.ErrDeadlineExceeded)
			return got
		}
		if c.Expect.Any[0].HTTPCount <= len(got.answers) {
			patience = 10 * time.Millisecond
		}
		conn.SetReadDeadline(time.Now().Add(patience))
	}
}

// perform sends one step; the listener may stop reading at any time.
func (s *corpusStep) perform(conn net.Conn, fill *strings.Replacer) {
	body := s.Body.bytes(fill)
	switch s.Kind {
	case "raw":
		conn.Write(body)
	case "half-close":
		conn.(*net.TCPConn).CloseWrite()
	case "drip":
		for _, b := range body {
			if _, err := conn.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Duration(s.MS) * time.Millisecond / corpusHaste) //lint:sleep a client that drips is the case
		}
	case "http":
		conn.Write(s.request(body, fill))
	}
}

func (s *corpusStep) request(body []byte, fill *strings.Replacer) []byte {
	headers := map[string]string{
		"Host": fill.Replace("{{HOST}}"), "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Session-Id": corpusSession, "Content-Length": itoa(len(body)),
	}
	for name, value := range s.Headers {
		headers[name] = fill.Replace(value)
	}
	for _, name := range s.WithoutHeaders {
		delete(headers, name)
	}
	var b bytes.Buffer
	b.WriteString(s.Method + " " + fill.Replace(s.Path) + " HTTP/1.1\r\n")
	for name, value := range headers {
		b.WriteString(name + ": " + value + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func (b *corpusBody) bytes(fill *strings.Replacer) []byte {
	if b.Rep == nil {
		return []byte(fill.Replace(b.Text))
	}
	n, ok := b.Rep.N.(float64)
	if expr, isText := b.Rep.N.(string); isText { // limit.max_message_bytes+1
		_, plus, _ := strings.Cut(expr, "+")
		more, err := strconv.Atoi(plus)
		n, ok = float64(corpusLimit+more), err == nil
	}
	if !ok {
		return nil
	}
	return []byte(fill.Replace(b.Rep.Pre) + strings.Repeat(fill.Replace(b.Rep.Unit), int(n)) + b.Rep.Post)
}
