//go:build linux

// Command dockerbench compares containers with plain processes of the same program in one run: both clusters stand, the
// rounds are interleaved, and what counts are ratios of medians. It measures as well how long a container takes until
// it serves, how long four nodes take until they see each other, and what 4, 8 and 16 nodes use. It needs a Docker
// engine and an image (docker/build.sh), and serves `make bench-docker`; the figures in docs/performance.md come from
// it. What it starts it stops.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load/crew"
	"github.com/erlmcp/erlmcp/load/report"
)

const script = "docker/docker-benchmark.sh"

// bench is what the flags say.
type bench struct {
	image             string
	logs              string
	sessions, rate    int
	rounds            int
	length, probe     time.Duration
	sizes             string
	tableSessions     int
	programOfTheImage string
}

func main() {
	b := bench{}
	flag.StringVar(&b.image, "image", "erlmcp:0.7.0-cluster", "the image")
	flag.StringVar(&b.logs, "out", "docker/logs", "folder for compare.json, which docker-benchmark.sh --report reads")
	flag.IntVar(&b.sessions, "sessions", 1000, "sessions in the comparison")
	flag.IntVar(&b.rate, "rate", 5000, "calls a second in the comparison")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds")
	flag.DurationVar(&b.length, "time", 8*time.Second, "length of a round's calls")
	flag.DurationVar(&b.probe, "probe", 2*time.Second, "length of a rate that the search for the highest one tries")
	flag.StringVar(&b.sizes, "nodes", "4,8,16", "sizes of the table of nodes; empty for none")
	flag.IntVar(&b.tableSessions, "connections", 10_000, "connections in the table of nodes")
	flag.Parse()
	check(os.Chdir(checkout()))
	check(b.run())
}

// checkout is the folder of this repository.
func checkout() string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	check(err)
	return strings.TrimSpace(string(out))
}

// run measures everything; the clusters are gone afterwards.
func (b *bench) run() (err error) {
	containers := &flavour{name: "containers", logs: filepath.Join(b.logs, "compare", "containers")}
	processes := &flavour{name: "processes", flags: []string{"--local"}, logs: filepath.Join(b.logs, "compare", "processes")}
	defer func() {
		for _, f := range []*flavour{containers, processes} {
			if cleaned := f.script(nil, "--clean"); err == nil {
				err = cleaned
			}
		}
	}()
	if err := b.starts(); err != nil {
		return err
	}
	if err := containers.deploy(4, b.sessions, ""); err != nil {
		return err
	}
	b.programOfTheImage = filepath.Join(containers.logs, "erlmcp")
	if err := processes.deploy(4, b.sessions, b.programOfTheImage); err != nil {
		return err
	}
	if err := b.compare(containers, processes); err != nil {
		return err
	}
	if err := processes.script(nil, "--clean"); err != nil {
		return err
	}
	if err := b.mesh(containers); err != nil {
		return err
	}
	return b.table(containers)
}

// flavour is one of the two clusters.
type flavour struct {
	name    string
	flags   []string // of the script
	logs    string
	targets []string
}

// base keeps the local nodes away from those of others.
const base = "127.26.20.1"

// script runs stages of docker-benchmark.sh.
func (f *flavour) script(environ []string, stages ...string) error {
	cmd := exec.Command(script, append(slices.Clone(f.flags), stages...)...)
	cmd.Env = append(append(os.Environ(), "BENCH_LOGS="+f.logs, "BENCH_BASE="+base), environ...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", script, strings.Join(stages, " "), err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, targets, ok := strings.Cut(line, "see each other after"); ok {
			_, targets, _ = strings.Cut(targets, ":")
			f.targets = strings.Fields(targets)
		}
	}
	return nil
}

func (f *flavour) deploy(nodes, connections int, binary string) error {
	return f.script([]string{"BENCH_NODES=" + strconv.Itoa(nodes), "BENCH_CONNECTIONS=" + strconv.Itoa(connections), "BENCH_BIN=" + binary}, "--deploy")
}

// bench runs erlmcp bench against the cluster and reads its results.
func (b *bench) bench(f *flavour, args ...string) (*crew.Results, error) {
	out := filepath.Join(f.logs, "run")
	args = append(append([]string{"bench"}, args...), "--out", out)
	said, err := exec.Command(b.programOfTheImage, append(args, f.targets...)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("erlmcp %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	return report.Read(out)
}

// round is what one run of a flavour measured.
type round struct {
	p50, p99, max float64 // ms
	cpu           float64 // µs of all nodes for a call
	memory        float64 // MiB of all nodes
	rate          float64 // highest with p99 under 100 ms
}

// compare interleaves rounds of both flavours.
func (b *bench) compare(containers, processes *flavour) error {
	rounds := map[*flavour][]round{}
	for n := range b.rounds {
		order := []*flavour{containers, processes}
		if n%2 == 1 {
			slices.Reverse(order)
		}
		for _, f := range order {
			r, err := b.round(f)
			if err != nil {
				return err
			}
			rounds[f] = append(rounds[f], r)
		}
	}
	fmt.Printf("\n### Containers against plain processes, four nodes each, %d sessions, medians of %d rounds\n\n", b.sessions, b.rounds)
	fmt.Printf("%d calls a second for %v a round; the highest rate is one with p99 under 100 ms.\n\n", b.rate, b.length)
	fmt.Print("| measure | containers | processes | containers against them |\n| --- | --- | --- | --- |\n")
	more := map[string]float64{}
	for _, m := range []struct {
		name string
		of   func(round) float64
	}{
		{"p50, ms", func(r round) float64 { return r.p50 }}, {"p99, ms", func(r round) float64 { return r.p99 }},
		{"max, ms", func(r round) float64 { return r.max }}, {"CPU of all nodes, µs a call", func(r round) float64 { return r.cpu }},
		{"memory of all nodes, MiB", func(r round) float64 { return r.memory }}, {"highest rate, calls/s", func(r round) float64 { return r.rate }},
	} {
		c, p := median(rounds[containers], m.of), median(rounds[processes], m.of)
		more[m.name] = 100 * (c/p - 1)
		fmt.Printf("| %s | %.4g | %.4g | %+.1f %% |\n", m.name, c, p, more[m.name])
	}
	text, err := json.MarshalIndent(report.Overhead{
		P50: more["p50, ms"], P99: more["p99, ms"], Throughput: -more["highest rate, calls/s"], CPU: more["CPU of all nodes, µs a call"],
		Memory: more["memory of all nodes, MiB"],
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.logs, "compare.json"), append(text, '\n'), 0o644)
}

func (b *bench) round(f *flavour) (round, error) {
	sessions := strconv.Itoa(b.sessions)
	r, err := b.bench(f, "--connections", sessions, "--rate", strconv.Itoa(b.rate), "--duration", b.length.String())
	if err != nil {
		return round{}, err
	}
	p := &r.Phases[0]
	out := round{p50: ms(p.Load.Latency.Quantile(50)), p99: ms(p.Load.Latency.Quantile(99)), max: ms(p.Load.Latency.Max())}
	cpu, memory := used(p)
	out.memory = memory
	if rate := p.Load.Rate(); rate > 0 {
		out.cpu = cpu / 100 * 1e6 / rate
	}
	r, err = b.bench(f, "find-knee", "--connections", sessions, "--rate", strconv.Itoa(b.rate), "--duration", b.probe.String(), "--precision", "0.1")
	if err != nil {
		return round{}, err
	}
	out.rate = r.KneeRate
	return out, nil
}

// used is the CPU of all nodes in per cent of a core, and their memory in MiB.
func used(p *crew.PhaseResult) (cpu, memory float64) {
	for _, n := range p.Nodes {
		cpu += n.CPU
		memory += float64(n.Memory) / (1 << 20)
	}
	return cpu, memory
}

func median(rounds []round, of func(round) float64) float64 {
	var values []float64
	for _, r := range rounds {
		values = append(values, of(r))
	}
	return crew.Median(values)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func check(err error) {
	if err != nil {
		log.Fatal("dockerbench: ", err)
	}
}
