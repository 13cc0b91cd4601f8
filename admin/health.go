package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind says which question a check helps to answer.
type Kind uint8

const (
	// Live checks say whether the process still works; who sees one fail restarts it.
	Live Kind = 1 << iota
	// Ready checks say whether the node takes new clients; who sees one fail sends them elsewhere.
	Ready
)

// checkTimeout bounds each check: who asks about health does not wait for long.
const checkTimeout = 2 * time.Second

// Check reports nil when all is well, else why not in a few words that anybody may read: no addresses,
// paths or stack traces. It must return soon after ctx ends and is called concurrently.
type Check func(ctx context.Context) error

// Health is a registry of checks. The zero value is healthy; methods are safe for concurrent use.
type Health struct {
	mu     sync.Mutex
	checks []namedCheck // in order of Add
}

type namedCheck struct {
	name string
	kind Kind
	run  Check
}

// outcome is how one check went.
type outcome struct {
	name     string
	err      error
	excluded bool
}

// Add registers a check, in place of one with the same name and kind if there is one.
func (h *Health) Add(kind Kind, name string, run Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := namedCheck{name, kind, run}
	for i := range h.checks {
		if h.checks[i].name == name && h.checks[i].kind == kind {
			h.checks[i] = c
			return
		}
	}
	h.checks = append(h.checks, c)
}

// Err runs the checks of kind and returns nil, or an error that names each one that fails.
func (h *Health) Err(ctx context.Context, kind Kind) error {
	var errs []error
	for _, o := range h.run(ctx, kind, nil) {
		if o.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.name, o.err))
		}
	}
	return errors.Join(errs...)
}

// Handler answers for the checks of kind: 200 and "ok", or 503 and a line for each check that fails. The
// query ?verbose lists every check, ?exclude=name (repeatable) leaves one out. name is how the endpoint
// calls itself, such as readyz.
func (h *Health) Handler(name string, kind Kind) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		query := r.URL.Query()
		outcomes := h.run(r.Context(), kind, query["exclude"])
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		text, ok := report(name, outcomes, query.Has("verbose"))
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(text)) // a client that has gone needs no answer
	})
}

// Routes are the three endpoints by path, for a listener.
func (h *Health) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"/livez":   h.Handler("livez", Live),
		"/readyz":  h.Handler("readyz", Ready),
		"/healthz": h.Handler("healthz", Live|Ready),
	}
}

// run runs the checks of kind at the same time and returns their outcomes in order of registration.
func (h *Health) run(ctx context.Context, kind Kind, exclude []string) []outcome {
	h.mu.Lock()
	checks := slices.Clone(h.checks)
	h.mu.Unlock()
	checks = slices.DeleteFunc(checks, func(c namedCheck) bool { return c.kind&kind == 0 })
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out := make([]outcome, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		out[i] = outcome{name: c.name, excluded: slices.Contains(exclude, c.name)}
		if !out[i].excluded {
			wg.Go(func() { out[i].err = c.guarded(ctx) })
		}
	}
	wg.Wait()
	return out
}

// guarded turns a panic of the check into its failure.
func (c namedCheck) guarded(ctx context.Context) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the check itself fails")
		}
	}()
	return c.run(ctx)
}

func report(name string, outcomes []outcome, verbose bool) (string, bool) {
	var b strings.Builder
	ok := true
	for _, o := range outcomes {
		switch {
		case o.err != nil:
			ok = false
			fmt.Fprintf(&b, "[-]%s failed: %v\n", o.name, o.err)
		case verbose && o.excluded:
			fmt.Fprintf(&b, "[+]%s excluded\n", o.name)
		case verbose:
			fmt.Fprintf(&b, "[+]%s ok\n", o.name)
		}
	}
	switch {
	case !ok:
		fmt.Fprintf(&b, "%s check failed\n", name)
	case verbose:
		fmt.Fprintf(&b, "%s check passed\n", name)
	default:
		b.WriteString("ok\n")
	}
	return b.String(), ok
}
