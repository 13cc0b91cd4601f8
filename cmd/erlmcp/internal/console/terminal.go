package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/peterh/liner"

	"github.com/erlmcp/erlmcp/repl"
)

// completeTime bounds how long a Tab may take.
const completeTime = 2 * time.Second

// open takes over the process's terminal.
func (c *console) open(ctx context.Context) *liner.State {
	_, _ = io.WriteString(c.o.Out, c.o.Banner)
	line := liner.NewLiner()
	line.SetCtrlCAborts(true)
	line.SetTabCompletionStyle(liner.TabPrints)
	line.SetWordCompleter(func(text string, pos int) (string, []string, string) { return c.complete(ctx, text, pos) })
	c.readHistory(line)
	return line
}

// close gives the terminal back as it was.
func (c *console) close(line *liner.State) {
	c.writeHistory(line)
	line.Close()
}

// loop reads and evaluates until the end of the input.
func (c *console) loop(ctx context.Context, line *liner.State) error {
	for {
		text, err := c.read(line)
		if errors.Is(err, io.EOF) {
			_, err = fmt.Fprintln(c.o.Out)
			return err
		}
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if err := c.evaluate(ctx, text); err != nil {
			return err
		}
	}
}

// read reads lines until the full stop. Ctrl-C gives up what has been typed: the text is empty then.
func (c *console) read(line *liner.State) (string, error) {
	var text strings.Builder
	for {
		more, err := line.Prompt(c.shell.Prompt())
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			return "", nil
		case err != nil:
			return "", err
		}
		if strings.TrimSpace(more) != "" {
			line.AppendHistory(more)
		}
		text.WriteString(more)
		text.WriteByte('\n')
		if strings.TrimSpace(text.String()) == "" {
			return "", nil
		}
		if repl.Complete(text.String()) {
			return text.String(), nil
		}
	}
}

// complete completes the word before a position of a line, counted in characters.
func (c *console) complete(ctx context.Context, text string, pos int) (head string, words []string, tail string) {
	runes := []rune(text)
	head, tail = string(runes[:pos]), string(runes[pos:])
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	found, replace, err := c.shell.Complete(ctx, head)
	if err != nil || replace > len(head) {
		return head, nil, tail
	}
	for _, w := range found {
		words = append(words, callOf(w))
	}
	return head[:len(head)-replace], slices.Compact(words), tail
}

// callOf is what is typed to call a function that is named as Module:Name/Arity; other words are as they are.
func callOf(word string) string {
	if i := strings.LastIndexByte(word, '/'); i > 0 && strings.Contains(word[:i], ":") {
		return word[:i] + "("
	}
	return word
}

// readHistory and writeHistory keep what was typed in the history file. A history that cannot be read or written
// is no reason not to work.
func (c *console) readHistory(line *liner.State) {
	if c.o.History == "" {
		return
	}
	f, err := os.Open(c.o.History)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = line.ReadHistory(f)
}

func (c *console) writeHistory(line *liner.State) {
	if c.o.History == "" || os.MkdirAll(filepath.Dir(c.o.History), 0o700) != nil {
		return
	}
	f, err := os.OpenFile(c.o.History, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if f.Chmod(0o600) == nil { // one that was there may have another mode
		_, _ = line.WriteHistory(f)
	}
}
