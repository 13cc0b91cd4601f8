package clustering

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The official conformance suite passes against four nodes behind a proxy without affinity: for a client, a
// cluster is one server. The suite comes from where make conformance takes it.
func TestConformance(t *testing.T) {
	needs(t, ci)
	suite := findSuite(t)
	binary := filepath.Join(t.TempDir(), "conformance-server")
	if out, err := exec.Command("go", "build", "-o", binary, "../../examples/conformance-server").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v: %s", err, out)
	}
	// On the loopback network the nodes judge Host and Origin as they do for one node.
	c := newCluster(t, loopback(t, 4))
	c.argv = func(n *node) []string {
		return []string{binary, "-http", n.addr, "-name", n.name, "-seeds", c.seeds}
	}
	c.startAll()
	c.ready(c.all()...)
	through := c.startProxy()
	out, err := suite(through.url(), revision).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the suite: %v", err)
	}
	if m := regexp.MustCompile(`(\d+) passed|Passed: (\d+)`).FindSubmatch(out); m == nil {
		t.Error("the suite does not say how many checks passed")
	}
	if n := through.used(); n != 4 {
		t.Errorf("%d nodes were used, want 4", n)
	}
}

// findSuite returns what runs the suite against a URL for a revision, or skips the test.
func findSuite(t *testing.T) func(url, revision string) *exec.Cmd {
	t.Helper()
	version, err := exec.Command("node", "-p", "process.versions.node.split('.')[0]").Output()
	if err != nil {
		t.Skip("SKIP: node is not installed")
	}
	if major, err := strconv.Atoi(strings.TrimSpace(string(version))); err != nil || major < 20 {
		t.Skipf("SKIP: node %s is older than 20", version)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	packed := os.Getenv("ERLMCP_CONFORMANCE")
	if packed == "" {
		packed = filepath.Join(root, "..", "shared", "conformance")
	}
	if _, err := os.Stat(filepath.Join(packed, "run")); err == nil {
		if _, err := exec.LookPath("xz"); err != nil {
			t.Skip("SKIP: xz is not installed, the packed suite cannot be opened")
		}
		return func(url, revision string) *exec.Cmd { return exec.Command(filepath.Join(packed, "run"), url, revision) }
	}
	entry := filepath.Join(root, "build/conformance/node_modules/@modelcontextprotocol/conformance/dist/index.js")
	if _, err := os.Stat(entry); err != nil {
		t.Skip("SKIP: no ../shared/conformance, and make conformance has not installed the suite")
	}
	return func(url, revision string) *exec.Cmd {
		return exec.Command("node", entry, "server", "--url", url, "--spec-version", revision, "--suite", "all")
	}
}
