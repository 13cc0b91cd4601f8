package repl

import (
	"context"
	"time"
)

// Limits bounds one evaluation. Zero fields have the defaults.
type Limits struct {
	Time       time.Duration // wall time; default 5 s
	Reductions int           // function calls and list elements visited; default 1,000,000
	Memory     int           // bytes of terms built, an estimate; default 64 MiB
	Depth      int           // nested evaluations that are not tail calls; default 10,000
	Output     int           // bytes printed; default 1 MiB
	Text       int           // bytes of an expression's text; default 256 KiB
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Time <= 0 {
		l.Time = 5 * time.Second
	}
	set(&l.Reductions, 1_000_000)
	set(&l.Memory, 64<<20)
	set(&l.Depth, 10_000)
	set(&l.Output, 1<<20)
	set(&l.Text, 256<<10)
	return l
}

// budget is what is left to one evaluation. An overdrawn budget stays so: the
// exception it raises cannot be caught by the expression.
type budget struct {
	ctx        context.Context
	reductions int
	memory     int
	depth      int
	checkIn    int // reductions until the context is looked at
	dead       *Exception
}

// checkEvery is the number of reductions between looks at the context.
const checkEvery = 128

func newBudget(ctx context.Context, l Limits) *budget {
	return &budget{ctx: ctx, reductions: l.Reductions, memory: l.Memory, depth: l.Depth}
}

// step takes n reductions.
func (b *budget) step(n int) error {
	if b.dead != nil {
		return b.dead
	}
	b.reductions -= n
	if b.reductions < 0 {
		return b.kill(limitReached("reductions"))
	}
	if b.checkIn -= n; b.checkIn <= 0 {
		b.checkIn = checkEvery
		if err := b.ctx.Err(); err != nil {
			return b.kill(ended(b.ctx))
		}
	}
	return nil
}

// alloc takes n bytes of memory.
func (b *budget) alloc(n int) error {
	if n < 0 || n > b.memory {
		return b.kill(limitReached("memory"))
	}
	b.memory -= n
	return b.step(n >> 12)
}

func (b *budget) kill(e *Exception) error {
	if b.dead == nil {
		b.dead = e
	}
	return b.dead
}
