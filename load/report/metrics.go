package report

import (
	"fmt"
	"time"

	"github.com/erlmcp/erlmcp/load/crew"
)

// Metrics is metrics.json: the fields of the deployment guide's script, and what it left to people.
type Metrics struct {
	Timestamp     string             `json:"timestamp"` // RFC 3339
	ClusterNodes  []NodeMetrics      `json:"cluster_nodes"`
	Connections   int                `json:"connections"`
	MessagesTotal int64              `json:"messages_total"`
	LatencyMS     map[string]float64 `json:"latency_ms"` // p50, p90, p99, p99.9, max; empty where nothing was called
}

// NodeMetrics is a node in metrics.json, in the words of docker stats.
type NodeMetrics struct {
	Name        string `json:"name"`
	CPUPercent  string `json:"cpu_percent"`
	MemoryUsage string `json:"memory_usage"`
	MemoryLimit string `json:"memory_limit"`
	Uptime      string `json:"uptime"`
	Health      string `json:"health"`
	Members     int    `json:"cluster_members"` // that the node sees, itself included
	Err         string `json:"error,omitempty"`
}

// NewMetrics puts samples of nodes into the form of metrics.json. use gives their processor time; nodes
// without one have used what they used since their start.
func NewMetrics(at time.Time, nodes []crew.Sample, use []crew.NodeUse) Metrics {
	m := Metrics{Timestamp: at.UTC().Format(time.RFC3339), ClusterNodes: []NodeMetrics{}, LatencyMS: map[string]float64{}}
	for _, s := range nodes {
		cpu := 0.0
		if s.Uptime > 0 {
			cpu = 100 * s.CPU.Seconds() / s.Uptime.Seconds()
		}
		for _, u := range use {
			if u.Name == s.Node && u.Told && !u.Restarted {
				cpu = u.CPU
			}
		}
		n := NodeMetrics{
			Name: s.Node, CPUPercent: fmt.Sprintf("%.2f%%", cpu), MemoryUsage: mebibytes(s.Memory), MemoryLimit: "none",
			Uptime: s.Uptime.String(), Health: s.Health, Members: s.Members, Err: s.Err,
		}
		if s.MemoryLimit > 0 {
			n.MemoryLimit = mebibytes(s.MemoryLimit)
		}
		m.ClusterNodes = append(m.ClusterNodes, n)
		m.Connections += s.Connections
		m.MessagesTotal += s.Messages
	}
	return m
}

// metricsOf is metrics.json of a run.
func metricsOf(r *crew.Results) Metrics {
	last := lastRan(r)
	var use []crew.NodeUse
	if last != nil {
		use = last.Nodes
	}
	m := NewMetrics(r.Ended, r.Nodes, use)
	if last != nil && last.Load.Latency.Count() > 0 {
		for _, q := range []struct {
			name string
			of   float64
		}{{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}} {
			m.LatencyMS[q.name] = toMS(last.Load.Latency.Quantile(q.of))
		}
		m.LatencyMS["max"] = toMS(last.Load.Latency.Max())
		m.Connections = last.Connect.Ready
	}
	return m
}

func lastRan(r *crew.Results) *crew.PhaseResult {
	for i := len(r.Phases) - 1; i >= 0; i-- {
		if r.Phases[i].Ran() {
			return &r.Phases[i]
		}
	}
	return nil
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1fMiB", float64(n)/(1<<20)) }
