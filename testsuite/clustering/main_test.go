package clustering

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestMain(m *testing.M) {
	if os.Getenv(fixtureVariable) != "" {
		os.Exit(runFixture())
	}
	sweep()
	testutil.VerifyTestMain(summed{m})
}

// form is how much of the suite runs.
type form int

const (
	brief form = iota // part of make test
	ci
	long
)

func theForm() form {
	switch os.Getenv("ERLMCP_CLUSTERING") {
	case "ci":
		return ci
	case "long":
		return long
	default:
		return brief
	}
}

// needs skips a test that is not part of the form.
func needs(t *testing.T, f form) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts clusters")
	}
	if theForm() < f {
		t.Skip("SKIP: part of make testsuite-cluster")
	}
}

// seeds are the seeds of the run.
func seeds() []uint64 {
	first, err := strconv.ParseUint(os.Getenv("ERLMCP_CLUSTERING_SEED"), 10, 64)
	if err != nil {
		first = 1
	}
	if theForm() < long {
		return []uint64{first}
	}
	return []uint64{first, first + 1, first + 2}
}

// eachSeed runs a test once for each seed, under its name.
func eachSeed(t *testing.T, f func(t *testing.T, seed uint64)) {
	for _, s := range seeds() {
		t.Run(fmt.Sprint("seed=", s), func(t *testing.T) {
			if theForm() == long {
				t.Parallel()
			}
			f(t, s)
		})
	}
}

// lasting is how long a fault lasts.
func lasting() time.Duration {
	if theForm() == long {
		return 30 * time.Second
	}
	return 10 * time.Second
}

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

var built struct {
	once   sync.Once
	binary string
	err    error
}

// daemon is the path of the built daemon.
func daemon(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.binary = os.Getenv("ERLMCP_BINARY"); built.binary != "" {
			return
		}
		built.binary, built.err = filepath.Abs(filepath.Join("..", "..", "build", "clustering", "erlmcp"))
		if built.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", built.binary, "../../cmd/erlmcp").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build the daemon: %w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.binary
}

// eventually waits for a condition outside the test's control and returns how long that took.
func eventually(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !ok() {
		if time.Since(begun) > patience {
			t.Fatalf("after %v: still not %s", patience, what)
		}
		wait(20 * time.Millisecond)
	}
	return time.Since(begun)
}

// wait lets time pass.
func wait(d time.Duration) { time.Sleep(d) } //lint:sleep faults last, and load has a rate
