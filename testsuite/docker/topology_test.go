package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// topology is the guide's architecture and "Verifying Cluster Health": four nodes, a full mesh, fixed addresses,
// ports and limits.
func topology(t *testing.T, sh *shell) {
	t.Run("ps", func(t *testing.T) {
		if got := sh.must(t, compose+" ps"); strings.Count(got, "erlmcp-node") < len(nodes) || strings.Count(got, "(healthy)") < len(nodes) {
			t.Errorf("got\n%s\nwant %d healthy nodes", got, len(nodes))
		}
		sh.wants(t, `docker ps --filter "name=erlmcp-node"`, nodes...)
		sh.wants(t, `docker inspect erlmcp-node1 --format='{{.State.Health.Status}}'`, "healthy")
	})
	t.Run("mesh", func(t *testing.T) {
		sh.wants(t, `docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp eval "nodes()."`,
			"node2@node2.erlmcp.local", "node3@node3.erlmcp.local", "node4@node4.erlmcp.local")
		meshed(t, sh, nodes...)
	})
	t.Run("network", func(t *testing.T) { network(t, sh) })
	t.Run("ports", func(t *testing.T) { ports(t) })
	t.Run("limits", func(t *testing.T) { limits(t, sh) })
	t.Run("scale", func(t *testing.T) { scale(t, sh) })
}

func network(t *testing.T, sh *shell) {
	sh.wants(t, "docker network inspect erlmcp-cluster", "172.26.0.0/16", "172.26.0.11", "172.26.0.12", "172.26.0.13", "172.26.0.14")
	for i, n := range nodes {
		short := fmt.Sprintf("node%d", i+1)
		want := fmt.Sprintf("172.26.0.%d", 11+i)
		sh.wants(t, "docker exec "+n+" hostname -f", short+".erlmcp.local")
		for _, name := range []string{short, short + ".erlmcp.local", n} {
			sh.wants(t, "docker exec erlmcp-node2 ping -c 1 -W 2 "+name, want, "1 packets received")
		}
	}
}

// ports are 8080 to 8083 and 9001 to 9004 of the host, with an MCP handshake on the first.
func ports(t *testing.T) {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for i := range nodes {
		web := fmt.Sprintf("http://%s:%d", publish, 8080+i)
		if status, body := exchange(t, &client, http.MethodGet, web+"/healthz", ""); status != http.StatusOK {
			t.Errorf("%s/healthz: %d %s", web, status, body)
		}
		const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
			`"capabilities":{},"clientInfo":{"name":"docker","version":"1"}}}`
		if status, body := exchange(t, &client, http.MethodPost, web+"/mcp", hello); status != http.StatusOK || !strings.Contains(body, `"serverInfo"`) {
			t.Errorf("initialize at %s: %d %s", web, status, body)
		}
		c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", publish, 9001+i), 5*time.Second)
		if err != nil {
			t.Error(err)
			continue
		}
		c.Close()
	}
}

// exchange makes one request, in full.
func exchange(t *testing.T, client *http.Client, method, url, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// hostConfig is what the engine made of the compose file.
type hostConfig struct {
	Memory, MemoryReservation int64
	PidsLimit                 int64
	ReadonlyRootfs            bool
	CapDrop, SecurityOpt      []string
	RestartPolicy             struct {
		Name              string
		MaximumRetryCount int
	}
	LogConfig struct {
		Type   string
		Config map[string]string
	}
}

func limits(t *testing.T, sh *shell) {
	for _, n := range nodes {
		var got hostConfig
		if err := json.Unmarshal([]byte(sh.must(t, "docker inspect --format '{{json .HostConfig}}' "+n)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Memory != 2<<30 || got.MemoryReservation != 3<<29 || got.PidsLimit != 4096 {
			t.Errorf("%s: memory %d, reserved %d, pids %d; want 2 GiB, 1.5 GiB, 4096", n, got.Memory, got.MemoryReservation, got.PidsLimit)
		}
		if !got.ReadonlyRootfs || !slices.Equal(got.CapDrop, []string{"ALL"}) || !slices.Contains(got.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: read-only %v, capabilities dropped %q, security %q", n, got.ReadonlyRootfs, got.CapDrop, got.SecurityOpt)
		}
		if got.RestartPolicy.Name != "on-failure" || got.RestartPolicy.MaximumRetryCount != 3 {
			t.Errorf("%s: restart %+v, want on-failure, 3", n, got.RestartPolicy)
		}
		if got.LogConfig.Type != "json-file" || got.LogConfig.Config["max-size"] != "100m" || got.LogConfig.Config["max-file"] != "5" {
			t.Errorf("%s: logging %+v, want json-file, 100m, 5", n, got.LogConfig)
		}
		sh.wants(t, "docker inspect --format '{{.Config.StopTimeout}} {{.Config.User}}' "+n, "45 1000:1000")
	}
}

// scale is the guide's --scale worker=7 in short: the new nodes join and leave.
func scale(t *testing.T, sh *shell) {
	sh.must(t, compose+" up -d --scale worker=2")
	took := eventually(t, "two workers in the cluster", settle, func() (string, bool) {
		got := peers(t, sh, "erlmcp-node3")
		return fmt.Sprintf("node3 sees %q", got), len(got) == 5
	})
	t.Logf("two workers joined after %.1f s", took.Seconds())
	for worker := range strings.FieldsSeq(sh.must(t, `docker ps -q --filter label=com.docker.compose.service=worker`)) {
		if got := peers(t, sh, worker); len(got) != 5 {
			t.Errorf("worker %s sees %q, want 5 others", worker, got)
		}
	}
	sh.must(t, compose+" up -d --scale worker=0")
	meshed(t, sh, nodes...)
}
