//go:build linux

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/load/crew"
	"github.com/erlmcp/erlmcp/load/report"
)

func (p *program) benchMetricsCommand() *cobra.Command {
	var containers []string
	var out string
	var over time.Duration
	var members int
	cmd := &cobra.Command{
		Use: "metrics [[NAME=]URL...]", Short: "Sample nodes and print metrics.json",
		Long: `Asks each node for its metrics twice and prints name, CPU, memory, limit, uptime and health of each.
With --container the same comes from docker stats and docker inspect. Ends with status 1 if a node does
not answer, is not healthy, or does not see as many members as --expect-members says.`,
		Example: `  erlmcp bench metrics http://127.0.0.1:8080
  erlmcp bench metrics --container erlmcp-node1,erlmcp-node2 node1=http://127.0.0.1:8080 node2=http://127.0.0.1:8081`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			_, nodes, err := parseTargets(args, nil)
			if err != nil {
				return &failure{exitUsage, err}
			}
			m := sampleNodes(context.Background(), nodes, over)
			if err := fromContainers(&m, containers); err != nil {
				return asFailure(err)
			}
			return p.writeMetrics(m, out, members)
		},
	}
	cmd.Flags().StringSliceVar(&containers, "container", nil, "names of containers, in the order of the nodes")
	cmd.Flags().StringVar(&out, "out", "", "file to write as well")
	cmd.Flags().IntVar(&members, "expect-members", 0, "members that each node has to see (0: any)")
	cmd.Flags().DurationVar(&over, "over", time.Second, "time over which CPU is measured")
	return cmd
}

func sampleNodes(ctx context.Context, nodes []crew.Node, over time.Duration) report.Metrics {
	s := crew.NewSampler(nodes)
	s.Begin(ctx)
	time.Sleep(over) // what is measured takes this long
	use := s.Use(ctx)
	return report.NewMetrics(time.Now(), s.Ask(ctx), use)
}

func (p *program) writeMetrics(m report.Metrics, out string, members int) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return asFailure(err)
	}
	text = append(text, '\n')
	if out != "" {
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return asFailure(err)
		}
		if err := os.WriteFile(out, text, 0o644); err != nil {
			return asFailure(err)
		}
	}
	if err := p.show(func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	for _, n := range m.ClusterNodes {
		if n.Health != "healthy" {
			return fail(exitFailed, "node %s is %s %s", n.Name, n.Health, n.Err)
		}
		if members > 0 && n.Members != members {
			return fail(exitFailed, "node %s sees %d members, want %d", n.Name, n.Members, members)
		}
	}
	return nil
}

// fromContainers replaces what nodes tell by what the engine tells of their containers.
func fromContainers(m *report.Metrics, names []string) error {
	for i, name := range names {
		var stats struct{ CPUPerc, MemUsage string }
		if err := docker(&stats, "stats", "--no-stream", "--format", "{{json .}}", name); err != nil {
			return err
		}
		var state struct {
			Status    string
			StartedAt time.Time
			Health    struct{ Status string }
		}
		if err := docker(&state, "inspect", "--format", "{{json .State}}", name); err != nil {
			return err
		}
		used, limit, _ := strings.Cut(stats.MemUsage, " / ")
		n := report.NodeMetrics{
			Name: name, CPUPercent: stats.CPUPerc, MemoryUsage: used, MemoryLimit: limit,
			Uptime: time.Since(state.StartedAt).Round(time.Second).String(), Health: cmp.Or(state.Health.Status, state.Status),
		}
		if i < len(m.ClusterNodes) {
			n.Members = m.ClusterNodes[i].Members
		}
		if i < len(m.ClusterNodes) {
			m.ClusterNodes[i] = n
		} else {
			m.ClusterNodes = append(m.ClusterNodes, n)
		}
	}
	return nil
}

func docker(into any, args ...string) error {
	var complaint strings.Builder
	cmd := exec.Command("docker", args...)
	cmd.Stderr = &complaint
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("docker %s: %w: %.300s", args[0], err, complaint.String())
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("docker %s: %v", args[0], err)
	}
	return nil
}
