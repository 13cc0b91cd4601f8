package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/erlmcp/erlmcp/internal/testutil"
	"github.com/erlmcp/erlmcp/supervisors"
)

const documentHead = `# Metrics

Served at /metrics of the main listener, or at metrics.listen alone where that is set. Made from package metrics by
its test (go test ./metrics -update). Labels have their values from closed sets; no label holds a session, an
address or a text of a client. Histograms have classic buckets and, where the scraper asks for protobuf, native ones.

The names erlmcp_connections_total, erlmcp_messages_processed_total, erlmcp_latency_milliseconds and
erlmcp_memory_bytes are those of the deployment guide. The third breaks a convention of Prometheus (base unit
seconds); mcp_server_operation_duration_seconds is the same data by the names of OpenTelemetry. How many
connections there are is sum(erlmcp_connections); the total counts those accepted since the start.

Beside these there are the series of the Go runtime (go_*) and of the process (process_*).

| name | type | labels | |
| --- | --- | --- | --- |
`

// TestDocumentIsCurrent fails when docs/metrics.md is not what the registry says. -update writes it.
func TestDocumentIsCurrent(t *testing.T) {
	m := New(Options{Limits: map[string]float64{"connections": 1, "sessions": 1}, DeadLetters: func() int64 { return 0 }})
	m.SupervisorEvent(supervisors.ChildRestarting{Supervisor: "root"})
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(documentHead)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "go_") || strings.HasPrefix(f.GetName(), "process_") {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labelsOf(f), f.GetHelp())
	}
	testutil.Golden(t, "../../docs/metrics.md", []byte(b.String()))
}

// labelsOf lists the labels of a family, with their values where these are few.
func labelsOf(f *dto.MetricFamily) string {
	const few = 10
	names, values := []string{}, map[string][]string{}
	for _, s := range f.GetMetric() {
		for _, l := range s.GetLabel() {
			if !slices.Contains(names, l.GetName()) {
				names = append(names, l.GetName())
			}
			if !slices.Contains(values[l.GetName()], l.GetValue()) {
				values[l.GetName()] = append(values[l.GetName()], l.GetValue())
			}
		}
	}
	for i, n := range names {
		if v := values[n]; len(v) <= few && len(v) > 1 {
			names[i] = n + " (" + strings.Join(v, ", ") + ")"
		}
	}
	return strings.Join(names, "; ")
}
