package docker

import (
	"strconv"
	"strings"
	"testing"
)

// imageBytes is the most that the image may have.
const imageBytes = 45e6

// validations are the guide's image details, "Monitoring" and "Troubleshooting".
func validations(t *testing.T, sh *shell) {
	t.Run("image", func(t *testing.T) { imageDetails(t, sh) })
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
	run := "docker run --rm --network none $(docker inspect --format '{{.Image}}' erlmcp-node1) "
	for _, c := range []struct {
		command string
		status  int
		words   string
	}{
		{"version", 0, "erlmcp "},
		{"nonsense", 2, "unknown command"},
		{"ping", 3, "Node is not running!"},
		{"foreground --http-listen 0.0.0.0", 78, "allow_unauthenticated"},
	} {
		if o := sh.run(t, run+c.command); o.status != c.status || !strings.Contains(o.all(), c.words) {
			t.Errorf("%s\nstatus %d, %s\nwant %d, %q", c.command, o.status, o.all(), c.status, c.words)
		}
	}
}
