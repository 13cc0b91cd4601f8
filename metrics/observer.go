package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/transport"
)

var _ actors.Observer = (*Metrics)(nil)

// ConnectionOpened implements actors.Observer.
func (m *Metrics) ConnectionOpened(transport string) {
	c := &m.connections[transportIndex(transport)]
	c.total.Inc()
	c.open.Add(1)
}

// ConnectionClosed implements actors.Observer.
func (m *Metrics) ConnectionClosed(transport string, reason transport.Reason) {
	m.connections[transportIndex(transport)].open.Add(-1)
	m.closed[reason].Inc()
}

// SessionStarted implements actors.Observer.
func (m *Metrics) SessionStarted() { m.sessions.Add(1) }

// SessionEnded implements actors.Observer.
func (m *Metrics) SessionEnded(reason transport.Reason, life time.Duration) {
	m.sessions.Add(-1)
	m.ended[reason].Inc()
	m.life.Observe(life.Seconds())
}

// SessionRestarted implements actors.Observer.
func (m *Metrics) SessionRestarted() { m.restarted.Inc() }

// RequestStarted implements actors.Observer.
func (m *Metrics) RequestStarted(mcp.Method) { m.inFlight.Add(1) }

// RequestDone implements actors.Observer.
func (m *Metrics) RequestDone(method mcp.Method, failed bool, took time.Duration) {
	m.inFlight.Add(-1)
	r := &m.requests[method]
	if failed {
		r.failed.Inc()
	} else {
		r.ok.Inc()
	}
	r.observe(took)
}

// observe feeds both names of the latency.
func (r *requestSeries) observe(took time.Duration) {
	s := took.Seconds()
	r.milliseconds.Observe(s * 1000)
	r.seconds.Observe(s)
}

// Rejected implements actors.Observer.
func (m *Metrics) Rejected(reason transport.Reason) { m.rejected[reason].Inc() }

// LimitHit implements actors.Observer.
func (m *Metrics) LimitHit(limit actors.Limit) { m.limitHits[limit].Inc() }

// HandlerPanic implements actors.Observer.
func (m *Metrics) HandlerPanic() { m.panics.Inc() }

// Bytes implements actors.Observer.
func (m *Metrics) Bytes(received, sent int) {
	if received > 0 {
		m.received.Add(float64(received))
	}
	if sent > 0 {
		m.sent.Add(float64(sent))
	}
}

// Traffic is the bytes of messages received from and sent to clients.
func (m *Metrics) Traffic() (received, sent uint64) { return read(m.received), read(m.sent) }

// read is the value of a counter.
func read(c prometheus.Counter) uint64 {
	var value dto.Metric
	if err := c.Write(&value); err != nil {
		return 0
	}
	return uint64(value.GetCounter().GetValue())
}
