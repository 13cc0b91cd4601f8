package repl

import (
	"slices"
	"strings"
)

// helpTexts has a line for each system-dependent function: the call as it is written, and what it gives.
// Functions of several arities that do the same share one.
const helpTexts = `
erlang:node() -- name of this node
erlang:nodes(), erlang:nodes(Kind) -- names of the other nodes; Kind: visible, hidden, connected, known, this
erlang:is_alive() -- whether the node is in a cluster
erlang:self() -- pid of this shell
erlang:processes() -- pids of all supervised actors, the oldest first, and of this shell
erlang:registered() -- names of supervisors and services
erlang:whereis(Name) -- pid of a registered name, or undefined
erlang:is_process_alive(Pid) -- whether the process runs
erlang:process_info(Pid), erlang:process_info(Pid, Key) -- what is known of a process; reductions are messages handled and microseconds of handlers
erlang:exit(Pid, Reason) -- end a process; a supervisor only takes kill
erlang:ports() -- clients' connections and event streams as ports
erlang:port_info(Port), erlang:port_info(Port, Key) -- a connection; input and output are bytes as the kernel counts them, undefined where it does not
erlang:memory(), erlang:memory(Key) -- bytes; total is what the process has mapped and not given back, processes the heap and stacks, system the rest
erlang:system_info(Key) -- limits, counts and versions; process_limit are sessions, port_limit connections
erlang:statistics(Key) -- run_queue, reductions, io, runtime, wall_clock, garbage_collection and more, of the whole process
erlang:group_leader() -- pid of the root supervisor
erlang:garbage_collect(), erlang:garbage_collect(Pid) -- collect garbage; the heap is shared, so each collection is of all
erlang:garbage_collect_all() -- collect garbage and return memory to the system; an extension, gives the number of bytes returned
supervisor:which_children(Sup) -- [{Id,Pid,Type,Modules}]
supervisor:count_children(Sup) -- numbers of specs, active children, supervisors and workers
supervisor:get_childspec(Sup, Id) -- {ok,Spec}
supervisor:restart_child(Sup, Id) -- start a child that was terminated
supervisor:terminate_child(Sup, Id) -- stop a child
supervisor:delete_child(Sup, Id) -- forget a child that was terminated
sys:get_state(Name), sys:get_state(Name, Timeout) -- state of a process
sys:get_status(Name), sys:get_status(Name, Timeout) -- state and surroundings of a process
recon:proc_count(Attribute, N) -- the N processes with most reductions, memory or message_queue_len
recon:proc_window(Attribute, N, Ms) -- the same, by the increase during Ms milliseconds
recon:info(Pid), recon:info(Pid, Key), recon:info(X, Y, Z), recon:info(X, Y, Z, Key) -- a process, in groups
recon:node_stats_list(N, Ms) -- N times, each Ms milliseconds: {Absolutes,Increments} of the node
recon:scheduler_usage(Ms) -- [{Scheduler,Share}] over Ms milliseconds; each has the mean of all
recon:inet_count(Attribute, N) -- the N connections with most oct, recv_oct, send_oct, cnt, recv_cnt or send_cnt
recon:inet_window(Attribute, N, Ms) -- the same, by the increase during Ms milliseconds
recon:port_types() -- numbers of ports by type
recon:tcp() -- ports that are connections over TCP
recon:get_state(Name), recon:get_state(Name, Timeout) -- as sys:get_state
recon:bin_leak(N) -- collects garbage; there are no binaries beside the heap, so nothing leaks: all are 0
recon_alloc:memory(Key) -- bytes used, unused or allocated, or usage, their ratio
net_adm:ping(Node) -- pong or pang
net_adm:names() -- {ok,[{Name,Port}]} of the nodes at this address
net_kernel:connect_node(Node) -- whether the node is connected; it joins by itself
rpc:call(Node, M, F, Args), rpc:call(Node, M, F, Args, Timeout) -- call a function on a node
rpc:multicall(M, F, Args), rpc:multicall(Nodes, M, F, Args) -- call a function on all nodes, or some: {Results,BadNodes}
application:which_applications() -- [{Name,Description,Version}]
application:get_env(App, Key) -- a value of the configuration, {ok,Value} or undefined
application:get_all_env(App) -- the configuration
init:get_status() -- {started,started}, or {stopping,stopping}
init:stop(), init:stop(0) -- drain the node and end its process
init:restart() -- drain the node and start it again in its process
ets:all() -- []: there are no tables
ets:info(Table), ets:info(Table, Key) -- undefined: there are no tables
erlmcp:status() -- how the node is, as a map
erlmcp:uptime() -- seconds since the start
erlmcp:version() -- of the program
erlmcp:members() -- the nodes of the cluster as this one sees them
erlmcp:tree() -- the supervision tree with counts and restarts
erlmcp:sessions(), erlmcp:sessions(Filter) -- clients' sessions on this node; Filter: a transport, a number, or a list of both
erlmcp:session(Id) -- one session, by id or pid
erlmcp:kick(Id) -- end a session, wherever in the cluster it is
erlmcp:connections(), erlmcp:connections(Transport) -- numbers of connections by transport, or those of one
erlmcp:tools() -- names of the tools that clients see
erlmcp:resources() -- URIs of the resources that clients see
erlmcp:prompts() -- names of the prompts that clients see
erlmcp:config(), erlmcp:config(Key) -- the configuration with the origin of each value, secrets hidden
erlmcp:reload_config() -- read the configuration again; says what is applied and what needs a restart
erlmcp:log_level(), erlmcp:log_level(Level) -- levels by subsystem; Level or {Subsystem,Level} sets one, debug to none
erlmcp:drain() -- take the node out of service; it cannot be undone, init:restart() comes next
`

// helpModule is the text of help(Module); false for a module without functions of its own here.
func helpModule(module string) (string, bool) {
	var b strings.Builder
	for line := range strings.Lines(helpTexts) {
		if calls, about, ok := strings.Cut(line, " -- "); ok && strings.HasPrefix(calls, module+":") {
			b.WriteString(calls + "\n    " + about)
		}
	}
	return b.String(), b.Len() > 0
}

// helpModules lists the modules that help(Module) knows, sorted.
func helpModules() []string {
	var names []string
	for _, f := range System() {
		names = append(names, f.Module)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
