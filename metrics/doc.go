// Package metrics turns the events of the other rooms into Prometheus series. It is the only importer of
// the Prometheus client, and removing it changes no behaviour.
//
// Metrics implements actors.Observer; SupervisorEvent takes the events of the supervision tree. Every label
// has its values from a closed set, so the number of series is fixed when New returns (restarts by
// supervisor excepted: one for each supervisor that restarted something, at most maxSupervisors). Children
// are looked up once, in New: observing allocates nothing.
//
// Names, types and units are those of docs/metrics.md. erlmcp_latency_milliseconds is the one name that
// breaks the conventions of Prometheus (base unit seconds); mcp_server_operation_duration_seconds is the
// same data by the conventions of OpenTelemetry. Both are classic and native histograms.
//
// Stability: metric names are product, semantic versioning; the Go names have no promise.
package metrics
