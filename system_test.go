package erlmcp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/repl"
)

// numbers asks for a list of {Key, Integer}.
func (n inspected) numbers(expression string) map[string]int {
	n.tb.Helper()
	var pairs [][2]any
	n.value(&pairs, "%s", expression)
	values := map[string]int{}
	for _, p := range pairs {
		values[p[0].(string)] = int(p[1].(float64))
	}
	return values
}

func TestMemoryAddsUpAndFollows(t *testing.T) {
	n := inspectedNode(t)
	m := n.numbers("erlang:memory().")
	if m["total"] != m["processes"]+m["system"] || m["processes_used"] > m["processes"] || m["processes_used"] <= 0 {
		t.Errorf("memory does not add up: %v", m)
	}
	n.want("[total,processes,processes_used,system,atom,atom_used,binary,code,ets]", "[K || {K, _} <- erlang:memory()].")
	n.want("[system,total]", "[K || {K, V} <- erlang:memory([system, total]), is_integer(V)].")

	before := n.numbers("erlang:memory().")["total"]
	ballast := make([][]byte, 64)
	for i := range ballast {
		ballast[i] = make([]byte, 1<<20)
	}
	n.want("true", "erlang:garbage_collect().")
	if held := n.numbers("erlang:memory().")["total"]; held < before+32<<20 {
		t.Errorf("total was %d, and is %d while 64 MiB more are held", before, held)
	}
	for i := range ballast {
		ballast[i] = nil
	}
	var freed int
	n.value(&freed, "erlang:garbage_collect_all().")
	if freed < 32<<20 {
		t.Errorf("collecting gave back %d bytes of 64 MiB", freed)
	}
	n.want("true", "erlang:garbage_collect(whereis(root)).")
	n.want("false", `erlang:garbage_collect(list_to_pid("<0.999999.0>")).`)
	for _, wrong := range []string{"erlang:memory(nothing).", "erlang:memory([total, nothing]).", "erlang:memory([[total]])."} {
		if got := n.ask("%s", wrong); !strings.Contains(got.Error, "bad argument") {
			t.Errorf("%s: got %s %s", wrong, got.Value, got.Error)
		}
	}
}

func TestACollectionForEachProcessIsNotOneEach(t *testing.T) {
	n := inspectedNode(t)
	for range 50 {
		n.session()
	}
	n.want("true", "{Before, _, 0} = erlang:statistics(garbage_collection), "+
		"Asked = length([P || P <- erlang:processes(), erlang:garbage_collect(P)]), "+
		"{After, _, 0} = erlang:statistics(garbage_collection), Asked > 50 andalso After > Before andalso After - Before < Asked.")
}

func TestEachKeyOfSystemInfoHasItsShape(t *testing.T) {
	n := inspectedNode(t)
	shapes := map[string]string{
		"is_integer(V)": "process_count process_limit port_count port_limit ets_count ets_limit atom_count atom_limit schedulers " +
			"schedulers_online logical_processors dirty_cpu_schedulers dirty_io_schedulers wordsize start_time",
		"is_boolean(V)":                       "smp_support threads kernel_poll",
		"is_atom(V)":                          "heap_type multi_scheduling",
		"io_lib:printable_list(V)":            "otp_release version system_version system_architecture",
		"{fullsweep_after, 0} =:= V":          "fullsweep_after",
		"element(1, V) =:= min_heap_size":     "min_heap_size",
		"is_integer(element(2, hd(V)))":       "garbage_collection",
		"element(1,V) =:= min_bin_vheap_size": "min_bin_vheap_size",
	}
	for shape, keys := range shapes {
		for _, key := range strings.Fields(keys) {
			n.want("true", "V = erlang:system_info(%s), %s.", key, shape)
		}
	}
	n.want("true", "erlang:system_info(process_count) =:= length(processes()).")
}

func TestStatisticsTellWhatHappens(t *testing.T) {
	n := inspectedNode(t)
	for shape, keys := range map[string]string{
		"is_integer(V) andalso V >= 0":                     "run_queue total_run_queue_lengths total_run_queue_lengths_all total_active_tasks",
		"length(V) =:= erlang:system_info(schedulers) + 1": "run_queue_lengths active_tasks",
		"length(V) =:= erlang:system_info(schedulers) + 2": "run_queue_lengths_all active_tasks_all",
		"V =:= undefined":                                  "scheduler_wall_time",
		"is_integer(element(1, V))":                        "reductions exact_reductions runtime wall_clock context_switches garbage_collection",
	} {
		for _, key := range strings.Fields(keys) {
			n.want("true", "V = erlang:statistics(%s), %s.", key, shape)
		}
	}
	client := n.session()
	const before = "{_, _} = erlang:statistics(reductions), {{input, I}, {output, O}} = erlang:statistics(io), {I, O}."
	var was, is [2]int
	n.value(&was, before)
	for range 50 {
		client.exchange(toolsCall, "quick brown")
	}
	n.value(&is, "{{input, I}, {output, O}} = erlang:statistics(io), {I, O}.")
	if in := is[0] - was[0]; in < 50*len(toolsCall) {
		t.Errorf("50 calls of %d bytes came in, io says %d", len(toolsCall), in)
	}
	n.want("true", "{_, Since} = erlang:statistics(reductions), Since >= 50.")
}

func TestReconOfTheNode(t *testing.T) {
	n := inspectedNode(t)
	busy, idle := n.session(), n.session()
	for range 30 {
		busy.exchange(toolsCall, "quick brown")
	}
	idle.exchange(ping, "result")
	n.want("true", "[{P, Octets, [{recv_oct, R}, {send_oct, S}]}, {_, Less, _}] = recon:inet_count(oct, 5), "+
		"Octets =:= R + S andalso Octets > Less andalso lists:member(P, erlang:ports()) andalso R > %d.", 30*len(toolsCall))
	n.want(`{connected,true}`, `P = hd(recon:tcp()), {connected, Pid} = erlang:port_info(P, connected), {connected, is_process_alive(Pid)}.`)
	n.want("[name,links,id,connected,input,output,os_pid]", "[K || {K, _} <- erlang:port_info(hd(erlang:ports()))].")
	n.want(`[{"tcp_inet",2}]`, "recon:port_types().")
	n.want("true", "Usage = recon:scheduler_usage(20), length(Usage) =:= erlang:system_info(schedulers) andalso lists:all(fun({_, U}) -> U >= 0 andalso U =< 1 end, Usage).")
	n.want("[process_count,run_queue,memory_total,memory_procs,memory_atoms,memory_bin,memory_ets]",
		"[{Absolutes, _}, _] = recon:node_stats_list(2, 10), [K || {K, _} <- Absolutes].")
	n.want("[bytes_in,bytes_out,gc_count,gc_words_reclaimed,reductions,scheduler_usage]",
		"[{_, Increments}] = recon:node_stats_list(1, 10), [K || {K, _} <- Increments].")
	n.want("ok", "recon:node_stats_print(1, 5).")
	n.want("[]", "recon:inet_window(oct, 0, 5).")
	n.want("{error,address}", "net_adm:names().")
	n.want("ignored", "net_kernel:connect_node(somewhere@h).")
}

// TestEachSystemFunctionIsOffered finds functions that the shell would ask for and no node has.
func TestEachSystemFunctionIsOffered(t *testing.T) {
	n := inspectedNode(t)
	elsewhere := []string{"rpc:call/5", "rpc:multicall/4"} // with a time-out last, which is not looked at here
	for _, f := range repl.System() {
		name := fmt.Sprintf("%s:%s/%d", f.Module, f.Name, f.Arity)
		if slices.Contains(elsewhere, name) || f.Module == "init" || f.Name == "drain" {
			continue
		}
		args := strings.TrimSuffix(strings.Repeat("{},", f.Arity), ",")
		if got := n.ask("%s:%s(%s).", f.Module, f.Name, args); strings.Contains(got.Error, "undefined function") && f.Module != "erlmcp" {
			t.Errorf("%s is in the table, and no node has it: %s", name, got.Error)
		}
	}
	if got := n.ask("timer:sleep(1)."); got.Class != "" {
		t.Errorf("the node does not answer any more: %s", got.Error)
	}
}
