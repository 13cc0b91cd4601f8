package docker

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// imageBytes is the most that the image may have.
const imageBytes = 45e6

// validations are the guide's image details, "Monitoring" and "Troubleshooting".
func validations(t *testing.T, sh *shell) {
	t.Run("image", func(t *testing.T) { imageDetails(t, sh) })
	t.Run("custom version", func(t *testing.T) { customVersion(t, sh) })
	t.Run("monitoring", func(t *testing.T) { monitoring(t, sh) })
	t.Run("status", func(t *testing.T) { exitStatus(t, sh) })
	t.Run("forming", func(t *testing.T) {
		sh.wants(t, "docker exec erlmcp-node1 netstat -tlnp | grep 4369", "4369")
		sh.wants(t, "docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp ping", "pong")
		sh.wants(t, "docker exec erlmcp-node1 hostname -f", "node1.erlmcp.local")
	})
	t.Run("connections", func(t *testing.T) {
		sh.wants(t, "docker exec erlmcp-node1 sysctl net.ipv4.ip_local_port_range", "1024", "65535")
		if n, err := strconv.Atoi(strings.TrimSpace(sh.must(t, "docker exec erlmcp-node1 netstat -an | wc -l"))); err != nil || n < 5 {
			t.Errorf("netstat -an | wc -l: %d, %v", n, err)
		}
	})
	t.Run("logs", func(t *testing.T) {
		for _, command := range []string{
			"docker logs erlmcp-node1 2>&1",
			"docker logs --since 10m erlmcp-node1 2>&1",
			compose + " logs erlmcp-node1",
		} {
			sh.wants(t, command, "node started", "cluster member joined")
		}
		sh.wants(t, "docker stats --no-stream erlmcp-node1 erlmcp-node2 erlmcp-node3 erlmcp-node4", nodes...)
	})
	for _, expression := range []string{
		"erlang:system_info(garbage_collection).", "erlang:garbage_collect_all().", "erlang:memory().",
		"recon:proc_count(reductions, 10).", "erlang:statistics(run_queue).",
	} {
		t.Run("eval "+expression, func(t *testing.T) {
			o := sh.run(t, "docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp eval \\\n  \""+expression+"\"")
			if strings.Contains(o.all(), "undefined function") || strings.Contains(o.all(), "denied") {
				t.Skipf("SKIP: this version of eval does not have it: %s", lastLine(o.all()))
			}
			if o.status != 0 || o.stdout == "" {
				t.Errorf("status %d, %s", o.status, o.all())
			}
		})
	}
}

func imageDetails(t *testing.T, sh *shell) {
	size, err := strconv.ParseFloat(strings.TrimSpace(sh.must(t, "docker image inspect --format '{{.Size}}' $(docker inspect --format '{{.Image}}' erlmcp-node1)")), 64)
	if err != nil || size > imageBytes {
		t.Errorf("image of %.1f MB, %v; want at most %.1f MB", size/1e6, err, imageBytes/1e6)
	}
	t.Logf("image of %.1f MB", size/1e6)
	in := "docker exec erlmcp-node1 "
	sh.wants(t, in+"id", "uid=1000(erlmcp) gid=1000(erlmcp)")
	sh.wants(t, in+"cat /proc/1/cmdline", "/opt/erlmcp/bin/erlmcp", "foreground")
	sh.wants(t, in+"grep CapEff /proc/1/status", "0000000000000000")
	if o := sh.run(t, in+"touch /opt/erlmcp/bin/x"); o.status == 0 {
		t.Error("the root file system can be written to")
	}
	sh.wants(t, in+"erlmcp version", "erlmcp ")
	sh.wants(t, in+"ps", "erlmcp foreground")
	sh.wants(t, in+"ip addr", "172.26.0.11")
	sh.wants(t, in+"ping -c1 node2.erlmcp.local", "172.26.0.12")
	sh.must(t, in+"nc -w 2 node2 9001 </dev/null")
}

// exitStatus are the ends of a process that a restart policy and scripts tell apart.
func exitStatus(t *testing.T, sh *shell) {
	run := "docker run --rm --network none -e ERLMCP_HTTP_LISTEN $(docker inspect --format '{{.Image}}' erlmcp-node1) "
	for _, c := range []struct {
		command string
		status  int
		words   string
	}{
		{"version", 0, "erlmcp "},
		{"nonsense", 2, "unknown command"},
		{"ping", 3, "Node is not running!"},
		{"foreground", 78, "ERLMCP_HTTP_LISTEN"},
	} {
		if o := sh.run(t, "ERLMCP_HTTP_LISTEN=0.0.0.0 "+run+c.command); o.status != c.status || !strings.Contains(o.all(), c.words) {
			t.Errorf("%s\nstatus %d, %s\nwant %d, %q", c.command, o.status, o.all(), c.status, c.words)
		}
	}
}

// customVersion is the guide's "Build with custom version".
func customVersion(t *testing.T, sh *shell) {
	if o := sh.run(t, "docker image inspect erlmcp:custom-tag"); o.status == 0 {
		t.Skip("SKIP: an image erlmcp:custom-tag is here already and is left alone")
	}
	t.Cleanup(func() { sh.must(t, "docker rmi erlmcp:custom-tag") })
	sh.must(t, "DOCKER_IMAGE=erlmcp:custom-tag VERSION=1.0.0 ./docker/build.sh")
	sh.wants(t, "docker run --rm erlmcp:custom-tag version", "erlmcp 1.0.0 ")
	sh.wants(t, `docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' erlmcp:custom-tag`, "1.0.0")
}

// monitoring has Prometheus scrape the nodes and asks for the guide's four metrics under their bare names.
func monitoring(t *testing.T, sh *shell) {
	const prometheus = "erlmcp-prometheus:0.7.0"
	if o := sh.run(t, "docker image inspect "+prometheus); o.status != 0 {
		if o := sh.run(t, "./docker/build.sh prometheus"); o.status != 0 {
			t.Skipf("SKIP: no image of Prometheus: %s", lastLine(o.all()))
		}
		t.Cleanup(func() { sh.must(t, "docker rmi "+prometheus) })
	}
	sh.must(t, compose+" --profile monitoring up -d prometheus")
	t.Cleanup(func() { sh.must(t, "docker rm -f -v erlmcp-prometheus") })
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for _, query := range []string{
		"erlmcp_connections_total", "erlmcp_messages_processed_total", "erlmcp_latency_milliseconds", "erlmcp_memory_bytes",
		`count(up{job="erlmcp"} == 1) == 4`,
	} {
		eventually(t, query, settle, func() (string, bool) {
			resp, err := client.Get("http://" + publish + ":9090/api/v1/query?query=" + url.QueryEscape(query)) //nolint:noctx // bounded by the client
			if err != nil {
				return err.Error(), false
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
			return fmt.Sprint(string(text), err), strings.Contains(string(text), `"metric":{`)
		})
	}
}
