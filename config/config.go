package config

import "time"

// Config is a complete configuration. Load and Default make one; its zero value is not valid. Tags: key is
// the name in files, default the default in the spelling of files, doc one line of documentation, min, max
// and enum the range, unit what a bare number counts.
type Config struct {
	Node       Node       `key:"node" doc:"The node itself."`
	HTTP       HTTP       `key:"http" doc:"The listener for Streamable HTTP and WebSocket."`
	Limits     Limits     `key:"limits" doc:"What clients may cost. What goes beyond is refused with a standard answer and counted."`
	Session    Session    `key:"session" doc:"The life of a client's session and of its calls."`
	Heartbeat  Heartbeat  `key:"heartbeat" doc:"Signs of life on WebSocket connections."`
	Drain      Drain      `key:"drain" doc:"How a node goes away on SIGTERM."`
	Admin      Admin      `key:"admin" doc:"The operator's endpoints."`
	Metrics    Metrics    `key:"metrics" doc:"Prometheus metrics."`
	Log        Log        `key:"log" doc:"Structured logs on standard error."`
	Runtime    Runtime    `key:"runtime" doc:"The Go runtime."`
	Supervisor Supervisor `key:"supervisor" doc:"The restart limit of the upper part of the supervision tree."`
	Cluster    Cluster    `key:"cluster" doc:"Clusters of nodes; see cluster.md."`
	EPMD       EPMD       `key:"epmd" doc:"The port of Erlang's port mapper, which the membership of a cluster uses."`
	Upstreams  []Upstream `key:"upstreams" doc:"Existing MCP servers behind the node, each with name and either command (a list, no shell) or url. This version refuses to start with any."`

	origins  map[string]Origin
	given    []given
	warnings []string
}

// Node identifies the node.
type Node struct {
	Name    string `key:"name" doc:"Name of the node, name@host; without @ the host name is added. Empty: erlmcp@<host name>."`
	DataDir string `key:"data_dir" doc:"Directory for data that outlives the process: the generated cookie. Empty means the home directory."`
	Demo    bool   `key:"demo" default:"false" doc:"Serve the demo tools (echo, time, node, slow, panic); dev and stdio always do."`
}

// HTTP configures the main listener.
type HTTP struct {
	Listen               string        `key:"listen" default:"127.0.0.1" doc:"Address to listen on. One that is not loopback needs http.allow_unauthenticated."`
	Port                 int           `key:"port" default:"8080" min:"1" max:"65535" doc:"Port to listen on."`
	Path                 string        `key:"path" default:"/mcp" doc:"Path of the MCP endpoint; WebSocket also at <path>/ws."`
	AllowedOrigins       []string      `key:"allowed_origins" doc:"Values of the Origin header that are served, as scheme://host[:port]. A loopback listener also serves pages of localhost and loopback addresses, with any port."`
	AllowedHosts         []string      `key:"allowed_hosts" doc:"Values of the Host header that are served, as host[:port]. A loopback listener also serves localhost and loopback addresses, with any port; any other serves all when the list is empty."`
	AllowUnauthenticated bool          `key:"allow_unauthenticated" default:"false" doc:"Serve an address that is not loopback although clients are not authenticated."`
	ReadHeaderTimeout    time.Duration `key:"read_header_timeout" default:"5s" min:"100ms" max:"10m" doc:"Time for the header of a request."`
	ReadBodyTimeout      time.Duration `key:"read_body_timeout" default:"30s" min:"100ms" max:"1h" doc:"Time for the body of a request."`
	IdleTimeout          time.Duration `key:"idle_timeout" default:"120s" min:"1s" max:"24h" doc:"Time that a kept-alive connection may wait for a request."`
	WriteTimeout         time.Duration `key:"write_timeout" default:"10s" min:"100ms" max:"1h" doc:"A write without progress for so long ends the connection."`
	MaxHeaderBytes       Bytes         `key:"max_header_bytes" default:"32KiB" min:"4KiB" max:"1MiB" doc:"Size of the header of a request."`
}

// Limits bounds what clients may cost.
type Limits struct {
	MaxConnections      int   `key:"max_connections" default:"25000" min:"1" max:"10000000" doc:"Open WebSocket connections and event streams; as many connections of plain HTTP may be open beside them. Clamped to the open files that the process may have, less 512."`
	MaxSessions         int   `key:"max_sessions" default:"100000" min:"1" max:"134217727" doc:"Sessions on the node."`
	MaxActors           int   `key:"max_actors" default:"2000000" min:"1024" max:"134217727" doc:"Actors on the node. A session is one actor, so a value below limits.max_sessions bounds those."`
	MaxTables           int   `key:"max_tables" default:"32768" min:"1" max:"134217727" doc:"Named tables. This version has none that grow."`
	MaxMessageBytes     Bytes `key:"max_message_bytes" default:"4MiB" min:"1KiB" max:"1GiB" doc:"Size of a message from a client, after reassembly and decompression."`
	MaxDepth            int   `key:"max_depth" default:"128" min:"8" max:"10000" doc:"Nesting of a message from a client."`
	MaxInFlight         int   `key:"max_in_flight" default:"64" min:"1" max:"100000" doc:"Calls of one session that run. 16 times as many of its messages may wait for their turn."`
	MaxOutgoingBytes    Bytes `key:"max_outgoing_bytes" default:"1MiB" min:"4KiB" max:"1GiB" doc:"Bytes that wait for one client; a slower reader is cut."`
	MaxOutgoingFrames   int   `key:"max_outgoing_frames" default:"1000" min:"1" max:"1000000" doc:"Messages that wait for one client; a slower reader is cut."`
	MaxSubscriptions    int   `key:"max_subscriptions" default:"1024" min:"1" max:"1000000" doc:"Resource subscriptions of one session."`
	MaxBatch            int   `key:"max_batch" default:"32" min:"1" max:"10000" doc:"Messages in a batch, where the session's revision has batches."`
	MaxFramesPerMessage int   `key:"max_frames_per_message" default:"1024" min:"1" max:"1000000" doc:"WebSocket fragments of one message."`
}

// Session configures sessions and calls.
type Session struct {
	IdleTimeout       time.Duration `key:"idle_timeout" default:"30m" min:"1s" max:"720h" doc:"A session without a connection and without requests ends after so long."`
	MaxAge            time.Duration `key:"max_age" default:"24h" min:"1m" max:"8760h" doc:"Any session ends after so long."`
	InitializeTimeout time.Duration `key:"initialize_timeout" default:"10s" min:"100ms" max:"10m" doc:"A connection without initialize ends after so long."`
	UnusedTimeout     time.Duration `key:"unused_timeout" default:"5m" min:"1s" max:"720h" doc:"A session without a connection that made no request after initialize ends after so long."`
	CallTimeout       time.Duration `key:"call_timeout" default:"30s" min:"100ms" max:"24h" doc:"A call without progress ends after so long."`
	MaxCallTime       time.Duration `key:"max_call_time" default:"10m" min:"100ms" max:"24h" doc:"Any call ends after so long."`
	EventLogBytes     Bytes         `key:"event_log_bytes" default:"64KiB" min:"4KiB" max:"256MiB" doc:"Events kept for one session, so that a client can resume an event stream."`
	ReadBuffer        Bytes         `key:"read_buffer" default:"8KiB" min:"512" max:"64KiB" doc:"Read buffer of a connection. No effect: an idle connection owns no buffer, active ones share a pool."`
	WriteBuffer       Bytes         `key:"write_buffer" default:"4KiB" min:"512" max:"64KiB" doc:"Write buffer of a connection. No effect, as read_buffer."`
}

// Heartbeat configures pings.
type Heartbeat struct {
	Interval time.Duration `key:"interval" default:"25s" min:"100ms" max:"1h" doc:"Ping a connection that was silent for so long."`
	Timeout  time.Duration `key:"timeout" default:"10s" min:"100ms" max:"1h" doc:"A connection that does not answer a ping for so long is closed."`
}

// Drain configures the stop of a node.
type Drain struct {
	Timeout time.Duration `key:"timeout" default:"30s" min:"100ms" max:"24h" doc:"Requests in progress may take so long to finish."`
	Spread  time.Duration `key:"spread" default:"5s" min:"0s" max:"24h" doc:"Clients are told to go, spread over so long."`
}

// Admin configures the operator's endpoints.
type Admin struct {
	Socket     string `key:"socket" doc:"Path of the control socket. Empty: <node name>.sock in $XDG_RUNTIME_DIR, else /run/erlmcp, else /tmp/erlmcp-<uid>."`
	Role       string `key:"role" default:"admin" enum:"viewer|operator|admin" doc:"The most that expressions evaluated through the control socket may do."`
	Listen     string `key:"listen" doc:"A loopback address, host:port, that serves what the control socket does, but for profiles; expressions and consoles only with admin.token. Empty for none."`
	Token      Secret `key:"token" doc:"What callers at admin.listen show to evaluate expressions, at least 32 characters; without it nobody can there."`
	ListenRole string `key:"listen_role" default:"viewer" enum:"viewer|operator|admin" doc:"The most that expressions of callers with admin.token may do."`
}

// Metrics configures the metrics endpoint.
type Metrics struct {
	Listen string `key:"listen" doc:"Address, host:port, that serves /metrics alone. Empty: /metrics of the main listener."`
}

// Log configures logs.
type Log struct {
	Level  string `key:"level" default:"info" enum:"debug|info|notice|warning|error|critical|alert|emergency|none" doc:"Least severe level that is logged."`
	Format string `key:"format" default:"auto" enum:"auto|json|text" doc:"auto is text on a terminal and JSON elsewhere."`
}

// Runtime configures the Go runtime.
type Runtime struct {
	MemoryLimit MemoryLimit `key:"memory_limit" default:"auto" doc:"Soft memory limit (GOMEMLIMIT): a size, off, or auto for 90 % of the container's limit."`
	GCPercent   int         `key:"gc_percent" default:"400" min:"10" max:"10000" doc:"Heap growth, in percent, that starts a garbage collection; GOGC comes before the default."`
}

// Supervisor configures the restart limit.
type Supervisor struct {
	Intensity int           `key:"intensity" default:"3" min:"1" max:"100000" doc:"Restarts within the period; one more ends the process with status 1."`
	Period    time.Duration `key:"period" default:"120s" min:"1s" max:"24h" doc:"The period that restarts are counted in."`
}

// Cluster configures clustering.
type Cluster struct {
	Enabled       bool     `key:"enabled" default:"false" doc:"Run as a member of a cluster; seeds alone do so, too."`
	Cookie        Secret   `key:"cookie" doc:"Shared key of the nodes, at least 32 characters; without one, a generated one in .erlmcp.cookie."`
	Seeds         []string `key:"seeds" doc:"Nodes to join, as name@host[:port] or dns:name. The own name is ignored."`
	Listen        string   `key:"listen" doc:"Address that other nodes reach this one on, without port; empty takes the address in node.name, else all interfaces."`
	Port          int      `key:"port" default:"9001" min:"1" max:"65535" doc:"Port for other nodes."`
	Advertise     string   `key:"advertise" doc:"Host that other nodes dial; empty takes the host of node.name."`
	Expected      int      `key:"expected" default:"0" min:"0" max:"10000" doc:"Members of the whole cluster, for the majority; 0 counts the seeds."`
	PauseMinority bool     `key:"pause_minority" default:"false" doc:"Send clients away while this node sees less than half of the cluster."`
	TLS           TLS      `key:"tls" doc:"Certificates between nodes: all three files or none."`
}

// TLS names PEM files.
type TLS struct {
	Cert string `key:"cert" doc:"The node's certificate."`
	Key  string `key:"key" doc:"The certificate's key."`
	CA   string `key:"ca" doc:"Certificates that other nodes' certificates are checked against."`
}

// EPMD configures the port mapper.
type EPMD struct {
	Port int `key:"port" default:"4369" min:"1" max:"65535" doc:"Port of the membership, over UDP and TCP; it has the place of Erlang's port mapper."`
}

// Upstream is an existing MCP server: a child process (Command) or an HTTP endpoint (URL).
type Upstream struct {
	Name    string
	Command []string
	URL     string
}

// Origin returns where the value of a key, such as http.port, came from.
func (c *Config) Origin(key string) Origin { return c.origins[key] }

// Warnings are things that are allowed and dangerous, one sentence each, for the log.
func (c *Config) Warnings() []string { return c.warnings }
