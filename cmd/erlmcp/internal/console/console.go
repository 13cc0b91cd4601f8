// Package console is the operator's side of a shell on a node: it reads expressions from a terminal, with
// editing, history and completion, or from any other input line by line, and shows what comes of them.
//
// What evaluates is behind the interface Shell. Leaving the console never stops the node.
//
// Stability: none, it belongs to the program.
package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

// Shell evaluates on a node. Its methods are called one at a time.
type Shell interface {
	// Eval evaluates an expression with its full stop. What it prints goes to out as it comes. The end of ctx
	// cancels the expression, not the shell. The error is why the shell has ended.
	Eval(ctx context.Context, text string, out io.Writer) (Result, error)
	// Complete gives words that may replace so many bytes at the end of line.
	Complete(ctx context.Context, line string) (words []string, replace int, err error)
	// Prompt is what the next expression is asked for with.
	Prompt() string
	// Done is closed when the node no longer answers; Err then says why.
	Done() <-chan struct{}
	Err() error
}

// Result is the outcome of an expression: Value, or an Error as the shell prints it.
type Result struct {
	Value, Error string
	Status       int  // exit status that stands for the error
	Quit         bool // the expression asked to leave
}

// Options configures a console.
type Options struct {
	Banner   string // of a terminal
	Terminal bool   // In and Out are one, and those of the process
	History  string // path of the history file; empty for none
	In       io.Reader
	Out, Err io.Writer
}

// maxLine is the longest line that is read where there is no terminal, in bytes.
const maxLine = 256 << 10

// Run reads and evaluates until the input ends, q() asks to leave, or the node goes. status is that of the last
// expression. Errors: why the shell has ended, or why the input cannot be read.
func Run(ctx context.Context, s Shell, o Options) (status int, err error) {
	c := &console{shell: s, o: o}
	loop := c.plain
	if o.Terminal {
		line := c.open(ctx)
		defer c.close(line)
		loop = func(ctx context.Context) error { return c.loop(ctx, line) }
	}
	over := make(chan error, 1)
	// Reading cannot be interrupted: when the node goes, the reader is left behind, and ends with the process.
	go func() { over <- loop(ctx) }()
	select {
	case err = <-over:
	case <-ctx.Done():
		return exitOK, nil
	case <-s.Done():
		select {
		case err = <-over: // q() ends the shell as well
		case <-time.After(settleTime):
			return exitOK, s.Err()
		}
	}
	if errors.Is(err, errQuit) {
		err = nil
	}
	return c.status, err
}

// exitOK is the status where no expression says otherwise.
const exitOK = 0

// settleTime is for what ends together.
const settleTime = 100 * time.Millisecond

type console struct {
	shell  Shell
	o      Options
	status int // of the last expression
}

// errQuit ends the loop when an expression asked to leave.
var errQuit = errors.New("console: quit")

// plain reads expressions from an input that is no terminal. The full stop of the last may be missing.
func (c *console) plain(ctx context.Context) error {
	lines := bufio.NewScanner(c.o.In)
	lines.Buffer(nil, maxLine)
	var text strings.Builder
	for lines.Scan() {
		text.WriteString(lines.Text())
		text.WriteByte('\n')
		if !repl.Complete(text.String()) {
			continue
		}
		if err := c.evaluate(ctx, text.String()); err != nil {
			return err
		}
		text.Reset()
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("console: read: %w", err)
	}
	if strings.TrimSpace(text.String()) == "" {
		return nil
	}
	return c.evaluate(ctx, text.String()+".")
}

// evaluate evaluates one expression and shows what comes of it. Ctrl-C cancels it.
func (c *console) evaluate(ctx context.Context, text string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	r, err := c.shell.Eval(ctx, text, c.o.Out)
	switch {
	case err != nil:
		return err
	case r.Quit:
		return errQuit
	case r.Error != "":
		c.status = r.Status
		_, err = fmt.Fprintln(c.o.Err, r.Error)
	default:
		c.status = 0
		_, err = fmt.Fprintln(c.o.Out, r.Value)
	}
	return err
}
