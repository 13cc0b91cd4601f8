package erlmcp

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cluster"
	"github.com/erlmcp/erlmcp/inspect"
	"github.com/erlmcp/erlmcp/repl"
	"github.com/erlmcp/erlmcp/transport"
)

// Options configures a node. The zero value serves stdio and nothing else.
type Options struct {
	// Name is the node's name, name@host; default erlmcp@<hostname>.
	Name    string
	Version string // of the program, for erlmcp_build_info; default "dev"

	HTTP  HTTP
	Stdio Stdio
	// Listeners are further media. Each is a service child of the tree.
	Listeners []transport.Listener

	// Cluster makes the node a member of a cluster; nil runs it alone. Name, Version, Logger and Events are
	// the node's own.
	Cluster *Cluster

	Admin   Admin
	Metrics Metrics
	Drain   Drain
	// Operator lets operators see and change what the process around the node has; nil: nothing.
	Operator Operator

	// Connections and Sessions bound what a client may cost; zero fields have their defaults.
	Connections transport.Limits
	Sessions    actors.Limits

	// Intensity and Period are the restart limit of the tree's upper part; past it Run returns
	// ErrRestartLimit. Default 3 in 120 s.
	Intensity int
	Period    time.Duration

	// Logger gets structured records; nil discards them.
	Logger *slog.Logger
}

// Operator is what the process around a node lets an operator see and change: log levels, configuration.
type Operator = inspect.Operator

// ConfigValue is one key of the effective configuration.
type ConfigValue = inspect.ConfigValue

// Cluster configures a node's membership in a cluster.
type Cluster = cluster.Options

// ClusterTLS names own certificates for the connections between nodes.
type ClusterTLS = cluster.TLS

// HTTP configures the listener for Streamable HTTP and WebSocket.
type HTTP struct {
	// Addr is host:port; empty means no HTTP. Port 0 picks one, see Node.Addr.
	Addr string
	// Listener is used in place of Addr where it is set.
	Listener net.Listener
	// Path is the MCP endpoint; default /mcp. WebSocket upgrades are also taken at Path + "/ws".
	Path string
	// AllowedOrigins and AllowedHosts are exact values beyond the names of loopback, which a loopback listener
	// serves with any port.
	AllowedOrigins []string
	AllowedHosts   []string
	// AllowUnauthenticated permits an address that is not loopback. Without it New refuses one.
	AllowUnauthenticated bool
}

// Stdio serves one client on a pair of streams.
type Stdio struct {
	In  io.Reader // nil: os.Stdin, if stdio is served at all
	Out io.Writer // nil: os.Stdout
	On  bool
}

// Admin configures the operator's endpoints.
type Admin struct {
	// Socket is the path of the control socket; empty means none.
	Socket string
	// Role is the most that evaluations on the socket may do: viewer, operator or admin. Default admin: who can
	// open the socket could end the process as well.
	Role string
	// Listen is a loopback address where the same is served, but for profiles; empty means none.
	Listen string
	// Token is what callers at Listen show to evaluate, at least 32 characters; empty: nobody evaluates there.
	Token string
	// ListenRole is Role for callers with the token. Default viewer.
	ListenRole string
}

// check looks at what does not depend on other options.
func (a *Admin) check() error {
	if a.Listen != "" && !loopback(a.Listen) {
		return errors.New("erlmcp: Admin.Listen is not loopback")
	}
	if a.Token != "" && len(a.Token) < admin.MinToken {
		return fmt.Errorf("erlmcp: Admin.Token has %d characters, at least %d are needed", len(a.Token), admin.MinToken)
	}
	for name, role := range map[string]string{"Role": a.Role, "ListenRole": a.ListenRole} {
		if _, ok := repl.ParseRole(role); !ok {
			return fmt.Errorf("erlmcp: Admin.%s is %q, not viewer, operator or admin", name, role)
		}
	}
	return nil
}

// Metrics configures where /metrics is served.
type Metrics struct {
	// Listen is an address of its own; empty means the HTTP listener.
	Listen string
	// Off serves it nowhere.
	Off bool
}

// Drain configures how a node goes away.
type Drain struct {
	Timeout time.Duration // open requests may take so long to finish; default 30 s
	Spread  time.Duration // clients are told to go over so long; default 5 s; negative: at once
}

// withDefaults fills zero fields and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		o.Name = "erlmcp@" + host
	}
	setDefault(&o.Version, "dev")
	setDefault(&o.HTTP.Path, "/mcp")
	setDefault(&o.Admin.Role, repl.Admin.String())
	setDefault(&o.Admin.ListenRole, repl.Viewer.String())
	setDefault(&o.Drain.Timeout, 30*time.Second)
	setDefault(&o.Drain.Spread, 5*time.Second)
	setDefault(&o.Intensity, 3)
	setDefault(&o.Period, 120*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.HTTP.Addr == "" && o.HTTP.Listener == nil && len(o.Listeners) == 0 {
		o.Stdio.On = true
	}
	if o.Stdio.In == nil {
		o.Stdio.In = os.Stdin
	}
	if o.Stdio.Out == nil {
		o.Stdio.Out = os.Stdout
	}
	if !o.HTTP.AllowUnauthenticated && !o.HTTP.local() {
		return o, errors.New("erlmcp: HTTP.Addr is not loopback and there is no authentication: set HTTP.AllowUnauthenticated to serve it all the same")
	}
	return o, o.Admin.check()
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// local reports whether nobody but this machine reaches the listener.
func (h *HTTP) local() bool {
	if h.Listener != nil {
		addr := h.Listener.Addr()
		return !strings.HasPrefix(addr.Network(), "tcp") || loopback(addr.String())
	}
	return h.Addr == "" || loopback(h.Addr)
}

// loopback reports whether addr names this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// CookieFile reads the cluster's cookie from the file at path, or makes the file with 32 random bytes and mode
// 0600, as Erlang does; made says which. A file that others can read is an error.
func CookieFile(path string) (cookie []byte, made bool, err error) { return cluster.CookieFile(path) }
