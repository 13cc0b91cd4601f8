package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/erlmcp/erlmcp/cluster"
)

// clusterSeries are those of a node in a cluster; on a node alone they stay at zero.
type clusterSeries struct {
	members  prometheus.Gauge
	changes  prometheus.Counter
	lost     prometheus.Counter
	full     prometheus.Counter
	refused  map[cluster.Refusal]prometheus.Counter
	failures prometheus.Counter
}

var refusals = []cluster.Refusal{
	cluster.RefusedHandshake, cluster.RefusedCookie, cluster.RefusedMessage, cluster.RefusedCrowd, cluster.RefusedName,
}

func (m *Metrics) registerCluster() {
	c := &m.cluster
	c.members = prometheus.NewGauge(prometheus.GaugeOpts{Name: "erlmcp_cluster_members", Help: "Members of the cluster that this node sees, itself included; 0 outside a cluster."})
	m.registry.MustRegister(c.members)
	c.changes = m.counter("erlmcp_cluster_topology_changes_total", "Nodes that joined or left the view of this node.")
	c.failures = m.counter("erlmcp_cluster_nodes_failed_total", "Nodes that left the view without saying so.")
	c.lost = m.counter("erlmcp_cluster_connections_lost_total", "Connections to other nodes that broke.")
	c.full = m.counter("erlmcp_cluster_queue_full_total", "Messages to other nodes that were not sent because too much was queued.")
	vec := m.counters("erlmcp_cluster_peers_refused_total", "Peers that were refused on the cluster's ports, by reason.", "reason")
	c.refused = make(map[cluster.Refusal]prometheus.Counter, len(refusals))
	for _, r := range refusals {
		c.refused[r] = vec.WithLabelValues(string(r))
	}
}

// ClusterEvent counts an event of the cluster. It fits cluster.Options.Events.
func (m *Metrics) ClusterEvent(e cluster.Event) {
	c := &m.cluster
	switch e := e.(type) {
	case cluster.MemberJoined:
		c.members.Set(float64(e.Members))
		c.changes.Inc()
	case cluster.MemberLeft:
		c.members.Set(float64(e.Members))
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
