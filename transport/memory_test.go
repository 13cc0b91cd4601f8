package transport_test

import (
	"context"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/transport"
	"github.com/erlmcp/erlmcp/transport/transporttest"
)

// memoryClient is a PipeClient as the kit sees clients.
type memoryClient struct{ *transport.PipeClient }

func (c memoryClient) Recv(ctx context.Context) ([]byte, error) {
	f, err := c.PipeClient.Recv(ctx)
	return f.Text, err
}

func (c memoryClient) Close() error {
	go c.PipeClient.Close() // which waits for functions given to Go
	return nil
}

func TestMemoryKeepsTheContract(t *testing.T) {
	for name, mode := range map[string]transport.Mode{
		"duplex": transport.Duplex, "exchange": transport.Exchange, "stream": transport.Stream,
	} {
		t.Run(name, func(t *testing.T) {
			transporttest.Run(t, transporttest.Harness{
				Mode: mode,
				Listen: func(_ testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
					m := transport.NewMemory(l, grace)
					return transporttest.Medium{Listener: m, Dial: func(ctx context.Context) (transporttest.Client, error) {
						c, err := m.Dial(ctx, transport.Info{Mode: mode})
						return memoryClient{c}, err
					}}
				},
			})
		})
	}
}
