//go:build linux

// Command clusterbench measures what a cluster of four nodes costs, on one machine: requests that reach
// their session through another node against those that reach it directly, the time until one change of a
// list has reached every session, and the memory of a session's snapshot. It starts the nodes itself, as
// processes on 127.0.9.1 to 127.0.9.4. It serves `make bench-cluster`; the figures in docs/performance.md
// come from it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const nodes = 4

func main() {
	node := flag.Int("node", 0, "run as this node (used by the program itself)")
	sessions := flag.Int("sessions", 10_000, "sessions in the fan-out")
	length := flag.Duration("time", 3*time.Second, "length of a run of requests")
	workers := flag.Int("workers", 32, "requests at a time")
	flag.Parse()
	if *node > 0 {
		runNode(*node)
		return
	}
	c := start()
	defer c.stop()
	c.requests(*length, *workers)
	c.fanOut(*sessions)
}

type cluster struct{ processes []*exec.Cmd }

func address(node int) string { return "127.0.9." + strconv.Itoa(node) }

func start() *cluster {
	c := &cluster{}
	for n := 1; n <= nodes; n++ {
		cmd := exec.Command(os.Args[0], "-node", strconv.Itoa(n))
		cmd.Stderr = os.Stderr
		check(cmd.Start())
		c.processes = append(c.processes, cmd)
	}
	begun := time.Now()
	for n := 1; n <= nodes; n++ {
		for metric(n, "erlmcp_cluster_members") != nodes {
			if time.Since(begun) > 30*time.Second {
				c.stop()
				log.Fatal("clusterbench: the nodes do not find each other")
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	fmt.Printf("\nfour nodes, meshed %.1f s after the start\n", time.Since(begun).Seconds())
	return c
}

func (c *cluster) stop() {
	for _, p := range c.processes {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

// metric reads the sum of a metric of a node; -1 while the node does not answer.
func metric(node int, name string) float64 {
	resp, err := http.Get("http://" + address(node) + ":8080/metrics")
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	check(err)
	sum := 0.0
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == ' ' || rest[0] == '{') {
			v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			check(err)
			sum += v
		}
	}
	return sum
}

// cpu is the time that all nodes have used.
func (c *cluster) cpu() time.Duration {
	var sum time.Duration
	for _, p := range c.processes {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/stat")
		check(err)
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		for _, f := range fields[11:13] {
			ticks, err := strconv.Atoi(f)
			check(err)
			sum += time.Duration(ticks) * time.Second / 100
		}
	}
	return sum
}

// requests measures echo calls to sessions of node 1, sent to node 1 and to node 2.
func (c *cluster) requests(length time.Duration, workers int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	ids := make([]string, workers)
	for i := range ids {
		ids[i] = initialize(client, 1)
	}
	fmt.Printf("\n### `tools/call` echo through the right node and through another, %d at a time, %s, medians of 3 rounds\n\n", workers, length)
	fmt.Println("| through | calls/s | p50 ms | p99 ms | CPU of all nodes, µs/call | wrong |\n| --- | --- | --- | --- | --- | --- |")
	results := map[int][]run{}
	for range 3 {
		for _, node := range []int{1, 2} {
			results[node] = append(results[node], c.drive(client, node, ids, length))
		}
	}
	for _, node := range []int{1, 2} {
		through := "the session's node"
		if node == 2 {
			through = "another node"
		}
		r := results[node]
		wrong := 0
		for _, x := range r {
			wrong += x.wrong
		}
		fmt.Printf("| %s | %.0f | %.2f | %.2f | %.0f | %d |\n", through,
			median(r, func(x run) float64 { return x.rate }), median(r, func(x run) float64 { return x.p50 }),
			median(r, func(x run) float64 { return x.p99 }), median(r, func(x run) float64 { return x.cpu }), wrong)
	}
}

type run struct {
	rate, p50, p99, cpu float64
	wrong               int
}

func (c *cluster) drive(client *http.Client, node int, ids []string, length time.Duration) run {
	cpu, begun := c.cpu(), time.Now()
	var mu sync.Mutex
	var took []time.Duration
	wrong := 0
	var wg sync.WaitGroup
	for w, id := range ids {
		wg.Go(func() {
			var own []time.Duration
			bad := 0
			for n := 0; time.Since(begun) < length; n++ {
				message := fmt.Sprintf("%d-%d-%d", node, w, n)
				at := time.Now()
				status, body := post(client, node, id, fmt.Sprintf(
					`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"message":"%s"}}}`, n, message))
				own = append(own, time.Since(at))
				if status != 200 || !bytes.Contains(body, []byte(`"`+message+`"`)) {
					bad++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took, wrong = append(took, own...), wrong+bad
		})
	}
	wg.Wait()
	elapsed := time.Since(begun)
	slices.Sort(took)
	ms := func(q float64) float64 { return took[int(float64(len(took)-1)*q)].Seconds() * 1000 }
	return run{
		rate: float64(len(took)) / elapsed.Seconds(), p50: ms(0.5), p99: ms(0.99),
		cpu: float64((c.cpu() - cpu).Microseconds()) / float64(len(took)), wrong: wrong,
	}
}

func initialize(client *http.Client, node int) string {
	req := request(node, "", `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"b","version":"1"}}}`)
	resp, err := client.Do(req)
	check(err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(err)
	check(resp.Body.Close())
	id := resp.Header.Get("Mcp-Session-Id")
	if status, _ := post(client, node, id, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); id == "" || status != 202 {
		log.Fatalf("clusterbench: no session on node %d: status %d", node, status)
	}
	return id
}

func request(node int, session, text string) *http.Request {
	req, err := http.NewRequest(http.MethodPost, "http://"+address(node)+":8080/mcp", strings.NewReader(text))
	check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
		req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	}
	return req
}

func post(client *http.Client, node int, session, text string) (int, []byte) {
	resp, err := client.Do(request(node, session, text))
	check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(err)
	return resp.StatusCode, body
}

func median(rs []run, of func(run) float64) float64 {
	values := make([]float64, len(rs))
	for i, r := range rs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func check(err error) {
	if err != nil {
		log.Fatalf("clusterbench: %v", err)
	}
}
