package stdio_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/stdio"
	"github.com/erlmcp/erlmcp/transport/transporttest"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// client is the far side of both streams. A goroutine reads, so that Recv can give up.
type client struct {
	in    io.WriteCloser // the server's standard input
	out   io.ReadCloser  // the server's standard output
	start sync.Once
	lines chan []byte
	gone  chan struct{}
	once  sync.Once
}

func newClient(in io.WriteCloser, out io.ReadCloser) *client {
	return &client{in: in, out: out, lines: make(chan []byte), gone: make(chan struct{})}
}

func (c *client) Send(text []byte) error {
	_, err := c.in.Write(append(text, '\n'))
	return err
}

func (c *client) Recv(ctx context.Context) ([]byte, error) {
	c.start.Do(func() { go c.read() })
	select {
	case line, ok := <-c.lines:
		if !ok {
			return nil, io.EOF
		}
		return line, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *client) read() {
	defer close(c.lines)
	r := bufio.NewReader(c.out)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		select {
		case c.lines <- bytes.TrimSuffix(line, []byte{'\n'}):
		case <-c.gone:
			return
		}
	}
}

func (c *client) Close() error {
	c.once.Do(func() { close(c.gone) })
	_ = c.in.Close()
	return c.out.Close()
}

func TestContractOverPipes(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{
		Mode:          transport.Duplex,
		Single:        true,
		SkipsTooLarge: true,
		Listen: func(_ testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
			inR, inW := io.Pipe()
			outR, outW := io.Pipe()
			return transporttest.Medium{
				Listener: stdio.New(stdio.Options{In: inR, Out: outW, Limits: l, Grace: grace, EOFGrace: -1}),
				Dial: func(context.Context) (transporttest.Client, error) {
					return newClient(inW, outR), nil
				},
			}
		},
	})
}

// TestContractOverFiles has the kind of streams that a parent process gives: pipes of the operating system.
func TestContractOverFiles(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{
		Mode:          transport.Duplex,
		Single:        true,
		SkipsTooLarge: true,
		Listen: func(t testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
			inR, inW, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			outR, outW, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			return transporttest.Medium{
				Listener: stdio.New(stdio.Options{In: inR, Out: outW, Limits: l, Grace: grace, EOFGrace: -1}),
				Dial: func(context.Context) (transporttest.Client, error) {
					return newClient(inW, outR), nil
				},
			}
		},
	})
}

// slowEcho answers each text with itself after a second, on a goroutine of its own.
type slowEcho struct{ conn transport.Conn }

func (e *slowEcho) Accept(c transport.Conn) (transport.Receiver, error) { return &slowEcho{c}, nil }
func (e *slowEcho) Admit(transport.Info) error                          { return nil }
func (e *slowEcho) End(transport.Info) error                            { return nil }
func (e *slowEcho) Closed(transport.Reason)                             {}

func (e *slowEcho) Receive(text []byte) {
	e.conn.Go(func() {
		time.Sleep(time.Second) //lint:sleep the slowness of a call, on the clock of synctest
		text = bytes.Replace(text, []byte(`"method":"m"`), []byte(`"result":{}`), 1)
		_ = e.conn.Write(transport.Frame{Text: text})
	})
}

func TestEndOfInputWaitsForAnswers(t *testing.T) {
	const (
		requests = `{"jsonrpc":"2.0","id":1,"method":"m"}` + "\n" + `{"jsonrpc":"2.0","id":2,"method":"m"}`
		notified = `{"jsonrpc":"2.0","method":"m"}` + "\n"
	)
	for _, tc := range []struct {
		name, in string
		grace    time.Duration
		lines    int
		took     time.Duration
	}{
		{"answers in time", requests, 0, 2, time.Second},
		{"answers too late", requests, time.Millisecond, 0, time.Second}, // Go's functions run to their end
		{"no grace", requests, -1, 0, time.Second},
		{"nothing", "", 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				start := time.Now()
				err := stdio.New(stdio.Options{In: strings.NewReader(tc.in), Out: &out, EOFGrace: tc.grace}).Serve(t.Context(), &slowEcho{})
				if err != nil {
					t.Errorf("Serve: got %v, want nil", err)
				}
				if got := strings.Count(out.String(), "\n"); got != tc.lines {
					t.Errorf("got %d lines %q, want %d", got, out.String(), tc.lines)
				}
				if took := time.Since(start); took != tc.took {
					t.Errorf("Serve took %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestContextEndsAServeWhoseReadIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := stdio.New(stdio.Options{In: stuckReader(release), Out: io.Discard, Grace: time.Second}).Serve(ctx, &slowEcho{})
		if err != nil {
			t.Errorf("Serve: got %v, want nil", err)
		}
		close(release)
	})
}

// stuckReader is a reader that nothing but the closing of the channel ends.
type stuckReader chan struct{}

func (r stuckReader) Read([]byte) (int, error) {
	<-r
	return 0, io.EOF
}
