package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	maxScrapes    = 4                // answered at a time; more get 503
	scrapeTimeout = 10 * time.Second // then 503
)

// Handler serves the series in the text formats, OpenMetrics and protobuf (which alone carries native
// histograms), as the scraper asks. Scrapes that overlap share one collection.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		CoalesceGather:      true,
		MaxRequestsInFlight: maxScrapes,
		Timeout:             scrapeTimeout,
		ErrorHandling:       promhttp.ContinueOnError,
	})
}

// Gatherer gives tests and exporters the series.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }
