package crew

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Node is where a node tells about itself.
type Node struct {
	Name    string `json:"name"`
	Metrics string `json:"metrics"` // URL
	Ready   string `json:"ready"`   // URL
}

// Sample is a node at a time. Zero fields were not told.
type Sample struct {
	Node        string        `json:"node"`
	At          time.Time     `json:"at"`
	CPU         time.Duration `json:"cpu_ns"` // used since its start
	Memory      int64         `json:"memory_bytes"`
	MemoryLimit int64         `json:"memory_limit_bytes"` // 0 is none
	Uptime      time.Duration `json:"uptime_ns"`
	Connections int           `json:"connections"`
	MaxConns    int           `json:"max_connections"`
	MaxSessions int           `json:"max_sessions"`
	Sessions    int           `json:"sessions"`
	Members     int           `json:"cluster_members"` // that it sees, itself included; 0 outside a cluster
	Messages    int64         `json:"messages_total"`
	Health      string        `json:"health"` // healthy, unhealthy or unreachable
	Err         string        `json:"error,omitempty"`
}

// NodeUse is what a node used in a phase.
type NodeUse struct {
	Name      string  `json:"name"`
	CPU       float64 `json:"cpu_percent"`  // of one core, mean over the calls of the phase
	Memory    int64   `json:"memory_bytes"` // the most that was seen
	Told      bool    `json:"told"`         // false: the node could not be asked
	Restarted bool    `json:"restarted,omitempty"`
}

// ask samples a node.
func (n Node) ask(ctx context.Context, client *http.Client) Sample {
	s := Sample{Node: n.Name, At: time.Now(), Health: "unreachable"}
	body, status, err := get(ctx, client, n.Metrics)
	if err != nil {
		s.Err = err.Error()
		return s
	}
	if status != http.StatusOK {
		s.Err = fmt.Sprintf("%s: status %d", n.Metrics, status)
	}
	s.read(strings.NewReader(body))
	s.Health = "unhealthy"
	if _, status, err = get(ctx, client, n.Ready); err == nil && status == http.StatusOK {
		s.Health = "healthy"
	}
	return s
}

const maxBody = 4 << 20

func get(ctx context.Context, client *http.Client, url string) (body string, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return string(text), resp.StatusCode, err
}

// read takes the series of a node from the text format of Prometheus. Several series of a name are added.
func (s *Sample) read(r io.Reader) {
	sums := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			continue
		}
		name, labels, _ := strings.Cut(line[:at], "{")
		sums[name] += v
		if name == "erlmcp_limit" {
			sums[name+"{"+labels] = v
		}
	}
	s.CPU = time.Duration(sums["process_cpu_seconds_total"] * float64(time.Second))
	s.Memory = int64(sums["process_resident_memory_bytes"])
	if limit := sums["erlmcp_memory_limit_bytes"]; limit > 0 && !math.IsInf(limit, 1) {
		s.MemoryLimit = int64(limit)
	}
	if start := sums["process_start_time_seconds"]; start > 0 {
		s.Uptime = s.At.Sub(time.UnixMilli(int64(start * 1000))).Round(time.Second)
	}
	s.Connections = int(sums["erlmcp_connections"])
	s.Sessions = int(sums["erlmcp_sessions"])
	s.MaxConns = int(sums[`erlmcp_limit{resource="connections"}`])
	s.MaxSessions = int(sums[`erlmcp_limit{resource="sessions"}`])
	s.Members = int(sums["erlmcp_cluster_members"])
	s.Messages = int64(sums["erlmcp_messages_processed_total"])
}

// Sampler asks nodes now and then. Safe for concurrent use.
type Sampler struct {
	nodes  []Node
	client *http.Client
	mu     sync.Mutex
	most   map[string]int64 // resident memory since the last Use
	first  map[string]Sample
	last   map[string]Sample
}

// sampleEvery is how often nodes are asked; a scrape takes them a few milliseconds.
const sampleEvery = 2 * time.Second

// NewSampler returns a sampler of nodes.
func NewSampler(nodes []Node) *Sampler {
	return &Sampler{
		nodes: nodes, client: &http.Client{Timeout: sampleEvery, Transport: &http.Transport{}},
		most: map[string]int64{}, first: map[string]Sample{}, last: map[string]Sample{},
	}
}

// Serve asks until the context ends.
func (s *Sampler) Serve(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	defer s.client.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.Ask(ctx)
		}
	}
}

// Ask samples every node at once.
func (s *Sampler) Ask(ctx context.Context) []Sample {
	out := make([]Sample, len(s.nodes))
	var all sync.WaitGroup
	for i, n := range s.nodes {
		all.Go(func() { out[i] = n.ask(ctx, s.client) })
	}
	all.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sample := range out {
		s.most[sample.Node] = max(s.most[sample.Node], sample.Memory)
		s.last[sample.Node] = sample
	}
	return out
}

// Begin starts the measure of what nodes use.
func (s *Sampler) Begin(ctx context.Context) {
	now := s.Ask(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.most)
	for _, sample := range now {
		s.first[sample.Node] = sample
		s.most[sample.Node] = sample.Memory
	}
}

// Use is what the nodes used since Begin.
func (s *Sampler) Use(ctx context.Context) []NodeUse {
	now := s.Ask(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]NodeUse, len(now))
	for i, sample := range now {
		first := s.first[sample.Node]
		u := NodeUse{Name: sample.Node, Memory: s.most[sample.Node], Told: sample.CPU > 0 && first.CPU > 0}
		u.Restarted = u.Told && sample.CPU < first.CPU
		if took := sample.At.Sub(first.At); u.Told && !u.Restarted && took > 0 {
			u.CPU = 100 * float64(sample.CPU-first.CPU) / float64(took)
		}
		out[i] = u
	}
	return out
}
