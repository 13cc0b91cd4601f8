//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/load"
	"github.com/erlmcp/erlmcp/load/crew"
	"github.com/erlmcp/erlmcp/load/report"
)

const benchLong = `Opens sessions at running nodes and calls them at intended times (open loop: a server that
stalls makes every call behind it late, and that is counted). Each answer is checked; lost, doubled and
wrong ones are counted. Where the limits of this machine demand it, several worker processes and source
addresses are used, and that is said.

A target is [NAME=]URL; the default is http://127.0.0.1:8080/mcp. Sessions are spread over all targets.
Targets need a tool echo with the argument message: erlmcp foreground --node-demo has it.

Profiles: custom; guide (100 to 100,000 connections in seven phases); sustained; stress (churn, 150 %
overload, a fault); recovery (a fault, and the time until all sessions are back).

Exit status: 0 if every required check is met, 1 if not or if the run broke off.`

// benchFlags is what the flags of bench and find-knee say.
type benchFlags struct {
	profile, transport, mix, out, overLimit string
	shape                                   crew.Shape
	opts                                    load.Options
	workers                                 int
	bind, thresholds, metrics               []string
	requireTargets                          bool
	fault                                   faultFlags
}

func (p *program) benchCommand() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use: "bench [flags] [[NAME=]URL...]", GroupID: groupBench, Short: "Load running nodes and measure what comes back", Long: benchLong,
		Example: `  erlmcp bench --connections 1000 --rate 5000 --duration 30s
  erlmcp bench --profile guide --out bench node1=http://127.0.0.1:8080/mcp node2=http://127.0.0.1:8081/mcp
  erlmcp bench --transport http --streams --threshold 'p99<100ms' --threshold 'errors<0.1%'
  erlmcp bench --profile recovery --fault-command 'docker stop erlmcp-node1' --heal-command 'docker start erlmcp-node1'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return p.bench(f, args, nil) },
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.profile, "profile", "custom", "one of "+strings.Join(crew.Profiles(), ", "))
	fl.Float64Var(&f.shape.Churn, "churn", 0, "sessions a second that are closed and set up again")
	fl.Float64Var(&f.shape.Scale, "scale", 1, "factor for the times of the profile guide")
	fl.StringArrayVar(&f.thresholds, "threshold", nil, "a bound such as p99<100ms, errors<0.1%, rate>10k; may be repeated")
	fl.BoolVar(&f.requireTargets, "require-targets", false, "a missed target of the deployment guide fails the run")
	f.fault.add(fl)
	cmd.AddCommand(p.kneeCommand(), p.compareCommand(), p.reportCommand(), p.benchMetricsCommand(), p.workerCommand())
	return cmd
}

// add gives cmd the flags that bench and find-knee share.
func (f *benchFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.IntVarP(&f.shape.Sessions, "connections", "c", 0, "sessions (0: the profile's own; guide leaves out phases beyond it)")
	fl.Float64VarP(&f.shape.Rate, "rate", "r", 0, "intended calls a second over all sessions (0: the profile's own)")
	fl.Float64Var(&f.shape.ConnectRate, "connect-rate", 0, "intended set-ups a second (0: the profile's own, or as fast as it goes)")
	fl.DurationVarP(&f.shape.Duration, "duration", "d", 0, "length of the calls of a phase (0: the profile's own)")
	fl.DurationVar(&f.shape.Warmup, "warmup", time.Second, "calls before that, checked but not measured")
	fl.StringVar(&f.mix, "mix", "echo", "kinds of calls and weights: echo, ping, list; for example echo=80,ping=20")
	fl.IntVar(&f.opts.Payload, "payload", 64, "bytes of the text of an echo")
	fl.StringVar(&f.opts.Tool, "tool", "echo", "name of the tool that echoes its argument message")
	fl.StringVar(&f.transport, "transport", "ws", "ws, or http (Streamable HTTP with sessions)")
	fl.BoolVar(&f.opts.Streams, "streams", false, "each HTTP session holds an open GET event stream")
	fl.IntVar(&f.opts.Conns, "posts", 256, "connections a target that the posts of HTTP sessions share")
	fl.DurationVar(&f.opts.Grace, "grace", load.DefaultGrace, "how long an answer is waited for until it counts as lost")
	fl.IntVar(&f.workers, "workers", 0, "worker processes, at least (0: as many as the limits demand)")
	fl.StringSliceVar(&f.bind, "bind", nil, "source addresses (none: those that the limits demand)")
	fl.StringVar(&f.overLimit, "over-limit", string(crew.OverFail), "where limits do not allow a phase: fail (go on, status 1), skip (go on), stop")
	fl.StringVar(&f.out, "out", "", "folder for results.json, metrics.json, report.html, report.md and images")
	fl.StringSliceVar(&f.metrics, "metrics", nil, "[NAME=]URL of each node's metrics (none: /metrics of the targets; off: nowhere)")
}

// run makes a run of the flags.
func (f *benchFlags) run(args []string) (*crew.Run, report.Rules, error) {
	rules := report.Rules{Targets: f.requireTargets, OverLimit: crew.OverLimit(f.overLimit)}
	switch rules.OverLimit {
	case crew.OverFail, crew.OverSkip, crew.OverStop:
	default:
		return nil, rules, fmt.Errorf("--over-limit is %q, want fail, skip or stop", f.overLimit)
	}
	for _, text := range f.thresholds {
		t, err := report.ParseThreshold(text)
		if err != nil {
			return nil, rules, err
		}
		rules.Thresholds = append(rules.Thresholds, t)
	}
	if _, err := load.ParseMix(f.mix); err != nil {
		return nil, rules, err
	}
	profile, err := crew.NewProfile(f.profile, f.shape)
	if err != nil {
		return nil, rules, err
	}
	f.opts.Transport = load.Transport(f.transport)
	if f.opts.Transport != load.WebSocket && f.opts.Transport != load.HTTP {
		return nil, rules, fmt.Errorf("--transport is %q, want ws or http", f.transport)
	}
	targets, nodes, err := parseTargets(args, f.metrics)
	if err != nil {
		return nil, rules, err
	}
	f.opts.Targets = targets
	bind, err := parseBind(f.bind)
	if err != nil {
		return nil, rules, err
	}
	faults, err := f.fault.faults()
	if err != nil {
		return nil, rules, err
	}
	ask := crew.Ask{Sessions: profile.Most(), Options: f.opts, Workers: f.workers, Bind: bind}
	limits := crew.ReadLimits(int(openFiles()))
	r := &crew.Run{
		Ask: ask, Limits: limits, Plan: crew.NewPlan(ask, limits), Profile: profile, Mix: f.mix, Launch: launchWorker, Nodes: nodes, OverLimit: rules.OverLimit,
	}
	if faults != nil {
		r.Faults = faults
	}
	return r, rules, nil
}

// bench runs, tells, writes and judges.
func (p *program) bench(f *benchFlags, args []string, knee *crew.Knee) error {
	run, rules, err := f.run(args)
	if err != nil {
		return &failure{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	show := p.newProgress(run)
	run.Tell = show.tell
	if knee != nil {
		knee.Base = run.Profile.Phases[0]
		run.Next = knee.Next
		run.Profile.Name = "find-knee"
	}
	results, runErr := run.Do(ctx)
	show.end()
	results.Tool, results.Commit = versionName(), commit()
	results.Command = append([]string{"erlmcp"}, p.args...)
	if errors.Is(runErr, context.Canceled) {
		runErr = errors.New("interrupted")
	}
	if knee != nil {
		results.Knees = knee.Found(results.Phases)
		results.KneeRate = crew.Median(results.Knees)
	}
	if f.profile == "guide" && f.shape.Sessions > 0 {
		results.NotRun = append(results.NotRun, fmt.Sprintf("phases of more than %d sessions were left out by --connections", f.shape.Sessions))
	}
	report.Judge(results, rules)
	if err := p.summary(results); err != nil {
		return err
	}
	if f.out != "" {
		if err := report.Write(f.out, results); err != nil {
			return asFailure(err)
		}
		fmt.Fprintf(p.stderr, "report: %s\n", filepath.Join(f.out, "report.html"))
	}
	switch {
	case runErr != nil:
		return fail(exitFailed, "bench: %w", runErr)
	case knee != nil && results.KneeRate == 0:
		return fail(exitFailed, "bench: no rate held")
	case results.Failed():
		return fail(exitFailed, "bench: a required check is not met")
	}
	return nil
}

// revision is set by the linker (-X main.revision=0123abcd).
var revision string

// commit is the revision that the program was built from: what was linked in, else what the go command recorded.
func commit() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	hash, modified := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			hash = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " (modified)"
		}
	}
	return hash + modified
}

func (p *program) kneeCommand() *cobra.Command {
	f := &benchFlags{profile: "custom"}
	k := &crew.Knee{}
	cmd := &cobra.Command{
		Use: "find-knee [flags] [[NAME=]URL...]", Short: "Search the highest rate at which p99 stays under a bound",
		Long: `Doubles the rate of calls until a probe fails, then halves the gap, with all sessions open. A probe
holds while p99 stays under --p99, no session is missing and every call has its right answer.`,
		Example: `  erlmcp bench find-knee --connections 10000
  erlmcp bench find-knee --connections 1000 --rate 2000 --p99 50ms --duration 10s --out knee`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return p.bench(f, args, k) },
	}
	f.add(cmd)
	cmd.Flags().DurationVar(&k.P99, "p99", 100*time.Millisecond, "the bound")
	cmd.Flags().IntVar(&k.MaxProbes, "probes", 20, "probes of a search, at most")
	cmd.Flags().IntVar(&k.Repeat, "repeat", 1, "searches, each from the rate that the one before found; their median is the result")
	cmd.Flags().Float64Var(&k.Precision, "precision", 0.05, "the search ends when the gap is this share of the rate")
	return cmd
}

func (p *program) compareCommand() *cobra.Command {
	return &cobra.Command{
		Use: "compare A B", Short: "Compare the results of two runs",
		Long: "Compares two folders or results.json files phase by phase. Ends with status 1 if B is worse in a measure.",
		Example: `  erlmcp bench compare before after
  erlmcp bench compare a/results.json b/results.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := report.Read(args[0])
			if err != nil {
				return asFailure(err)
			}
			b, err := report.Read(args[1])
			if err != nil {
				return asFailure(err)
			}
			worse, err := report.Compare(p.stdout, a, b)
			if err == nil && worse > 0 {
				err = fmt.Errorf("bench: B is worse in %d measure(s)", worse)
			}
			return asFailure(err)
		},
	}
}
