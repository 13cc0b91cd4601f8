package clustering

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// every node is restarted in turn under load. Clients that retry on 503, as they are told, and go
// elsewhere where nobody listens, have no failed request. Others see just that. WebSocket clients are told that
// the service restarts.
func TestRollingRestart(t *testing.T) {
	needs(t, brief)
	eachSeed(t, func(t *testing.T, seed uint64) {
		flags := []string{"--drain-spread", "1s"}
		if theForm() == long {
			flags = nil
		}
		y := newTrial(t, "R-03", seed, flags...)
		for _, i := range y.rng.Perm(4) {
			host := i + 1
			begun := time.Now()
			y.signal(host, syscall.SIGTERM)
			y.took("until peers know that a node leaves", y.meshed(y.except(host)...))
			if err := y.exit(host); err != nil {
				t.Errorf("n%d ended with %v, want status 0", host, err)
			}
			y.took("until it has ended", time.Since(begun))
			y.start(host)
			y.took("until it is back", y.meshed(y.all()...))
			y.ready(host)
			if theForm() == long {
				wait(10*time.Second - time.Since(begun))
			}
		}
		y.finish(nil)
		y.zero("requests of clients that retry failed", len(y.failed))
		y.noneFailed(t)
		y.none(t, "of HTTP clients without retry failed in another way than by 503 with Retry-After, or no listener", func(e *entry) bool {
			clean := e.outcome == result || e.outcome == refused ||
				e.status == http.StatusServiceUnavailable && !strings.HasSuffix(e.detail, "without Retry-After")
			return e.client == "http" && !clean
		})
		for how, n := range y.closes {
			if how != "code 1012" && how != "code 1001" && how != "by the test" {
				t.Errorf("%d WebSocket connections ended %s, want code 1012", n, how)
			}
		}
	})
}
