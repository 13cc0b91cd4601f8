//go:build linux

package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Serve is the whole of a worker: it reads one Order a line from in, obeys it, and writes one Saying a line
// to out, until in ends. Between orders it keeps its sessions alive.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &worker{out: json.NewEncoder(out), orders: make(chan Order)}
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		cancel(w.listen(ctx, in))
	}()
	defer func() {
		if w.fleet != nil {
			w.fleet.Close()
		}
		if c, ok := in.(io.Closer); ok {
			_ = c.Close()
		}
	}()
	return w.obeyAll(ctx)
}

type worker struct {
	fleet  *Fleet
	out    *json.Encoder
	orders chan Order
}

// errDone ends a worker whose orders have ended.
var errDone = errors.New("load: no more orders")

func (w *worker) listen(ctx context.Context, in io.Reader) error {
	d := json.NewDecoder(in)
	for {
		var o Order
		if err := d.Decode(&o); err != nil {
			return errDone
		}
		select {
		case w.orders <- o:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (w *worker) obeyAll(ctx context.Context) error {
	for {
		var o Order
		select {
		case o = <-w.orders:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errDone) {
				return nil
			}
			return context.Cause(ctx)
		case <-time.After(idleTurn):
			if w.fleet != nil {
				w.fleet.tick()
				w.fleet.maintain()
				if err := w.fleet.poll(0); err != nil {
					return err
				}
			}
			continue
		}
		if err := w.obey(ctx, o); err != nil {
			if errors.Is(err, errDone) {
				return nil
			}
			_ = w.out.Encode(Saying{Error: err.Error()})
			return err
		}
	}
}

// idleTurn is how often a worker without an order looks at its sessions.
const idleTurn = 20 * time.Millisecond

func (w *worker) obey(ctx context.Context, o Order) error {
	if o.Options != nil {
		f, err := NewFleet(*o.Options)
		if err != nil {
			return err
		}
		w.fleet = f
		f.OnPoint(func(p Point) { _ = w.out.Encode(Saying{Point: &p}) })
		return w.out.Encode(Saying{Started: true})
	}
	if w.fleet == nil {
		return errors.New("load: an order before the options")
	}
	switch {
	case o.Connect != nil:
		r, err := w.fleet.Connect(ctx, *o.Connect)
		if err != nil {
			return err
		}
		return w.out.Encode(Saying{Connected: &r})
	case o.Load != nil:
		r, err := w.fleet.Load(ctx, *o.Load)
		if err != nil {
			return err
		}
		return w.out.Encode(Saying{Loaded: &r})
	}
	return fmt.Errorf("load: an empty order")
}
