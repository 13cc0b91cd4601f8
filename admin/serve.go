package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	closeTime         = 2 * time.Second // for requests in progress when a service stops
)

// serve runs h on l until ctx ends or l fails. It returns nil in the first case, and only when all
// handlers have returned or closeTime is over.
func serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	var handlers sync.WaitGroup // those of consoles, too, which Shutdown does not know
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			h.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withPeer,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		srv.Close()
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if srv.Shutdown(closing) != nil {
		srv.Close()
	}
	waitFor(closing, &handlers)
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// waitFor waits for a group until ctx ends.
func waitFor(ctx context.Context, g *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		g.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Web serves HTTP on a TCP address of its own, such as that of metrics.listen.
type Web struct {
	// Name is what the listener is for, in errors and logs: metrics, admin.
	Name    string
	Addr    string
	Handler http.Handler
	Logger  *slog.Logger // nil discards
}

// Serve listens until ctx ends. It fails when the address cannot be listened on.
func (w *Web) Serve(ctx context.Context) error {
	log := orDiscard(w.Logger)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", w.Addr)
	if err != nil {
		return fmt.Errorf("admin: %s listener: %w", w.Name, err)
	}
	log.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("purpose", w.Name), slog.String("addr", l.Addr().String()))
	return serve(ctx, l, w.Handler, log)
}

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
