package metrics

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

// Options configures New. The zero value works.
type Options struct {
	Version string // of the program, for erlmcp_build_info; empty means "dev"
	// Limits are configured bounds by resource name, such as connections; each becomes a series of
	// erlmcp_limit. SetLimit adds more.
	Limits map[string]float64
	// DeadLetters is how many messages have gone to actors that had ended; nil leaves the series out. It is
	// called at each scrape.
	DeadLetters func() int64
}

// Metrics holds the series of one node in a registry of its own. Its methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	connections []connectionSeries // by transportIndex
	closed      []prometheus.Counter
	requests    []requestSeries // by mcp.Method
	rejected    []prometheus.Counter
	limitHits   []prometheus.Counter
	ended       []prometheus.Counter // sessions by reason
	life        prometheus.Histogram
	panics      prometheus.Counter
	restarted   prometheus.Counter // sessions
	received    prometheus.Counter
	sent        prometheus.Counter
	escalations prometheus.Counter
	abandoned   prometheus.Counter
	limits      *prometheus.GaugeVec
	reloadOK    prometheus.Gauge
	reloadTime  prometheus.Gauge

	supervision supervision
	cluster     clusterSeries

	inFlight atomic.Int64
	sessions atomic.Int64
	draining atomic.Bool
}

// connectionSeries belongs to one transport.
type connectionSeries struct {
	total prometheus.Counter
	open  atomic.Int64
}

// requestSeries belongs to one method.
type requestSeries struct {
	ok, failed   prometheus.Counter
	milliseconds prometheus.Observer
	seconds      prometheus.Observer
}

// transports are the values of the label transport; the last one stands for any other.
var transports = []string{"http", "ws", "tcp", "stdio", "memory", "other"}

func transportIndex(name string) int {
	for i, t := range transports {
		if t == name {
			return i
		}
	}
	return len(transports) - 1
}

// New makes the series of a node. It starts nothing.
func New(o Options) *Metrics {
	if o.Version == "" {
		o.Version = "dev"
	}
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newMemory(),
	)
	m.registerConnections()
	m.registerRequests()
	m.registerSessions()
	m.registerSupervision()
	m.registerCluster()
	m.registerNode(o)
	return m
}

func (m *Metrics) registerConnections() {
	total := m.counters("erlmcp_connections_total", "Connections accepted since the start.", "transport")
	m.connections = make([]connectionSeries, len(transports))
	for i, t := range transports {
		m.connections[i].total = total.WithLabelValues(t)
		for _, draining := range []bool{false, true} {
			state := "open"
			if draining {
				state = "draining"
			}
			m.gauge("erlmcp_connections", "Connections now: duplex connections and event streams.",
				prometheus.Labels{"transport": t, "state": state}, func() float64 {
					if m.draining.Load() != draining {
						return 0
					}
					return float64(m.connections[i].open.Load())
				})
		}
	}
	m.closed = byReason(m.counters("erlmcp_connections_closed_total", "Connections that ended, by reason.", "reason"))
	m.rejected = byReason(m.counters("erlmcp_rejected_total", "Connections and requests that admission refused, by reason.", "reason"))
	hits := m.counters("erlmcp_limit_hits_total", "Times that a limit took effect, by configuration key.", "limit")
	for _, l := range actors.AllLimits() {
		m.limitHits = append(m.limitHits, hits.WithLabelValues(l.String()))
	}
	m.received = m.counter("erlmcp_bytes_received_total", "Bytes of messages received from clients.")
	m.sent = m.counter("erlmcp_bytes_sent_total", "Bytes of messages sent to clients.")
}

// milliseconds has the thresholds of the deployment guide among its bounds: 10, 50, 95, 100, 150, 200.
var milliseconds = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 95, 100, 150, 200, 500, 1000, 2500, 5000, 10_000, 30_000}

func seconds(ms []float64) []float64 {
	out := make([]float64, len(ms))
	for i, v := range ms {
		out[i] = v / 1000
	}
	return out
}

// histogramOpts makes a histogram with classic buckets for every Prometheus and native ones for new ones.
func histogramOpts(name, help string, bounds []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: bounds,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

func (m *Metrics) registerRequests() {
	processed := m.counters("erlmcp_messages_processed_total", "Requests answered, by method and outcome.", "method", "status")
	ms := prometheus.NewHistogramVec(histogramOpts("erlmcp_latency_milliseconds",
		"Time from a request to its answer, in milliseconds.", milliseconds), []string{"method"})
	sec := prometheus.NewHistogramVec(histogramOpts("mcp_server_operation_duration_seconds",
		"Time from a request to its answer.", seconds(milliseconds)), []string{"mcp_method_name"})
	m.registry.MustRegister(ms, sec)
	for _, method := range mcp.Methods() {
		name := method.String()
		m.requests = append(m.requests, requestSeries{
			ok:           processed.WithLabelValues(name, "ok"),
			failed:       processed.WithLabelValues(name, "error"),
			milliseconds: ms.WithLabelValues(name),
			seconds:      sec.WithLabelValues(name),
		})
	}
	m.gauge("erlmcp_requests_in_flight", "Requests without an answer so far.", nil,
		func() float64 { return float64(m.inFlight.Load()) })
	m.panics = m.counter("erlmcp_handler_panics_total", "Panics in tool, resource, prompt and completion handlers.")
}

func (m *Metrics) registerSessions() {
	m.gauge("erlmcp_sessions", "Sessions now.", nil, func() float64 { return float64(m.sessions.Load()) })
	m.restarted = m.counter("erlmcp_session_restarts_total", "Sessions restarted in place after a crash.")
	m.ended = byReason(m.counters("erlmcp_sessions_ended_total", "Sessions that ended, by reason.", "reason"))
	m.life = prometheus.NewHistogram(histogramOpts("mcp_server_session_duration_seconds", "How long sessions lived.",
		[]float64{1, 5, 10, 30, 60, 300, 900, 1800, 3600, 14_400, 86_400}))
	m.registry.MustRegister(m.life)
}

func (m *Metrics) registerNode(o Options) {
	m.gauge("erlmcp_build_info", "1; the labels say what runs.",
		prometheus.Labels{"version": o.Version, "revision": revision(), "go_version": runtime.Version()},
		func() float64 { return 1 })
	m.gauge("erlmcp_drain_state", "1 while the node drains, else 0.", nil, func() float64 {
		if m.draining.Load() {
			return 1
		}
		return 0
	})
	if o.DeadLetters != nil {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "erlmcp_deadletters_total", Help: "Messages to actors that had ended.",
		}, func() float64 { return float64(o.DeadLetters()) }))
	}
	m.limits = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "erlmcp_limit", Help: "Configured bounds, by resource."}, []string{"resource"})
	m.reloadOK = prometheus.NewGauge(prometheus.GaugeOpts{Name: "erlmcp_config_last_reload_successful", Help: "1 if the last load of the configuration succeeded."})
	m.reloadTime = prometheus.NewGauge(prometheus.GaugeOpts{Name: "erlmcp_config_last_reload_success_timestamp_seconds", Help: "When the configuration was last loaded."})
	m.registry.MustRegister(m.limits, m.reloadOK, m.reloadTime)
	for resource, v := range o.Limits {
		m.SetLimit(resource, v)
	}
	m.ConfigLoaded(true, time.Now())
}

// SetLimit sets the series of erlmcp_limit for a resource; negative means unlimited and is shown as +Inf.
// resource comes from code, never from a client.
func (m *Metrics) SetLimit(resource string, v float64) {
	if v < 0 {
		v = math.Inf(1)
	}
	m.limits.WithLabelValues(resource).Set(v)
}

// ConfigLoaded notes the outcome of loading the configuration; New notes a first success.
func (m *Metrics) ConfigLoaded(ok bool, at time.Time) {
	if !ok {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloadTime.Set(float64(at.UnixNano()) / 1e9)
}

// DrainState says whether the node drains.
func (m *Metrics) DrainState(draining bool) { m.draining.Store(draining) }

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// byReason looks up the child of each reason; the index is the reason.
func byReason(c *prometheus.CounterVec) []prometheus.Counter {
	reasons := transport.Reasons()
	out := make([]prometheus.Counter, len(reasons))
	for _, r := range reasons {
		out[r] = c.WithLabelValues(r.Label())
	}
	return out
}

// revision is the commit that the program was built from, as far as the build recorded it.
var revision = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
})
