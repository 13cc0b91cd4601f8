package streamable

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/erlmcp/erlmcp/transport"
)

// Options configures a Listener. The zero value listens on an arbitrary loopback port.
type Options struct {
	// Addr is the TCP address to listen on; default "127.0.0.1:0".
	Addr string
	// Path is the MCP endpoint; default "/mcp". WebSocket upgrades are also taken at Path + "/ws".
	Path string
	// Limits bounds each connection. HeaderBytes is enforced to within 4 KiB (net/http reads ahead).
	Limits transport.Limits
	// AllowedOrigins are the values of the Origin header that are served, compared exactly
	// ("https://app.example"). A request without Origin is always served, "null" never is. On a loopback
	// address pages of this machine are allowed, too, whatever their port: http or https at localhost or a
	// loopback address. An allowed origin gets CORS headers.
	AllowedOrigins []string
	// AllowedHosts are the values of the Host header that are served ("mcp.example:8080"), without regard
	// to case. On a loopback address localhost and loopback addresses are allowed, with any port, and every
	// other name is refused; on other addresses an empty list serves every host.
	AllowedHosts []string
	// Sockets is the number of connections that may be open at a time, those of WebSocket and of parked
	// streams not counted; default 25,000. A connection beyond it has its first request answered with 503
	// and is closed; where very many come at once, they are closed without an answer.
	Sockets int
	// Reconnect is the time after which a client is to come back to an ended event stream (the retry
	// field); default 1 s.
	Reconnect time.Duration
	// Grace is how long requests and streams in progress may go on once Serve's context has ended; default
	// 30 s. Their sockets are closed afterwards; Serve still waits for the functions given to Conn.Go.
	Grace time.Duration
	// SupportsProtocol says whether a value of the MCP-Protocol-Version header is served; nil accepts each.
	SupportsProtocol func(version string) bool
	// WebSocket serves upgrades on Path and Path + "/ws"; nil means none are.
	WebSocket http.Handler
	// Routes are further exact paths ("/livez").
	Routes map[string]http.Handler
	// Refused is told about each request that is refused before Acceptor.Accept; may be nil. It must not
	// block.
	Refused func(transport.Reason)
	// Listen opens the socket; default is the function Listen.
	Listen func(ctx context.Context, network, addr string) (net.Listener, error)
	// Listener is an open socket to use instead of Addr and Listen. Serve closes it.
	Listener net.Listener
	// Shards is the number of event-loop goroutines for parked streams; default one for each two processors.
	Shards int
	// Logger gets what net/http and the listener have to say; nil discards.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.Path = cmp.Or(o.Path, "/mcp")
	o.Limits = o.Limits.WithDefaults()
	o.Sockets = cmp.Or(o.Sockets, 25_000)
	o.Reconnect = cmp.Or(o.Reconnect, time.Second)
	o.Grace = cmp.Or(o.Grace, 30*time.Second)
	if o.Listen == nil {
		o.Listen = o.listen
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) listen(ctx context.Context, _, addr string) (net.Listener, error) {
	return Listen(ctx, addr, o.Limits)
}

// Listen opens a TCP socket as a Listener needs it. TCP keep-alive is off: heartbeats find dead peers, and
// the probes of very many idle connections come in bursts that the kernel drops. A peer that does not
// acknowledge a heartbeat within l.PingInterval and l.PongTimeout is gone: the kernel sees to that.
func Listen(ctx context.Context, addr string, l transport.Limits) (net.Listener, error) {
	l = l.WithDefaults()
	lc := net.ListenConfig{KeepAlive: -1, Control: userTimeout(l.PingInterval + l.PongTimeout)}
	return lc.Listen(ctx, "tcp", addr)
}
