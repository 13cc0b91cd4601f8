//go:build linux

// Command bench compares a node with its peers in one run and prints a table. Each server is a process of
// its own on loopback; the rounds of all servers are interleaved, and what counts are ratios of medians,
// since machines are noisy. It serves `make bench`; the figures in docs/performance.md come from it.
package main

import (
	"bufio"
	"context"
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
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/load"
)

func main() {
	node := flag.String("node", "bin/erlmcp", "the daemon")
	peers := flag.String("peers", "bin/peers", "the peers' binary")
	sessions := flag.Int("sessions", 10_000, "sessions in the throughput runs")
	idle := flag.Int("idle", 15_000, "sessions in the memory runs")
	rounds := flag.Int("rounds", 3, "rounds")
	length := flag.Duration("time", 3*time.Second, "length of a round")
	only := flag.String("only", "", "memory, ws or http; empty runs all")
	flag.Parse()
	b := bench{node: *node, peers: *peers, rounds: *rounds, length: *length}
	if *only == "" || *only == "memory" {
		b.memory(*idle)
	}
	if *only == "" || *only == "ws" {
		b.throughput("`tools/call` echo over WebSocket, closed loop", *sessions, []server{
			{"erlmcp", b.node, nil, load.WebSocket},
			{"gorilla, bare and tuned", b.peers, []string{"-kind", "gorilla"}, load.WebSocket},
		})
	}
	if *only == "" || *only == "http" {
		b.throughput("`tools/call` echo over Streamable HTTP, 256 connections, closed loop", *sessions, []server{
			{"erlmcp", b.node, nil, load.HTTP},
			{"net/http, bare with a session map", b.peers, []string{"-kind", "nethttp"}, load.HTTP},
			{"mark3labs/mcp-go", b.peers, []string{"-kind", "mcp-go"}, load.HTTP},
			{"official go-sdk", b.peers, []string{"-kind", "go-sdk"}, load.HTTP},
		})
	}
}

type bench struct {
	node, peers string
	rounds      int
	length      time.Duration
}

type server struct {
	name      string
	binary    string
	args      []string
	transport load.Transport
}

// process is a running server.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addr  netip.AddrPort
}

func (s server) start() *process {
	if s.daemon() {
		return startDaemon(s.binary)
	}
	cmd := exec.Command(s.binary, s.args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	check(err)
	addr, err := netip.ParseAddrPort(strings.TrimSpace(line))
	check(err)
	return &process{cmd: cmd, stdin: in, addr: addr}
}

func (s server) daemon() bool { return len(s.args) == 0 }

// startDaemon runs the daemon with its defaults and the demo tools on a free port.
func startDaemon(binary string) *process {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	addr := netip.MustParseAddrPort(free.Addr().String())
	check(free.Close())
	dir, err := os.MkdirTemp("", "erlmcp-bench")
	check(err)
	cmd := exec.Command(binary, "foreground", "--node-demo", "--log-level", "error",
		"--http-port", strconv.Itoa(int(addr.Port())), "--admin-socket", filepath.Join(dir, "control.sock"))
	cmd.Stderr = os.Stderr
	check(cmd.Start())
	for range 100 {
		conn, err := net.Dial("tcp", addr.String())
		if err == nil {
			_ = conn.Close()
			return &process{cmd: cmd, addr: addr}
		}
		time.Sleep(50 * time.Millisecond)
	}
	log.Fatalf("bench: %s does not listen on %s", binary, addr)
	return nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// rss is the process's resident memory in bytes.
func (p *process) rss() int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	check(err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	check(err)
	return kb << 10
}

// cpu is the process's user and system time.
func (p *process) cpu() time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	check(err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	check(err)
	system, err := strconv.Atoi(fields[12])
	check(err)
	return time.Duration(user+system) * time.Second / 100
}

// memory measures what an idle session costs, before and after load.
func (b bench) memory(sessions int) {
	fmt.Printf("\n### Resident memory a session, %d sessions, server in a process of its own\n\n", sessions)
	fmt.Println("| server | idle, bytes | after load, bytes | after load / idle |\n| --- | --- | --- | --- |")
	for _, s := range []server{
		{"erlmcp, WebSocket", b.node, nil, load.WebSocket},
		{"gorilla, bare and tuned, WebSocket", b.peers, []string{"-kind", "gorilla"}, load.WebSocket},
		{"erlmcp, Streamable HTTP, no stream", b.node, nil, load.HTTP},
		{"erlmcp, Streamable HTTP, open GET stream", b.node, []string{"streams"}, load.HTTP},
	} {
		streams := slices.Contains(s.args, "streams")
		s.args = slices.DeleteFunc(s.args, func(a string) bool { return a == "streams" })
		idle, after := b.footprint(s, sessions, streams)
		fmt.Printf("| %s | %d | %d | %.2f |\n", s.name, idle, after, float64(after)/float64(idle))
	}
}

// settle is how long a server is left alone before its memory is read.
const settle = 8 * time.Second

func (b bench) footprint(s server, sessions int, streams bool) (idle, after int) {
	p := s.start()
	defer p.stop()
	ctx := context.Background()
	warm := p.connect(s.transport, false, 100)
	_, err := warm.Load(ctx, load.Load{Closed: true, Duration: 100 * time.Millisecond})
	check(err)
	warm.Close()
	time.Sleep(time.Second)
	before := p.rss()
	f := p.connect(s.transport, streams, sessions)
	defer f.Close()
	_, err = f.Load(ctx, load.Load{Duration: settle})
	check(err)
	idle = (p.rss() - before) / sessions
	r, err := f.Load(ctx, load.Load{Closed: true, Duration: b.length})
	check(err)
	if r.Counts.Bad() > 0 {
		log.Fatalf("bench: %s: %+v", s.name, r.Counts)
	}
	_, err = f.Load(ctx, load.Load{Duration: settle})
	check(err)
	after = (p.rss() - before) / sessions
	return idle, after
}

// connect sets up sessions, all of them.
func (p *process) connect(transport load.Transport, streams bool, sessions int) *load.Fleet {
	f, err := load.NewFleet(load.Options{
		Targets: []load.Target{{Addr: p.addr}}, Transport: transport, Streams: streams,
	})
	check(err)
	r, err := f.Connect(context.Background(), load.Connect{Sessions: sessions})
	check(err)
	if r.Ready != sessions {
		log.Fatalf("bench: %d of %d sessions, %v", r.Ready, sessions, r.Failures)
	}
	return f
}

type sample struct {
	rate, p50, p99, cpu float64
	bad                 int
}

// throughput runs all servers round by round and prints the medians.
func (b bench) throughput(title string, sessions int, servers []server) {
	fmt.Printf("\n### %s, %d sessions, medians of %d rounds of %s\n\n", title, sessions, b.rounds, b.length)
	processes := make([]*process, len(servers))
	ctx := context.Background()
	for i, s := range servers {
		processes[i] = s.start()
		defer processes[i].stop()
	}
	samples := make([][]sample, len(servers))
	for range b.rounds {
		for i, s := range servers {
			f := processes[i].connect(s.transport, false, sessions)
			_, err := f.Load(ctx, load.Load{Closed: true, Duration: b.length / 6}) // warm-up, not counted
			check(err)
			cpu, begun := processes[i].cpu(), time.Now()
			r, err := f.Load(ctx, load.Load{Closed: true, Duration: b.length})
			check(err)
			samples[i] = append(samples[i], sample{
				// What is under way when the time is over is still answered and counted, so that time counts, too.
				rate: float64(r.Counts.Right) / time.Since(begun).Seconds(), p50: ms(r.Latency.Quantile(50)), p99: ms(r.Latency.Quantile(99)),
				cpu: float64((processes[i].cpu() - cpu).Microseconds()) / float64(r.Counts.Right), bad: r.Counts.Bad(),
			})
			f.Close()
		}
	}
	fmt.Println("| server | calls/s | erlmcp against it | p50 ms | p99 ms | server CPU µs/call | wrong or lost |\n| --- | --- | --- | --- | --- | --- | --- |")
	own := median(samples[0], func(s sample) float64 { return s.rate })
	for i, s := range servers {
		rate := median(samples[i], func(s sample) float64 { return s.rate })
		bad := 0
		for _, x := range samples[i] {
			bad += x.bad
		}
		fmt.Printf("| %s | %.0f | %.2f | %.2f | %.2f | %.1f | %d |\n", s.name, rate, own/rate,
			median(samples[i], func(s sample) float64 { return s.p50 }), median(samples[i], func(s sample) float64 { return s.p99 }),
			median(samples[i], func(s sample) float64 { return s.cpu }), bad)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func check(err error) {
	if err != nil {
		log.Fatalf("bench: %v", err)
	}
}
