package metrics

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/erlmcp/erlmcp/supervisors"
)

// maxSupervisors bounds the values of the label supervisor; further ones are counted as "other".
const maxSupervisors = 64

// supervision holds the series that supervisor events feed.
type supervision struct {
	sessions, system atomic.Int64 // actors by kind

	mu       sync.Mutex
	vec      *prometheus.CounterVec
	restarts map[string]prometheus.Counter // by supervisor; never more than maxSupervisors + 1
}

func (m *Metrics) registerSupervision() {
	s := &m.supervision
	s.vec = m.counters("erlmcp_actor_restarts_total", "Restarts of children, by supervisor.", "supervisor")
	s.restarts = map[string]prometheus.Counter{}
	help := "Supervised actors and services now."
	m.gauge("erlmcp_actors", help, prometheus.Labels{"kind": "session"}, func() float64 { return float64(s.sessions.Load()) })
	m.gauge("erlmcp_actors", help, prometheus.Labels{"kind": "system"}, func() float64 { return float64(s.system.Load()) })
	m.escalations = m.counter("erlmcp_supervisor_escalations_total", "Times that a supervisor reached its restart limit and gave up.")
	m.abandoned = m.counter("erlmcp_abandoned_children_total", "Children that did not end when they were stopped or killed and were given up.")
}

// SupervisorEvent counts an event of the supervision tree. It fits supervisors.Options.Events.
func (m *Metrics) SupervisorEvent(e supervisors.Event) {
	s := &m.supervision
	switch e := e.(type) {
	case supervisors.ChildStarted:
		s.population(e.Arg).Add(1)
	case supervisors.ChildExited:
		s.population(e.Arg).Add(-1)
	case supervisors.ChildRestarting:
		s.restart(e.Supervisor)
	case supervisors.IntensityReached:
		m.escalations.Inc()
	case supervisors.ShutdownTimedOut:
		if e.Abandoned {
			m.abandoned.Inc()
		}
	}
}

// population is the count that a child belongs to: dynamic children, which have an argument, are sessions.
func (s *supervision) population(arg any) *atomic.Int64 {
	if arg != nil {
		return &s.sessions
	}
	return &s.system
}

func (s *supervision) restart(path string) {
	name := supervisorName(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.restarts[name]
	if !ok {
		if len(s.restarts) >= maxSupervisors {
			name = "other"
		}
		c = s.vec.WithLabelValues(name)
		s.restarts[name] = c
	}
	c.Inc()
}

// supervisorName is the label for the path of a supervisor: root for the root, and the partitions of a
// dynamic supervisor, which are numbered, as one.
func supervisorName(path string) string {
	if path == "" {
		return "root"
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 && strings.Trim(path[i+1:], "0123456789") == "" {
		return path[:i]
	}
	return path
}
