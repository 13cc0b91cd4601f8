package docker

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// compose is how the guide calls the tool.
const compose = "docker-compose -f docker/docker-compose.cluster.yml"

// image is the guide's tag.
const image = "erlmcp:0.7.0-cluster"

// nodes are the containers of the cluster.
var nodes = []string{"erlmcp-node1", "erlmcp-node2", "erlmcp-node3", "erlmcp-node4"}

// settle is how long anything in the cluster may take; what it took is logged.
const settle = 60 * time.Second

// groups are the guide's, in the order in which they run on one cluster.
var groups = []struct {
	name string
	run  func(*testing.T, *shell)
	// processes: where no engine answers, the group runs on processes.
	processes bool
}{
	{name: "docker_topology", run: topology},
	{name: "docker_validations", run: validations},
	{name: "load_testing", run: loadTesting, processes: true},
	{name: "performance_measurement", run: performance, processes: true},
	{name: "stress_testing", run: stressTesting, processes: true},
	{name: "failure_recovery", run: recovery},
}

func TestDockerDeployment(t *testing.T) {
	sh, lacks := findEngine(t)
	if lacks != "" {
		onProcesses(t, lacks)
		return
	}
	claim(t, sh)
	build(t, sh)
	begun := time.Now()
	t.Cleanup(func() { sh.must(t, compose+" down -v --remove-orphans") })
	sh.must(t, compose+" up -d")
	meshed(t, sh, nodes...)
	t.Logf("four nodes meshed %.1f s after compose up", time.Since(begun).Seconds())
	healthy(t, sh, nodes...)
	t.Logf("all healthy %.1f s after compose up", time.Since(begun).Seconds())
	sh.bench(t, "")
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, sh) })
	}
	t.Run("down", func(t *testing.T) { down(t, sh) })
}

// onProcesses runs the groups that need no engine.
func onProcesses(t *testing.T, lacks string) {
	sh := &shell{environ: append(os.Environ(), "BENCH_BASE=127.26.18.1", "BENCH_BIN="+buildProgram(t))}
	sh.bench(t, "--local")
	t.Cleanup(func() { sh.must(t, script+" --local --clean") })
	sh.must(t, script+" --local --deploy")
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			if !g.processes {
				t.Skip("SKIP: " + lacks)
			}
			g.run(t, sh)
		})
	}
}

// claim makes sure that the guide's names are free.
func claim(t *testing.T, sh *shell) {
	t.Helper()
	taken := strings.Fields(sh.must(t, `docker ps -a --format '{{.Names}}' --filter name=^erlmcp-`))
	for _, n := range strings.Fields(sh.must(t, `docker network ls --format '{{.Name}}' --filter name=^erlmcp-cluster$`)) {
		taken = append(taken, "network "+n)
	}
	if len(taken) > 0 {
		t.Skipf("SKIP: a cluster is here already and is left alone (%s); to remove it: %s down -v", strings.Join(taken, ", "), compose)
	}
}

// build makes the image as the guide does where a registry answers, and as docker/build.sh does elsewhere. An
// image of that tag gets it back at the end.
func build(t *testing.T, sh *shell) {
	t.Helper()
	if given := os.Getenv("ERLMCP_DOCKER_IMAGE"); given != "" {
		sh.environ = append(sh.environ, "DOCKER_IMAGE="+given)
		return
	}
	before := strings.TrimSpace(sh.run(t, "docker image inspect --format '{{.Id}}' "+image).stdout)
	t.Cleanup(func() {
		now := strings.TrimSpace(sh.run(t, "docker image inspect --format '{{.Id}}' "+image).stdout)
		switch {
		case now == before || now == "":
		case before == "":
			sh.must(t, "docker rmi "+image)
		default:
			sh.must(t, fmt.Sprintf("docker tag %s %s && docker rmi %s", before, image, now))
		}
	})
	begun := time.Now()
	said := sh.wants(t, "./docker/build.sh", "build: "+image+" from docker/Dockerfile.")
	t.Logf("%s, after %.1f s", lastLine(said), time.Since(begun).Seconds())
}

// meshed waits until each of these nodes sees all the others. Nodes that are not among them are not asked.
func meshed(t *testing.T, sh *shell, names ...string) time.Duration {
	t.Helper()
	return eventually(t, "mesh of "+strings.Join(names, ", "), settle, func() (string, bool) {
		for _, n := range names {
			if got := peers(t, sh, n); len(got) != len(names)-1 {
				return fmt.Sprintf("%s sees %q", n, got), false
			}
		}
		return "", true
	})
}

// peers are the nodes that a node sees, from the guide's expression.
func peers(t *testing.T, sh *shell, node string) []string {
	t.Helper()
	o := sh.run(t, "docker exec "+node+` /opt/erlmcp/bin/erlmcp eval "nodes()."`)
	if o.status != 0 {
		return nil
	}
	return atoms(o.stdout)
}

// atoms are the elements of a printed list of atoms.
func atoms(list string) []string {
	list = strings.Trim(strings.Join(strings.Fields(list), ""), "[]")
	if list == "" {
		return nil
	}
	var out []string
	for a := range strings.SplitSeq(list, ",") {
		out = append(out, strings.Trim(a, "'"))
	}
	slices.Sort(out)
	return out
}

func TestAtomsOfAPrintedList(t *testing.T) {
	got := atoms("['node2@node2.erlmcp.local',a@b,\n 'node1@node1.erlmcp.local']\n")
	want := []string{"a@b", "node1@node1.erlmcp.local", "node2@node2.erlmcp.local"}
	if !slices.Equal(got, want) || atoms("[]\n") != nil {
		t.Errorf("got %q and %q, want %q and none", got, atoms("[]\n"), want)
	}
}

// healthy waits until the engine calls these containers healthy.
func healthy(t *testing.T, sh *shell, names ...string) {
	t.Helper()
	eventually(t, "health of "+strings.Join(names, ", "), settle, func() (string, bool) {
		for _, n := range names {
			if got := strings.TrimSpace(sh.run(t, "docker inspect "+n+" --format='{{.State.Health.Status}}'").stdout); got != "healthy" {
				return n + " is " + got, false
			}
		}
		return "", true
	})
}

// down types the guide's ends; nothing may be left.
func down(t *testing.T, sh *shell) {
	sh.must(t, compose+" down")
	sh.must(t, compose+" down -v")
	left := sh.must(t, `docker ps -aq --filter name=^erlmcp-node; docker network ls -q --filter name=^erlmcp-cluster$; docker volume ls -q --filter name=^docker_prometheus$`)
	if left != "" {
		t.Errorf("left behind after down -v: %q", left)
	}
}
