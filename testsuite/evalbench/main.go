//go:build linux

// Command evalbench measures what looking into a node costs, with many sessions open: erlmcp ping, some
// expressions, and the latency of calls while a loop of them is evaluated, one of each and then a pause, against that
// without, round by round in one run. It starts the node itself. It serves `make bench-eval`; the figures in
// docs/performance.md come from it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/erlmcp/erlmcp/load"
)

// The expressions, with the busiest supervisor as the partition with the most sessions.
const (
	processes = "length(processes())."
	busiest   = "{_, Sup} = lists:max([{proplists:get_value(active, supervisor:count_children(P)), P} || {_, P, _, _} <- supervisor:which_children(sessions)]), "
	children  = busiest + "length(supervisor:which_children(Sup))."
	counts    = busiest + "supervisor:count_children(Sup)."
	ranking   = "recon:proc_count(reductions, 10)."
)

// bench has the commands run by a process of its own: to start one from this process, with its thousands of open
// connections, would take longer than the command.
type bench struct {
	program, socket string
	pause           time.Duration // of the loop
	asker           *exec.Cmd
	orders          *json.Encoder
	answers         *bufio.Scanner
}

// start starts the process that runs the commands.
func (b *bench) start() {
	b.asker = exec.Command(os.Args[0], "-ask")
	b.asker.Stderr = os.Stderr
	in, err := b.asker.StdinPipe()
	check(err)
	out, err := b.asker.StdoutPipe()
	check(err)
	b.orders, b.answers = json.NewEncoder(in), bufio.NewScanner(out)
	check(b.asker.Start())
}

// ask is the life of that process: it runs each command of its input and prints how many nanoseconds it took.
func ask() {
	for in := json.NewDecoder(os.Stdin); ; {
		var words []string
		if err := in.Decode(&words); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Panicf("evalbench: %v", err)
		}
		begun := time.Now()
		err := exec.Command(words[0], words[1:]...).Run()
		took := time.Since(begun)
		if err != nil {
			took = -1
		}
		fmt.Println(int64(took))
	}
}

func main() {
	sessions := flag.Int("sessions", 15_000, "sessions that are open")
	rate := flag.Float64("rate", 2000, "calls a second")
	rounds := flag.Int("rounds", 3, "rounds, each once without and once with expressions")
	length := flag.Duration("time", 5*time.Second, "length of half a round")
	repeat := flag.Int("repeat", 50, "how often each command is run")
	rest := flag.Duration("pause", time.Second, "after one of each expression in the loop")
	program := flag.String("program", "bin/erlmcp", "the program")
	asks := flag.Bool("ask", false, "run commands (used by the program itself)")
	flag.Parse()
	if *asks {
		ask()
		return
	}
	dir, err := os.MkdirTemp("", "evalbench")
	check(err)
	defer os.RemoveAll(dir)
	b := &bench{program: *program, socket: filepath.Join(dir, "node.sock"), pause: *rest}
	b.start()
	defer func() { _ = b.asker.Process.Kill(); _ = b.asker.Wait() }()
	addr := freePort()
	node := exec.Command(b.program, "foreground", "--node-demo", "--http-port", fmt.Sprint(addr.Port()), "--admin-socket", b.socket, "--log-level", "error", "--drain-spread", "0s")
	node.Stderr = os.Stderr
	check(node.Start())
	defer func() {
		_ = node.Process.Signal(syscall.SIGKILL)
		_ = node.Wait()
	}()
	for begun := time.Now(); b.run("ping") < 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			log.Panic("evalbench: the node does not answer")
		}
	}
	fleet, err := load.NewFleet(load.Options{Targets: []load.Target{{Name: "node", Addr: addr}}})
	check(err)
	defer fleet.Close()
	r, err := fleet.Connect(context.Background(), load.Connect{Sessions: *sessions})
	check(err)
	fmt.Printf("%d sessions open, %d failed\n\n", r.Ready, r.Failed)
	b.commands(*repeat)
	b.calls(fleet, *rounds, *rate, *length)
}

// run runs a command against the node, from the start of its process to its end; negative if it fails.
func (b *bench) run(words ...string) time.Duration {
	check(b.orders.Encode(append([]string{b.program, words[0], "--admin-socket", b.socket}, words[1:]...)))
	if !b.answers.Scan() {
		log.Panic("evalbench: the process that runs commands is gone")
	}
	took, err := strconv.ParseInt(b.answers.Text(), 10, 64)
	check(err)
	return time.Duration(took)
}

// must is run for a command that has to succeed.
func (b *bench) must(words ...string) time.Duration {
	took := b.run(words...)
	if took < 0 {
		log.Panicf("evalbench: %q failed", words)
	}
	return took
}

// commands measures each command.
func (b *bench) commands(repeat int) {
	for _, c := range []struct {
		name  string
		words []string
	}{
		{"erlmcp ping", []string{"ping"}},
		{"length(processes())", []string{"eval", processes}},
		{"which_children of the busiest supervisor", []string{"eval", children}},
		{"count_children of the same", []string{"eval", counts}},
		{"recon:proc_count(reductions, 10)", []string{"eval", ranking}},
	} {
		took := make([]time.Duration, repeat)
		for i := range took {
			took[i] = b.must(c.words...)
		}
		slices.Sort(took)
		fmt.Printf("%-42s median %6.1f ms, most %6.1f ms of %d\n", c.name, ms(took[len(took)/2]), ms(took[len(took)-1]), repeat)
	}
}

// calls measures echoes without and with a loop of expressions beside them.
func (b *bench) calls(fleet *load.Fleet, rounds int, rate float64, length time.Duration) {
	fmt.Println()
	var quiet, asked []time.Duration
	for round := range rounds {
		q, _ := b.half(fleet, rate, length, false)
		a, loops := b.half(fleet, rate, length, true)
		fmt.Printf("round %d: echo p50 %.2f ms, p99 %.2f ms; with %d loops of expressions p50 %.2f ms, p99 %.2f ms\n",
			round+1, ms(q.Quantile(50)), ms(q.Quantile(99)), loops, ms(a.Quantile(50)), ms(a.Quantile(99)))
		quiet, asked = append(quiet, q.Quantile(99)), append(asked, a.Quantile(99))
	}
	slices.Sort(quiet)
	slices.Sort(asked)
	q, a := quiet[len(quiet)/2], asked[len(asked)/2]
	fmt.Printf("medians of p99: %.2f ms and %.2f ms, ratio %.2f\n", ms(q), ms(a), float64(a)/float64(q))
}

// half gives the latencies of echoes for length, and how often the loop of expressions went round.
func (b *bench) half(fleet *load.Fleet, rate float64, length time.Duration, ask bool) (*load.Histogram, int) {
	var asking sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	loops := 0
	if ask {
		asking.Go(func() {
			for ; ctx.Err() == nil; loops++ {
				for _, words := range [][]string{{"ping"}, {"eval", processes}, {"eval", children}} {
					b.must(words...)
				}
				pause(ctx, b.pause)
			}
		})
	}
	r, err := fleet.Load(context.Background(), load.Load{Rate: rate, Warmup: time.Second, Duration: length})
	stop()
	asking.Wait()
	check(err)
	if r.Counts.Right != r.Counts.Scheduled {
		log.Panicf("evalbench: %+v", r.Counts)
	}
	return r.Latency, loops
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func freePort() netip.AddrPort {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String())
}

func check(err error) {
	if err != nil {
		log.Panicf("evalbench: %v", err)
	}
}
