//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// patience bounds whatever is waited for.
const patience = 2 * time.Minute

// starts tells the size of the image and how long a container takes until it serves.
func (b *bench) starts() error {
	size, err := docker("image", "inspect", b.image, "--format", "{{.Size}}")
	if err != nil {
		return fmt.Errorf("%w; build it with docker/build.sh", err)
	}
	bytes, _ := strconv.ParseFloat(size, 64)
	const name = "erlmcp-dockerbench"
	begun := time.Now()
	if _, err := docker("run", "-d", "--rm", "--name", name, "-e", "ERLMCP_HTTP_LISTEN=0.0.0.0", "-e", "ERLMCP_HTTP_ALLOW_UNAUTHENTICATED=true", b.image); err != nil {
		return err
	}
	defer func() { _, _ = docker("rm", "-f", name) }()
	host, err := docker("inspect", name, "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
	if err != nil {
		return err
	}
	if err := await("the container", func() bool { status, _ := get("http://" + host + ":8080/readyz"); return status == http.StatusOK }); err != nil {
		return err
	}
	ready := time.Since(begun)
	if err := await("its health", func() bool {
		got, _ := docker("inspect", name, "--format", "{{.State.Health.Status}}")
		return got == "healthy"
	}); err != nil {
		return err
	}
	fmt.Printf("\n### Image and start\n\n| what | figure |\n| --- | --- |\n| image | %.1f MB |\n| docker run until a node answers on /readyz | %.2f s |\n"+
		"| docker run until the engine calls it healthy (its first check comes after 5 s) | %.1f s |\n", bytes/1e6, ready.Seconds(), time.Since(begun).Seconds())
	return nil
}

// mesh tells how long four containers take from their start until each sees all.
func (b *bench) mesh(f *flavour) error {
	names := []string{"erlmcp-node1", "erlmcp-node2", "erlmcp-node3", "erlmcp-node4"}
	if _, err := docker(append([]string{"stop"}, names...)...); err != nil {
		return err
	}
	begun := time.Now()
	if _, err := docker(append([]string{"start"}, names...)...); err != nil {
		return err
	}
	for _, t := range f.targets {
		_, url, _ := strings.Cut(t, "=")
		url = strings.TrimSuffix(url, "/mcp") + "/metrics"
		if err := await("the mesh", func() bool {
			_, text := get(url)
			return members(text) == len(names)
		}); err != nil {
			return err
		}
	}
	fmt.Printf("\nFour nodes that are started together (docker start) see each other after %.1f s.\n", time.Since(begun).Seconds())
	return nil
}

// members is the sum of erlmcp_cluster_members.
func members(text string) int {
	sum := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "erlmcp_cluster_members") {
			n, _ := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1 : len(line)-1])
			sum += n
		}
	}
	return sum
}

// table is the guide's table of nodes: the same connections on ever more of them.
func (b *bench) table(f *flavour) error {
	if b.sizes == "" {
		return nil
	}
	var rows strings.Builder
	for text := range strings.SplitSeq(b.sizes, ",") {
		nodes, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-nodes: %w", err)
		}
		if err := f.script(nil, "--clean"); err != nil {
			return err
		}
		if err := f.deploy(nodes, b.tableSessions, ""); err != nil {
			return err
		}
		r, err := b.bench(f, "--connections", strconv.Itoa(b.tableSessions), "--connect-rate", "1500", "--rate", strconv.Itoa(b.rate), "--duration", b.length.String())
		if err != nil {
			return err
		}
		p := &r.Phases[0]
		cpu, memory := used(p)
		fmt.Fprintf(&rows, "| %d | %d | %d | %.0f MiB | %.0f %% | %.2f | %.2f |\n", nodes, b.tableSessions/nodes, p.Connect.Ready, memory, cpu,
			ms(p.Load.Latency.Quantile(50)), ms(p.Load.Latency.Quantile(99)))
	}
	fmt.Printf("\n### More nodes, %d calls a second\n\nMemory and CPU are of all nodes together; 100 %% is one core.\n\n"+
		"| nodes | connections a node | in all | memory | CPU | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- | --- |\n%s", b.rate, rows.String())
	return nil
}

// docker runs the command and returns what it printed.
func docker(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %.300s", args[0], err, text)
	}
	return text, nil
}

var client = http.Client{Timeout: 2 * time.Second}

func get(url string) (status int, body string) {
	resp, err := client.Get(url) //nolint:noctx // bounded by the client
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, string(text)
}

// await repeats a question until it is answered.
func await(what string, done func() bool) error {
	begun := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Since(begun) > patience {
			return fmt.Errorf("%s: not within %v", what, patience)
		}
		<-tick.C
	}
	return nil
}
