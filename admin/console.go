package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

var (
	// ErrConsoleClosed is the end of a console: it was closed, or the node or the connection is gone. The text
	// says why where the node said so.
	ErrConsoleClosed = errors.New("admin: the console is closed")
	// ErrNodeDown says that the node that was named is not reached.
	ErrNodeDown = errors.New("admin: node is not reached")
)

// lifeTimeout is how long a console waits for a line before it takes the node for gone.
const lifeTimeout = 4 * signOfLife

// Console is a shell on a node: variables and history last until Close. Its methods are safe for concurrent
// use; expressions are evaluated one after the other.
type Console struct {
	lines *connLines
	node  string
	role  string
	done  chan struct{} // closed when the reader has ended

	mu     sync.Mutex
	prompt string
	next   int
	calls  map[int]*consoleCall
	err    error // why the reader has ended
}

// consoleCall is a request that waits for its last line.
type consoleCall struct {
	output func(string)
	done   chan consoleReply // capacity 1
}

// Console opens a console on the node, or on the member of its cluster that o names; o.JSON has no effect. ctx
// bounds the opening alone. Errors: ErrNodeDown, ErrConsoles, ErrRefused, ErrNotRunning.
func (c Client) Console(ctx context.Context, o EvalOptions) (*Console, error) {
	req, err := c.request(ctx, http.MethodPost, ConsolePath+EvalOptions{Role: o.Role, Node: o.Node}.query(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", consoleProtocol)
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	l := newConnLines(conn, bufio.NewReader(conn), maxLineReply)
	k, err := openConsole(l, req)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	go k.read()
	return k, nil
}

// openConsole asks for the upgrade and takes the greeting.
func openConsole(l *connLines, req *http.Request) (*Console, error) {
	if err := req.Write(l.conn); err != nil {
		return nil, fmt.Errorf("admin: ask: %w", err)
	}
	resp, err := http.ReadResponse(l.in, req)
	if err != nil {
		return nil, fmt.Errorf("admin: read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			return nil, ErrConsoles
		}
		return nil, refusal(req, resp, text)
	}
	line, err := l.ReadLine()
	if err != nil {
		return nil, fmt.Errorf("admin: read the greeting: %w", err)
	}
	var hello consoleReply
	if err := json.Unmarshal(line, &hello); err != nil {
		return nil, fmt.Errorf("admin: the greeting: %w", err)
	}
	switch {
	case hello.Class == ClassNodeDown:
		return nil, fmt.Errorf("%w: %s", ErrNodeDown, hello.Error)
	case hello.Class == ClassBusy:
		return nil, ErrConsoles
	case hello.Class != "" || hello.Prompt == "":
		return nil, fmt.Errorf("%w: %s", ErrConsoleClosed, hello.Error)
	}
	return &Console{lines: l, node: hello.Node, role: hello.Role, prompt: hello.Prompt, done: make(chan struct{}), calls: map[int]*consoleCall{}}, nil
}

// Node is the name of the node that evaluates.
func (k *Console) Node() string { return k.node }

// Role is what expressions may do: viewer, operator or admin.
func (k *Console) Role() string { return k.role }

// Prompt is what the shell shows before the next expression, such as "(a@h)1> ".
func (k *Console) Prompt() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.prompt
}

// Done is closed when the console has ended; Err then says why.
func (k *Console) Done() <-chan struct{} { return k.done }

// Err is why the console has ended, ErrConsoleClosed with the node's words; nil while it is open.
func (k *Console) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// Eval evaluates an expression with its full stop. What it prints goes to output, piece by piece, on another
// goroutine, but not after Eval has returned. When ctx ends, the evaluation is cancelled and Eval waits for its
// end: ClassCancelled. After ClassQuit the console ends. The error is Err.
func (k *Console) Eval(ctx context.Context, text string, output func(string)) (Evaluation, error) {
	r, err := k.ask(ctx, consoleRequest{Eval: &text}, output)
	return Evaluation{Value: r.Value, Class: r.Class, Error: r.Error}, err
}

// Complete gives the words that the end of a line may go on as, sorted, and how many bytes of the line each
// replaces. The error is Err.
func (k *Console) Complete(ctx context.Context, line string) (words []string, replace int, err error) {
	r, err := k.ask(ctx, consoleRequest{Complete: &line}, nil)
	return r.Candidates, r.Replace, err
}

// Close ends the console. The node goes on.
func (k *Console) Close() error {
	err := k.lines.Close()
	<-k.done
	return err
}

// ask sends a request and waits for its last line.
func (k *Console) ask(ctx context.Context, r consoleRequest, output func(string)) (consoleReply, error) {
	call := &consoleCall{output: output, done: make(chan consoleReply, 1)}
	k.mu.Lock()
	if k.err != nil {
		k.mu.Unlock()
		return consoleReply{}, k.err
	}
	k.next++
	r.ID = k.next
	k.calls[r.ID] = call
	k.mu.Unlock()
	if err := k.send(r); err != nil {
		k.lines.Close()
	}
	cancelled := ctx.Done()
	for {
		select {
		case reply := <-call.done:
			return reply, nil
		case <-k.done:
			select {
			case reply := <-call.done:
				return reply, nil
			default:
				return consoleReply{}, k.Err()
			}
		case <-cancelled:
			cancelled = nil
			if err := k.send(consoleRequest{ID: r.ID, Cancel: r.ID}); err != nil {
				k.lines.Close()
			}
		}
	}
}

func (k *Console) send(r consoleRequest) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return k.lines.WriteLine(line)
}

// read takes the node's lines until there are no more of them.
func (k *Console) read() {
	defer close(k.done)
	defer k.lines.Close()
	end := ErrConsoleClosed
	for {
		k.lines.conn.SetReadDeadline(time.Now().Add(lifeTimeout)) // on a closed connection the read fails as well
		line, err := k.lines.ReadLine()
		var r consoleReply
		if err != nil || json.Unmarshal(line, &r) != nil {
			break
		}
		if r.ID == 0 && r.Error != "" {
			end = fmt.Errorf("%w: %s", ErrConsoleClosed, r.Error)
			break
		}
		k.take(r)
	}
	k.mu.Lock()
	k.err = end
	k.mu.Unlock()
}

// take hands a line to the request that it answers.
func (k *Console) take(r consoleReply) {
	k.mu.Lock()
	call := k.calls[r.ID]
	if r.Done {
		delete(k.calls, r.ID)
	}
	if r.Prompt != "" {
		k.prompt = r.Prompt
	}
	k.mu.Unlock()
	switch {
	case call == nil:
	case r.Done:
		call.done <- r
	case call.output != nil:
		call.output(r.Output)
	}
}
