package erlmcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// inspected is a node of which an operator asks.
type inspected struct {
	tb     testing.TB
	addr   string
	client admin.Client
}

func inspectedNode(tb testing.TB) inspected {
	tb.Helper()
	n := inspected{tb: tb, client: admin.Client{Socket: filepath.Join(tb.TempDir(), "s")}}
	n.addr = startNode(tb, erlmcp.Options{Name: "a@h", Admin: erlmcp.Admin{Socket: n.client.Socket}})
	testutil.Eventually(tb, 10*time.Second, func() bool { return n.client.Ping(context.Background()) == nil })
	return n
}

// ask evaluates an expression, as an administrator.
func (n inspected) ask(format string, args ...any) admin.Evaluation {
	n.tb.Helper()
	got, err := n.client.Eval(context.Background(), fmt.Sprintf(format, args...), admin.EvalOptions{Role: "admin", JSON: true})
	if err != nil {
		n.tb.Fatalf(format+": %v", append(args, err)...)
	}
	return got
}

// want asks and compares the value, without blanks and line breaks.
func (n inspected) want(value, format string, args ...any) {
	n.tb.Helper()
	got := n.ask(format, args...)
	if flat := strings.Join(strings.Fields(got.Value), ""); flat != strings.Join(strings.Fields(value), "") {
		n.tb.Errorf("%s: got %s %s, want %s", fmt.Sprintf(format, args...), flat, got.Error, value)
	}
}

// value asks for a value that has to be there, as JSON.
func (n inspected) value(into any, format string, args ...any) {
	n.tb.Helper()
	got := n.ask(format, args...)
	if got.Class != "" {
		n.tb.Fatalf("%s: %s", fmt.Sprintf(format, args...), got.Error)
	}
	if err := json.Unmarshal(got.JSON, into); err != nil {
		n.tb.Fatalf("%s: %s: %v", fmt.Sprintf(format, args...), got.JSON, err)
	}
}

// session opens a WebSocket session.
func (n inspected) session() *wire {
	n.tb.Helper()
	w := dial(n.tb, n.addr)
	w.write([]byte("GET /mcp HTTP/1.1\r\nHost: " + n.addr + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	if head := w.readHead(); !strings.HasPrefix(head, "HTTP/1.1 101") {
		n.tb.Fatalf("got %s", head)
	}
	w.write(frame(initialize))
	w.readFrame()
	w.write(frame(initialized))
	return w
}

// exchange sends a request and reads its answer.
func (w *wire) exchange(text, want string) {
	w.tb.Helper()
	w.write(frame(text))
	if got := string(w.readFrame()); !strings.Contains(got, want) {
		w.tb.Fatalf("%s: got %s, want %s", text, got, want)
	}
}

const sessionPids = "[P || P <- processes(), {session,_,_} <- [element(2, process_info(P, initial_call))]]"

func TestProcessesOfANode(t *testing.T) {
	n := inspectedNode(t)
	sessions := make([]*wire, 300)
	for i := range sessions {
		sessions[i] = n.session()
	}
	n.want("300", "length(%s)", sessionPids)
	n.want("true", "Ps = processes(), Ps =:= lists:sort(Ps)")
	n.want("true", "lists:member(self(), processes()) andalso is_process_alive(self())")
	n.want("[true,true,true,true,true]", "[is_process_alive(whereis(N)) || N <- [root,sessions,sessions_0,http,drainer]]")
	n.want("undefined", "whereis(nobody)")
	n.want("true", "lists:all(fun(N) -> is_pid(whereis(N)) end, registered()) andalso lists:member(features, registered())")
	n.want("{registered_name,root}", "process_info(whereis(root), registered_name)")
	n.want("[]", "process_info(hd(%s), registered_name)", sessionPids)
	n.want("[{registered_name,[]},{priority,normal}]", "process_info(hd(%s), [registered_name,priority])", sessionPids)
	n.want("undefined", "process_info(list_to_pid(\"<0.99999999.0>\"))")
	n.want("badarg", "try process_info(self(), nokey) catch error:E -> E end")
	n.want("[registered_name,current_function,initial_call,status,message_queue_len,links,dictionary,trap_exit, "+
		"error_handler,priority,group_leader,total_heap_size,heap_size,stack_size,reductions, garbage_collection,suspending]",
		"[K || {K,_} <- process_info(whereis(sessions))]")
	n.want("[meta,signals,location,memory_used,work]", "[K || {K,_} <- recon:info(features)]")
	n.want("[memory,message_queue_len,heap_size,total_heap_size,garbage_collection]", "{memory_used,L} = recon:info(features, memory_used), [K || {K,_} <- L]")
	n.want("true", "recon:info(pid_to_list(whereis(root)), work) =:= recon:info(root, work)")
	n.want("[sessions_0,sessions,root]", "P = whereis(sessions_0), [C|_] = [C || {_,C,_,_} <- supervisor:which_children(P)], "+
		"{dictionary,D} = process_info(C, dictionary), proplists:get_value('$ancestors', D)")
	n.want("[true,true]", "[length([1 || {_,V} <- process_info(P, [memory,reductions]), V > 0]) =:= 2 || P <- [hd(%s), whereis(sessions_0)]]", sessionPids)
	n.want("true", "lists:all(fun(P) -> is_list(process_info(P)) andalso is_list(recon:info(P)) end, processes())")
}

func TestBusySessionsAreRankedFirst(t *testing.T) {
	n := inspectedNode(t)
	sessions := make([]*wire, 100)
	for i := range sessions {
		sessions[i] = n.session()
	}
	var before, ranked []string
	n.value(&before, "%s", sessionPids)
	for range 3000 { // far above what the node's own processes handle meanwhile
		for _, w := range sessions[:4] {
			w.exchange(ping, `"result":{}`)
		}
	}
	n.value(&ranked, "[P || {P,_,[{current_function,_},{initial_call,{session,_,_}}]} <- recon:proc_count(reductions, 8)]")
	var values []int
	n.value(&values, "[V || {_,V,_} <- recon:proc_count(reductions, 8)]")
	if !slices.IsSortedFunc(values, func(a, b int) int { return b - a }) || values[3] < 3000 || values[4] >= 3000 {
		t.Errorf("values: got %v, want four of at least 3000", values)
	}
	if len(ranked) < 4 || !slices.Contains(before, ranked[3]) {
		t.Errorf("ranked: got %v, want four sessions first", ranked)
	}
	n.want("[]", "recon:proc_count(reductions, 0)")
	n.want("badarg", "try recon:proc_count(height, 1) catch error:E -> E end")
	n.want("107", "length(recon:proc_count(memory, 107))")

	// the window sees only who is busy in it
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				sessions[50].exchange(ping, `"result":{}`)
			}
		}
	}()
	var window []string
	n.value(&window, "[P || {P,_,_} <- recon:proc_window(reductions, 1, 200)]")
	close(stop)
	<-ended
	n.want("{session,init,1}", "element(2, process_info(list_to_pid(%q), initial_call))", window[0])
}

func TestKilledSessionGoesOnUnderAnotherPid(t *testing.T) {
	n := inspectedNode(t)
	w := n.session()
	w.exchange(ping, `"result":{}`)
	var old, now []string
	n.value(&old, "%s", sessionPids)
	n.want("ok", "P = list_to_pid(%q), exit(P, normal), true = is_process_alive(P), ok", old[0])
	n.want("true", "exit(list_to_pid(%q), kill)", old[0])
	testutil.Eventually(t, 10*time.Second, func() bool {
		n.value(&now, "%s", sessionPids)
		return len(now) == 1 && now[0] != old[0]
	})
	w.exchange(toolsCall, "lazy dog")
	n.want("false", "is_process_alive(list_to_pid(%q))", old[0])
	n.want("true", "exit(list_to_pid(%q), kill)", old[0])
	n.want("{1,2}", "#{restarts := R, incarnation := I} = sys:get_state(list_to_pid(%q)), {R,I}", now[0])
	n.want("1", "lists:sum([R || #{id := sessions, children := Cs} <- maps:get(children, erlmcp:tree()), #{restarted := R} <- Cs])")
	n.want("{exited,bye}", "try exit(self(), bye) catch exit:E -> {exited,E} end")
	n.want("true", "exit(list_to_pid(%q), shutdown)", now[0])
	testutil.Eventually(t, 10*time.Second, func() bool { return n.ask("%s", sessionPids).Value == "[]" })
}
