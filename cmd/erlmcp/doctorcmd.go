package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cmd/erlmcp/internal/doctor"
	"github.com/erlmcp/erlmcp/config"
	"github.com/erlmcp/erlmcp/repl"
)

const (
	idleConnection = 2540             // resident bytes of a WebSocket session after load, docs/performance.md
	peerTimeout    = 10 * time.Second // for all peers to answer
)

func (p *program) doctorCommand() *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupInspect,
		Short:   "Check the machine against the configuration",
		Long: `Checks what the machine allows against what the configuration asks for: open files, ports,
memory, limits of the control group, the clock, the cookie file and the control socket; while
the node runs, also whether it is ready and reaches its peers. Each row has what was found,
what is wanted, ok, warn or fail, and the fix.

Status 1 if a row fails. It needs no running node and changes nothing.`,
		Example: `  erlmcp doctor
  erlmcp doctor --config /etc/erlmcp/erlmcp.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := target{form: form, allowed: []string{"table", "json"}}
			if err := t.check(); err != nil {
				return err
			}
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			return p.doctor(c, form)
		},
	}
	cmd.Flags().StringVarP(&form, "output", "o", "table", "table or json")
	addSources(cmd)
	return cmd
}

// doctor prints what is found, and fails if a row fails.
func (p *program) doctor(c *config.Config, form string) error {
	ctx, cancel := context.WithTimeout(context.Background(), peerTimeout)
	defer cancel()
	client := admin.Client{Socket: c.Admin.Socket}
	live, running := liveRows(ctx, client)
	t := targetsOf(c, running)
	rows := append(doctor.Examine(t, doctor.Gather(t, os.DirFS("/"))), live...)
	for _, w := range c.Warnings() {
		rows = append(rows, doctor.Row{Check: "configuration", Found: w, Wanted: "no warning", Outcome: doctor.Warn, Fix: "erlmcp config check"})
	}
	err := p.show(func(w io.Writer) error {
		if form == "json" {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(rows)
		}
		return writeDiagnosis(w, rows)
	})
	if err == nil && doctor.Failed(rows) {
		err = &failure{exitFailed, errSaid}
	}
	return err
}

// targetsOf is what a configuration asks of the machine.
func targetsOf(c *config.Config, running bool) doctor.Targets {
	t := doctor.Targets{
		Connections: c.Limits.MaxConnections, Reserve: config.ReservedFiles, Socket: c.Admin.Socket, Running: running,
		Memory: uint64(c.Limits.MaxConnections) * idleConnection,
	}
	listen := func(key, network, host string, port int) {
		t.Ports = append(t.Ports, doctor.Port{Key: key, Network: network, Addr: net.JoinHostPort(host, strconv.Itoa(port)), Number: port})
	}
	listen("http.port", "tcp", c.HTTP.Listen, c.HTTP.Port)
	for key, addr := range map[string]string{"metrics.listen": c.Metrics.Listen, "admin.listen": c.Admin.Listen} {
		host, port, err := net.SplitHostPort(addr)
		if number, err2 := strconv.Atoi(port); err == nil && err2 == nil {
			listen(key, "tcp", host, number)
		}
	}
	if !c.Clustered() {
		return t
	}
	host := c.Cluster.Listen
	if host == "" {
		host = nodeAddress(c.Node.Name)
	}
	listen("cluster.port", "tcp", host, c.Cluster.Port)
	listen("epmd.port", "tcp", host, c.EPMD.Port)
	listen("epmd.port", "udp", host, c.EPMD.Port)
	if path, err := cookiePath(c); err == nil && c.Cluster.Cookie.Reveal() == "" {
		t.Cookie = path
	}
	return t
}

// liveRows are checks of the node that runs; none where it does not.
func liveRows(ctx context.Context, client admin.Client) (rows []doctor.Row, running bool) {
	if client.Ping(ctx) != nil {
		return nil, false
	}
	ready := doctor.Row{Check: "node", Found: "ready", Wanted: "ready", Outcome: doctor.OK}
	if text, err := client.Get(ctx, "/readyz"); err != nil {
		ready.Found, ready.Outcome = strings.ReplaceAll(strings.TrimSpace(printable(string(text))), "\n", "; "), doctor.Fail
		ready.Fix = "the log of the node says why; erlmcp status"
	}
	view, err := client.Nodes(ctx)
	if err != nil || !view.Cluster {
		return []doctor.Row{ready}, true
	}
	rows = append(rows, ready, majority(view))
	for _, m := range view.Members {
		if m.Name != view.Self {
			rows = append(rows, peerRow(ctx, client, m))
		}
	}
	return rows, true
}

func majority(view admin.Nodes) doctor.Row {
	r := doctor.Row{Check: "majority", Found: fmt.Sprintf("%d members in view", len(view.Members)), Wanted: "more than half of the cluster", Outcome: doctor.OK}
	if !view.Majority {
		r.Outcome, r.Fix = doctor.Fail, "start the other nodes, or let this one reach them: cluster.port over TCP, epmd.port over TCP and UDP"
	}
	return r
}

// peerRow asks a peer through the node.
func peerRow(ctx context.Context, client admin.Client, m admin.NodeInfo) doctor.Row {
	r := doctor.Row{Check: "peer " + printable(m.Name), Found: "answers", Wanted: "answers", Outcome: doctor.OK}
	e, err := client.Eval(ctx, "net_adm:ping("+repl.Format(repl.Atom(m.Name))+").", admin.EvalOptions{})
	if err != nil || e.Value != "pong" {
		r.Found, r.Outcome = "does not answer", doctor.Fail
		r.Fix = "let this node reach " + printable(m.Address) + " over TCP"
	}
	return r
}

// writeDiagnosis prints rows as a table, with the fixes below what they fix.
func writeDiagnosis(w io.Writer, rows []doctor.Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CHECK\tFOUND\tWANTED\tRESULT") // errors come with Flush
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Check, printable(r.Found), r.Wanted, r.Outcome)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, outcome := range []doctor.Outcome{doctor.Fail, doctor.Warn} {
		for _, r := range rows {
			if r.Outcome == outcome {
				if _, err := fmt.Fprintf(w, "\n%s: %s\n  %s\n", outcome, r.Check, printable(r.Fix)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
