package docker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	node1 = "node1@node1.erlmcp.local"
	// calm is how long a cluster that has recovered is watched: nobody may leave it again.
	calm = 6 * time.Second
)

// recovery is the guide's "Failure Recovery", command by command.
func recovery(t *testing.T, sh *shell) {
	clients := openSessions(t, sh)
	others := nodes[1:]
	t.Run("restart", func(t *testing.T) {
		sh.must(t, "docker restart erlmcp-node1")
		t.Logf("meshed %.1f s after docker restart", meshed(t, sh, nodes...).Seconds())
		o := sh.run(t, "docker logs erlmcp-node1 2>&1 | tail -20")
		if !strings.Contains(o.stdout, "cluster complete") {
			t.Errorf("the last 20 lines of the log do not say that the cluster is complete:\n%s", o.stdout)
		}
		sh.wants(t, `docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp eval "nodes()."`, "node2@", "node3@", "node4@")
		clients.goOn(t, sh, nodes...)
	})
	t.Run("failover", func(t *testing.T) {
		sh.must(t, "docker stop erlmcp-node1")
		sh.wants(t, "docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' erlmcp-node1", "0 false")
		if got := sh.wants(t, `docker exec erlmcp-node2 /opt/erlmcp/bin/erlmcp eval "nodes()."`, "node3@", "node4@"); strings.Contains(got, node1) {
			t.Errorf("node2 still sees node1 after docker stop: %s", got)
		}
		clients.goOn(t, sh, others...)
		sh.must(t, "docker start erlmcp-node1")
		t.Logf("meshed %.1f s after docker start", meshed(t, sh, nodes...).Seconds())
		sh.wants(t, `docker logs erlmcp-node1 2>&1 | grep -i "cluster\|joined\|epmd"`, "cluster", "joined", "epmd")
		clients.goOn(t, sh, nodes...)
	})
	t.Run("crash", func(t *testing.T) {
		sh.must(t, "docker kill erlmcp-node1")
		sh.wants(t, "docker inspect --format '{{.State.ExitCode}}' erlmcp-node1", "137")
		without(t, sh, "erlmcp-node2", node1)
		clients.goOn(t, sh, others...)
		sh.must(t, "docker start erlmcp-node1")
		t.Logf("meshed %.1f s after a kill and docker start", meshed(t, sh, nodes...).Seconds())
		clients.goOn(t, sh, nodes...)
	})
	t.Run("partition", func(t *testing.T) {
		// As the guide has it: the node comes back with another address and without its aliases.
		partition(t, sh, clients, "docker network connect erlmcp-cluster erlmcp-node1")
	})
	t.Run("partition, same address", func(t *testing.T) {
		partition(t, sh, clients, "docker network connect --ip 172.26.0.11 --alias node1 --alias node1.erlmcp.local erlmcp-cluster erlmcp-node1")
	})
}

// without waits until a node does not see another.
func without(t *testing.T, sh *shell, node, gone string) {
	t.Helper()
	took := eventually(t, node+" without "+gone, settle, func() (string, bool) {
		got := peers(t, sh, node)
		return fmt.Sprintf("it sees %q", got), len(got) > 0 && !slices.Contains(got, gone)
	})
	t.Logf("%s gave %s up after %.1f s", node, gone, took.Seconds())
}

// partition cuts node1 off and connects it again; its sessions go on at the majority meanwhile.
func partition(t *testing.T, sh *shell, clients *sessions, connect string) {
	sh.must(t, "docker network disconnect erlmcp-cluster erlmcp-node1")
	without(t, sh, "erlmcp-node2", node1)
	eventually(t, "node1 alone", settle, func() (string, bool) {
		o := sh.run(t, `docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp eval "nodes()."`)
		return o.all(), o.status == 0 && strings.TrimSpace(o.stdout) == "[]"
	})
	sh.wants(t, "docker exec erlmcp-node1 /opt/erlmcp/bin/erlmcp ping", "pong")
	clients.goOn(t, sh, nodes[1:]...)
	since := time.Now()
	sh.must(t, connect)
	t.Logf("meshed %.1f s after docker network connect", meshed(t, sh, nodes...).Seconds())
	said := fmt.Sprintf(`docker logs --since %d erlmcp-node1 2>&1 | grep -i "recovered\|reconnected"`, since.Unix())
	eventually(t, "the words of the guide", settle, func() (string, bool) {
		o := sh.run(t, said)
		return o.all(), strings.Contains(o.stdout, "recovered") && strings.Contains(o.stdout, "reconnected")
	})
	steady(t, sh)
	clients.goOn(t, sh, nodes...)
}

// steady waits for a time of calm in which no node leaves. Leaving once more at first is allowed: a node that has
// another address says so by coming back.
func steady(t *testing.T, sh *shell) {
	t.Helper()
	since, last := time.Now(), -1
	took := eventually(t, "calm", settle, func() (string, bool) {
		left := 0
		for _, n := range nodes {
			o := sh.run(t, "docker logs "+n+" 2>&1 | grep -c 'cluster member left'")
			count := 0
			if _, err := fmt.Sscan(o.stdout, &count); err == nil {
				left += count
			}
		}
		if left != last {
			since, last = time.Now(), left
		}
		return fmt.Sprintf("%d times left so far", left), time.Since(since) >= calm
	})
	t.Logf("calm after %.1f s", (took - calm).Seconds())
	meshed(t, sh, nodes...)
}
