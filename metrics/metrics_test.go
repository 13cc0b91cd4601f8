package metrics

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/erlmcp/erlmcp/actors"
	"github.com/erlmcp/erlmcp/mcp"
	"github.com/erlmcp/erlmcp/supervisors"
	"github.com/erlmcp/erlmcp/transport"
)

// session drives every observation that one session makes.
func session(m *Metrics, n int) {
	m.ConnectionOpened("ws")
	m.SessionStarted()
	m.SupervisorEvent(supervisors.ChildStarted{Supervisor: "root/sessions/" + fmt.Sprint(n%16), Child: "session", Arg: n})
	m.RequestStarted(mcp.MethodToolsCall)
	m.Bytes(100, 200)
	m.RequestDone(mcp.MethodToolsCall, n%3 == 0, time.Duration(n+1)*time.Microsecond)
	m.LimitHit(actors.LimitInFlight)
	m.Rejected(transport.ReasonQuota)
	if n%2 == 0 {
		m.ConnectionClosed("ws", transport.ReasonClientClosed)
		m.SessionEnded(transport.ReasonSessionEnded, time.Second)
	}
}

// TestOneLintException pins the only name that breaks the conventions of Prometheus: the guide's.
func TestOneLintException(t *testing.T) {
	m := New(Options{Limits: map[string]float64{"connections": 25_000}})
	session(m, 0)
	problems, err := testutil.GatherAndLint(m.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) != 1 || problems[0].Metric != "erlmcp_latency_milliseconds" {
		t.Errorf("got %v, want exactly one problem, of erlmcp_latency_milliseconds", problems)
	}
}

func TestSeriesDoNotGrowWithSessions(t *testing.T) {
	m := New(Options{})
	count := func() int {
		n, err := testutil.GatherAndCount(m.Gatherer())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	session(m, 0)
	one := count()
	for n := 1; n < 10_000; n++ {
		session(m, n)
	}
	if got := count(); got != one {
		t.Errorf("series after 10,000 sessions: got %d, want %d as after one", got, one)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	m := New(Options{})
	hot := func() {
		m.ConnectionOpened("ws")
		m.RequestStarted(mcp.MethodToolsCall)
		m.Bytes(100, 200)
		m.RequestDone(mcp.MethodToolsCall, false, 137*time.Microsecond)
		m.RequestDone(mcp.MethodPing, true, 3*time.Second)
		m.Rejected(transport.ReasonOverloaded)
		m.LimitHit(actors.LimitSessions)
		m.SessionStarted()
		m.SessionEnded(transport.ReasonIdle, time.Minute)
		m.ConnectionClosed("ws", transport.ReasonSlow)
	}
	hot() // native histograms make a bucket at its first use
	if got := testing.AllocsPerRun(1000, hot); got != 0 {
		t.Errorf("allocations: got %v, want 0", got)
	}
}

func TestValues(t *testing.T) {
	m := New(Options{
		Version: "1.2.3", Limits: map[string]float64{"connections": 25_000, "actors": -1},
		DeadLetters: func() int64 { return 7 },
	})
	m.ConnectionOpened("ws")
	m.ConnectionOpened("carrier pigeon")
	m.ConnectionClosed("ws", transport.ReasonSlow)
	m.RequestStarted(mcp.MethodPing)
	m.RequestStarted(mcp.MethodPing)
	m.RequestDone(mcp.MethodPing, false, 20*time.Millisecond)
	m.DrainState(true)
	m.SupervisorEvent(supervisors.ChildStarted{Supervisor: "root", Child: "drainer"})
	m.SupervisorEvent(supervisors.ChildStarted{Supervisor: "root/sessions/3", Child: "session", Arg: 1})
	m.SupervisorEvent(supervisors.ChildExited{Supervisor: "root/sessions/3", Child: "session", Arg: 1})
	m.SupervisorEvent(supervisors.ChildRestarting{Supervisor: "root/sessions/3", Child: "session", Arg: 1})
	m.SupervisorEvent(supervisors.ChildRestarting{Supervisor: "root/sessions/4", Child: "session", Arg: 1})
	m.SupervisorEvent(supervisors.IntensityReached{Supervisor: "root"})
	m.SupervisorEvent(supervisors.ShutdownTimedOut{Supervisor: "root", Abandoned: true})
	m.SupervisorEvent(supervisors.ShutdownTimedOut{Supervisor: "root"})

	text := scrape(t, m, "")
	for _, want := range []string{
		`erlmcp_connections_total{transport="ws"} 1`,
		`erlmcp_connections_total{transport="other"} 1`,
		`erlmcp_connections{state="draining",transport="other"} 1`,
		`erlmcp_connections{state="open",transport="other"} 0`,
		`erlmcp_connections_closed_total{reason="slow"} 1`,
		`erlmcp_messages_processed_total{method="ping",status="ok"} 1`,
		`erlmcp_latency_milliseconds_bucket{method="ping",le="10"} 0`,
		`erlmcp_latency_milliseconds_bucket{method="ping",le="25"} 1`,
		`mcp_server_operation_duration_seconds_bucket{mcp_method_name="ping",le="0.025"} 1`,
		`erlmcp_requests_in_flight 1`,
		`erlmcp_drain_state 1`,
		`erlmcp_deadletters_total 7`,
		`erlmcp_actors{kind="session"} 0`,
		`erlmcp_actors{kind="system"} 1`,
		`erlmcp_actor_restarts_total{supervisor="root/sessions"} 2`,
		`erlmcp_supervisor_escalations_total 1`,
		`erlmcp_abandoned_children_total 1`,
		`erlmcp_limit{resource="connections"} 25000`,
		`erlmcp_limit{resource="actors"} +Inf`,
		`erlmcp_config_last_reload_successful 1`,
		`version="1.2.3"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the scrape lacks %s", want)
		}
	}
}

// TestMemoryPartsAddUp compares with the runtime's own total: no part is left out or counted twice.
func TestMemoryPartsAddUp(t *testing.T) {
	m := New(Options{})
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	labels := []string{}
	for _, f := range families {
		if f.GetName() != "erlmcp_memory_bytes" {
			continue
		}
		for _, s := range f.GetMetric() {
			labels = append(labels, s.GetLabel()[0].GetValue())
		}
	}
	if want := []string{"heap", "heap_free", "heap_unused", "metadata", "os_stacks", "profiling", "released", "runtime", "stacks"}; !slices.Equal(labels, want) {
		t.Errorf("parts: got %v, want %v", labels, want)
	}
	parts, total := readMemory()
	if parts != total {
		t.Errorf("sum of parts: got %v, want %v", parts, total)
	}
}

// TestHistogramsAreNative wants buckets of both kinds, so that old and new scrapers are served.
func TestHistogramsAreNative(t *testing.T) {
	m := New(Options{})
	m.RequestDone(mcp.MethodPing, false, 20*time.Millisecond)
	m.SessionEnded(transport.ReasonDone, time.Minute)
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range families {
		for _, s := range f.GetMetric() {
			if h := s.GetHistogram(); h.GetSampleCount() == 1 && len(h.GetPositiveSpan()) > 0 && len(h.GetBucket()) > 0 && !strings.HasPrefix(f.GetName(), "go_") {
				found++
			}
		}
	}
	if found != 3 {
		t.Errorf("got %d histograms with both kinds of buckets, want 3", found)
	}
}

func TestSupervisorNamesAreBounded(t *testing.T) {
	m := New(Options{})
	for i := range 3 * maxSupervisors {
		m.SupervisorEvent(supervisors.ChildRestarting{Supervisor: fmt.Sprintf("root/s%d", i)})
	}
	if got := testutil.CollectAndCount(m.supervision.vec); got != maxSupervisors+1 {
		t.Errorf("series: got %d, want %d", got, maxSupervisors+1)
	}
}

func TestHandlerSpeaksOpenMetrics(t *testing.T) {
	text := scrape(t, New(Options{}), "application/openmetrics-text; version=1.0.0")
	if !strings.HasSuffix(text, "# EOF\n") {
		t.Errorf("got a scrape that ends %q, want # EOF", text[max(0, len(text)-40):])
	}
}

func scrape(t *testing.T, m *Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: status %d", w.Code)
	}
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func BenchmarkRequest(b *testing.B) {
	m := New(Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m.RequestStarted(mcp.MethodToolsCall)
			m.RequestDone(mcp.MethodToolsCall, false, time.Duration(i%5000)*time.Microsecond)
		}
	})
}
