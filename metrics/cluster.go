package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/erlmcp/erlmcp/cluster"
)

// clusterSeries are those of a node in a cluster; on a node alone they stay at zero.
type clusterSeries struct {
	changes  prometheus.Counter
	lost     prometheus.Counter
	full     prometheus.Counter
	refused  map[cluster.Refusal]prometheus.Counter
	failures prometheus.Counter
	source   atomic.Pointer[ClusterSource]
}

// ClusterSource has the counters that a node of a cluster keeps itself; *cluster.Node is one.
type ClusterSource interface {
	Members() []cluster.Member
	OwnerStats() cluster.OwnerStats
	ServiceStats() cluster.ServiceStats
}

var refusals = []cluster.Refusal{
	cluster.RefusedHandshake, cluster.RefusedCookie, cluster.RefusedMessage, cluster.RefusedCrowd, cluster.RefusedName,
}

func (m *Metrics) registerCluster() {
	c := &m.cluster
	c.changes = m.counter("erlmcp_cluster_topology_changes_total", "Nodes that joined or left the view of this node.")
	c.failures = m.counter("erlmcp_cluster_nodes_failed_total", "Nodes that left the view without saying so.")
	c.lost = m.counter("erlmcp_cluster_connections_lost_total", "Connections to other nodes that broke.")
	c.full = m.counter("erlmcp_cluster_queue_full_total", "Messages to other nodes that were not sent because too much was queued.")
	vec := m.counters("erlmcp_cluster_peers_refused_total", "Peers that were refused on the cluster's ports, by reason.", "reason")
	m.registerClusterSource()
	c.refused = make(map[cluster.Refusal]prometheus.Counter, len(refusals))
	for _, r := range refusals {
		c.refused[r] = vec.WithLabelValues(string(r))
	}
}

// SetCluster gives the source of the cluster's counters, which stay at zero without one.
func (m *Metrics) SetCluster(source ClusterSource) { m.cluster.source.Store(&source) }

// registerClusterSource makes the series that are read from the node when they are collected.
func (m *Metrics) registerClusterSource() {
	type stats struct {
		members int
		cluster.OwnerStats
		cluster.ServiceStats
	}
	read := func(f func(stats) float64) func() float64 {
		return func() float64 {
			source := m.cluster.source.Load()
			if source == nil {
				return 0
			}
			return f(stats{len((*source).Members()), (*source).OwnerStats(), (*source).ServiceStats()})
		}
	}
	counter := func(name, help string, labels prometheus.Labels, f func(stats) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read(f)))
	}
	m.gauge("erlmcp_cluster_members", "Members of the cluster that this node sees, itself included; 0 outside a cluster.", nil, read(func(s stats) float64 { return float64(s.members) }))
	const calls, callsHelp = "erlmcp_cluster_calls_total", "Calls between nodes, by direction and outcome."
	counter(calls, callsHelp, prometheus.Labels{"direction": "out", "outcome": "answered"}, func(s stats) float64 { return float64(s.CallsSent - s.CallsUnanswered) })
	counter(calls, callsHelp, prometheus.Labels{"direction": "out", "outcome": "unanswered"}, func(s stats) float64 { return float64(s.CallsUnanswered) })
	counter(calls, callsHelp, prometheus.Labels{"direction": "in", "outcome": "answered"}, func(s stats) float64 { return float64(s.CallsServed) })
	m.gauge("erlmcp_cluster_calls_in_flight", "Calls to other nodes without an answer so far.", nil, read(func(s stats) float64 { return float64(s.CallsUnderWay) }))
	counter("erlmcp_cluster_streams_total", "Connections of clients that were carried to or from another node.", nil, func(s stats) float64 { return float64(s.StreamsOpened) })
	m.gauge("erlmcp_cluster_streams", "Connections of clients that are carried to or from another node now.", nil, read(func(s stats) float64 { return float64(s.StreamsOpen) }))
	counter("erlmcp_cluster_broadcasts_total", "Messages of this node to all members.", nil, func(s stats) float64 { return float64(s.Broadcasts) })
	m.gauge("erlmcp_cluster_sessions_owned", "Sessions with a snapshot elsewhere that this node owns.", nil, read(func(s stats) float64 { return float64(s.Owned) }))
	m.gauge("erlmcp_cluster_snapshots", "Snapshots of other nodes' sessions that this node keeps.", nil, read(func(s stats) float64 { return float64(s.Held) }))
	m.gauge("erlmcp_cluster_snapshot_bytes", "Bytes of snapshots that this node keeps.", nil, read(func(s stats) float64 { return float64(s.HeldBytes) }))
	const handovers, handoversHelp = "erlmcp_cluster_handovers_total", "Sessions that changed their node, by what this node did."
	counter(handovers, handoversHelp, prometheus.Labels{"action": "taken"}, func(s stats) float64 { return float64(s.Taken) })
	counter(handovers, handoversHelp, prometheus.Labels{"action": "lost"}, func(s stats) float64 { return float64(s.Lost) })
	counter(handovers, handoversHelp, prometheus.Labels{"action": "handed_over"}, func(s stats) float64 { return float64(s.HandedOver) })
}

// ClusterEvent counts an event of the cluster. It fits cluster.Options.Events.
func (m *Metrics) ClusterEvent(e cluster.Event) {
	c := &m.cluster
	switch e := e.(type) {
	case cluster.MemberJoined:
		c.changes.Inc()
	case cluster.MemberLeft:
		c.changes.Inc()
		if e.Failed {
			c.failures.Inc()
		}
	case cluster.ConnectionLost:
		c.lost.Inc()
	case cluster.PeerRefused:
		if n, ok := c.refused[e.Reason]; ok {
			n.Inc()
		}
	case cluster.QueueFull:
		c.full.Inc()
	}
}
