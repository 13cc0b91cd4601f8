package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// watchSignals returns a context that ends at the first SIGINT, SIGTERM or SIGHUP; a further one ends the
// process at once, with status 1. hangUp may take a SIGHUP, by returning true; nil takes none. stop gives
// signals their usual meaning again.
func watchSignals(log *slog.Logger, hangUp func() bool) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	done, ended := make(chan struct{}), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for n := 0; ; {
			select {
			case s := <-signals:
				if s == syscall.SIGHUP && hangUp != nil && hangUp() {
					continue
				}
				if n++; n > 1 {
					log.Error("second signal, the process ends without draining", slog.String("signal", signalName(s)))
					os.Exit(exitFailed)
				}
				log.Info(signalName(s) + " received - shutting down") //nolint:sloglint // the words of an Erlang node
				cancel(fmt.Errorf("%s", signalName(s)))
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-ended
		cancel(nil)
	}
}

func signalName(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	default:
		return s.String()
	}
}
