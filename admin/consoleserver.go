package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

// ConsolePath opens a console: POST with Upgrade: erlmcp-console and the query of EvalPath. After the answer 101
// each side writes lines of JSON. The operator's are requests, an id of its own with one of eval, complete and
// cancel:
//
//	{"id":1,"eval":"X = 1."}  {"id":2,"complete":"lists:rev"}  {"id":3,"cancel":1}
//
// The node's are a greeting with id 0, then for each eval any number of outputs and one value or error, and for
// each complete its candidates. A cancel has no answer of its own: what it cancels ends with class cancelled.
//
//	{"id":0,"node":"a@h","role":"admin","prompt":"(a@h)1> "}
//	{"id":1,"output":"..."}  {"id":1,"value":"1","prompt":"(a@h)2> "}  {"id":1,"error":"...","class":"error","prompt":"..."}
//	{"id":2,"candidates":["lists:reverse/1"],"replace":9}
//
// Lines with id 0 that have an error say why the console ends. An empty object is a sign of life.
const ConsolePath = "/console"

const consoleProtocol = "erlmcp-console"

// Bounds of consoles.
const (
	maxConsoles    = 8                // on one node
	maxRequests    = 16               // of one console that wait for their turn
	consoleIdle    = time.Hour        // without a request ends the console
	signOfLife     = 15 * time.Second // between lines of the node, at most
	completionTime = time.Second
)

// ErrConsoles says that a node has as many consoles as it may have.
var ErrConsoles = errors.New("admin: 8 consoles are open")

// consoleRequest is a line of the operator.
type consoleRequest struct {
	ID       int     `json:"id"`
	Eval     *string `json:"eval,omitempty"`
	Complete *string `json:"complete,omitempty"`
	Cancel   int     `json:"cancel,omitempty"`
}

// consoleReply is a line of the node.
type consoleReply struct {
	ID         int      `json:"id"`
	Node       string   `json:"node,omitempty"`
	Role       string   `json:"role,omitempty"`
	Output     string   `json:"output,omitempty"`
	Value      string   `json:"value,omitempty"`
	Error      string   `json:"error,omitempty"`
	Class      Class    `json:"class,omitempty"`
	Candidates []string `json:"candidates,omitempty"`
	Replace    int      `json:"replace,omitempty"`
	Done       bool     `json:"done,omitempty"` // the last line about this id
	Prompt     string   `json:"prompt,omitempty"`
}

// serveConsole upgrades a request to a console, here or on the node that the query names.
func (e *Evaluator) serveConsole(w http.ResponseWriter, r *http.Request, c repl.Caller, q evalQuery) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), consoleProtocol) || r.ContentLength != 0 {
		w.Header().Set("Upgrade", consoleProtocol)
		http.Error(w, "this is for consoles: Upgrade: "+consoleProtocol, http.StatusUpgradeRequired)
		return
	}
	if err := e.openConsole(); err != nil {
		w.Header().Set("Retry-After", "60")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer e.closeConsole()
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "no console on this connection", http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	if err := switchProtocols(conn); err != nil {
		return // the client has gone
	}
	l := newConnLines(conn, bufio.NewReaderSize(in, 4<<10), maxLine)
	if q.node == "" || q.node == e.opts.Node {
		e.Console(r.Context(), c, l)
		return
	}
	e.consoleOn(r.Context(), q.node, c, l)
}

func switchProtocols(conn net.Conn) error {
	if err := conn.SetDeadline(time.Time{}); err != nil { // those of the server are over
		return err
	}
	_, err := conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + consoleProtocol + "\r\n\r\n"))
	return err
}

// openConsole takes one of the places for consoles; closeConsole gives it back.
func (e *Evaluator) openConsole() error {
	if e.consoles.Add(1) > maxConsoles {
		e.consoles.Add(-1)
		return ErrConsoles
	}
	return nil
}

func (e *Evaluator) closeConsole() { e.consoles.Add(-1) }

// consoleOn is a console on another node.
func (e *Evaluator) consoleOn(ctx context.Context, node string, c repl.Caller, l Lines) {
	err := errors.New("this node is in no cluster")
	if e.opts.RemoteConsole != nil {
		c.Hops++
		err = e.opts.RemoteConsole(ctx, node, c, l)
	}
	switch {
	case errors.Is(err, ErrConsoles):
		goodbye(l, ClassBusy, "node "+node+": "+err.Error())
	case err != nil:
		goodbye(l, ClassNodeDown, "node "+node+" is not reached: "+err.Error())
	}
}

// goodbye says why a console ends.
func goodbye(l Lines, class Class, text string) {
	line, _ := json.Marshal(consoleReply{Class: class, Error: text, Done: true}) // texts only
	_ = l.WriteLine(line)                                                        // the client may have gone
}

// ServeRemote is Console for a caller on another node; ErrConsoles where this node has enough of them.
func (e *Evaluator) ServeRemote(ctx context.Context, c repl.Caller, l Lines) error {
	if err := e.openConsole(); err != nil {
		return err
	}
	defer e.closeConsole()
	e.Console(ctx, c, l)
	return nil
}

// Console serves a shell over l until the peer goes, quits or is idle, or ctx ends. It closes l.
func (e *Evaluator) Console(ctx context.Context, c repl.Caller, l Lines) {
	ctx, cancel := context.WithCancel(ctx)
	s := &console{e: e, caller: c, lines: l, requests: make(chan consoleRequest, maxRequests), running: map[int]context.CancelFunc{}}
	s.shell = e.shell(c, true, &s.calls)
	defer context.AfterFunc(ctx, func() { l.Close() })()
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		defer cancel()
		s.read(ctx)
	}()
	s.serve(ctx)
	cancel()
	l.Close()
	<-reading
}

// console is one shell with its connection. Its goroutines are Console's caller, which evaluates, and the
// reader, which cancels.
type console struct {
	e        *Evaluator
	caller   repl.Caller
	lines    Lines
	shell    *repl.Shell
	calls    recorder
	requests chan consoleRequest

	mu      sync.Mutex
	running map[int]context.CancelFunc // requests that wait or run
}

// read takes the operator's lines until there are no more of them.
func (s *console) read(ctx context.Context) {
	for {
		line, err := s.lines.ReadLine()
		if err != nil {
			if errors.Is(err, errLineTooLong) {
				goodbye(s.lines, ClassLimit, fmt.Sprintf("a line is longer than %d bytes", maxLine))
			}
			return
		}
		var r consoleRequest
		if json.Unmarshal(line, &r) != nil || r.ID <= 0 || (r.Eval != nil) == (r.Complete != nil) && r.Cancel == 0 {
			goodbye(s.lines, ClassSyntax, "a line is no request: an id above 0 with one of eval, complete and cancel")
			return
		}
		if r.Cancel != 0 {
			s.cancel(r.Cancel)
			continue
		}
		s.note(r.ID, nil)
		select {
		case s.requests <- r:
		case <-ctx.Done():
			return
		default:
			s.forget(r.ID)
			if s.reply(consoleReply{ID: r.ID, Class: ClassBusy, Error: "too many requests wait", Done: true}) != nil {
				return
			}
		}
	}
}

// note enters a request, with what ends it once it runs. It gives false for one that was cancelled before.
func (s *console) note(id int, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.running[id]; cancel != nil && !waits {
		return false
	}
	s.running[id] = cancel
	return true
}

func (s *console) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// cancel ends a request that runs or waits.
func (s *console) cancel(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[id]; cancel != nil {
		cancel()
	}
	delete(s.running, id)
}

// serve answers requests one after the other.
func (s *console) serve(ctx context.Context) {
	greeting := consoleReply{Node: s.e.opts.Node, Role: s.caller.Role.String(), Prompt: s.prompt()}
	if s.reply(greeting) != nil {
		return
	}
	idle := time.NewTimer(consoleIdle)
	defer idle.Stop()
	life := time.NewTicker(signOfLife)
	defer life.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
			goodbye(s.lines, ClassTimeout, "nothing was asked for "+consoleIdle.String())
			return
		case <-life.C:
			if s.lines.WriteLine([]byte("{}")) != nil {
				return
			}
		case r := <-s.requests:
			if !s.answer(ctx, r) {
				return
			}
			idle.Reset(consoleIdle)
		}
	}
}

// answer serves one request; false ends the console.
func (s *console) answer(ctx context.Context, r consoleRequest) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reply := consoleReply{ID: r.ID, Done: true}
	switch {
	case !s.note(r.ID, cancel):
		reply.Class, reply.Error, reply.Prompt = ClassCancelled, "** cancelled before it began", s.prompt()
	case r.Complete != nil:
		ctx, done := context.WithTimeout(ctx, completionTime)
		defer done()
		reply.Candidates, reply.Replace = s.candidates(ctx, *r.Complete)
	default:
		s.calls = recorder{}
		result, err := s.e.run(ctx, s.caller, s.shell, &s.calls, *r.Eval, &consoleOutput{s, r.ID}, false)
		if errors.Is(err, ErrBusy) {
			result = Evaluation{Class: ClassBusy, Error: err.Error()}
		} else if err != nil {
			result = Evaluation{Class: ClassCancelled, Error: "** cancelled before it began"}
		}
		reply.Value, reply.Class, reply.Error, reply.Prompt = result.Value, result.Class, result.Error, s.prompt()
	}
	s.forget(r.ID)
	return s.reply(reply) == nil && reply.Class != ClassQuit
}

// candidates completes a line; a panic of the inspector completes it to nothing.
func (s *console) candidates(ctx context.Context, line string) (words []string, replace int) {
	defer func() {
		if recover() != nil {
			words, replace = nil, 0
		}
	}()
	return s.shell.Candidates(ctx, line)
}

func (s *console) prompt() string {
	return "(" + s.e.opts.Node + ")" + strconv.Itoa(s.shell.Number()) + "> "
}

func (s *console) reply(r consoleReply) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.lines.WriteLine(line)
}

// consoleOutput sends what an expression prints.
type consoleOutput struct {
	s  *console
	id int
}

// Write implements io.Writer.
func (o *consoleOutput) Write(b []byte) (int, error) {
	if err := o.s.reply(consoleReply{ID: o.id, Output: string(b)}); err != nil {
		return 0, err
	}
	return len(b), nil
}
