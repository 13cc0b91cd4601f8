package erlmcp_test

import (
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestSupervisorsOfANode(t *testing.T) {
	n := inspectedNode(t)
	for range 120 {
		n.session()
	}
	n.want("[{drainer,worker},{minority,worker},{memory,worker},{admin,supervisor}, {listeners,supervisor},{features,worker},{sessions,supervisor}]",
		"[{I,T} || {I,P,T,M} <- supervisor:which_children(root), is_pid(P), is_list(M)]")
	n.want("[{specs,2},{active,2},{supervisors,0},{workers,2}]", "supervisor:count_children(whereis(listeners))")
	n.want("true", "All = lists:append([supervisor:which_children(P) || {_,P,_,_} <- supervisor:which_children(sessions)]), "+
		"lists:sort([P || {undefined,P,worker,[session]} <- All]) =:= %s", sessionPids)
	n.want("120", "lists:sum([proplists:get_value(active, supervisor:count_children(P)) || {_,P,_,_} <- supervisor:which_children(sessions)])")
	n.want("{ok,#{id => http,modules => [service],restart => transient,shutdown => 12000, significant => false,start => {service,start_link,[http]},type => worker}}",
		"supervisor:get_childspec({listeners,node()}, http)")
	n.want("{error,not_found}", "supervisor:get_childspec(listeners, nothing)")
	n.want("{ok,transient}", "P = whereis(sessions_0), [{_,C,_,_}|_] = supervisor:which_children(P), {ok,#{restart := R}} = supervisor:get_childspec(P, C), {ok,R}")
	n.want("{noproc,{gen_server,call,[nosuch_sup,which_children,infinity]}}", "try supervisor:which_children(nosuch_sup) catch exit:E -> E end")
	n.want("{noproc,{gen_server,call,[nosuch_sup,{terminate_child,a},infinity]}}", "try supervisor:terminate_child(nosuch_sup, a) catch exit:E -> E end")
	n.want("not_a_supervisor", "try supervisor:which_children(features) catch exit:{E,_} -> E end")
	n.want("{error,simple_one_for_one}", "supervisor:terminate_child(sessions_0, session)")
	n.want("{error,simple_one_for_one}", "supervisor:restart_child(sessions_0, session)")
	n.want("{error,running}", "supervisor:delete_child(root, features)")
	n.want("{error,running}", "supervisor:restart_child(root, features)")
	n.want("{error,not_found}", "supervisor:terminate_child(listeners, hd(%s))", sessionPids)
}

func TestListenerIsStoppedAndStarted(t *testing.T) {
	n := inspectedNode(t)
	n.session().exchange(ping, `"result":{}`)
	n.want("ok", "supervisor:terminate_child(listeners, http)")
	n.want("{http,undefined,worker,[service]}", "lists:keyfind(http, 1, supervisor:which_children(listeners))")
	n.want("[{specs,2},{active,1},{supervisors,0},{workers,2}]", "supervisor:count_children(listeners)")
	n.want("down", "hd([S || #{id := listeners, children := Cs} <- maps:get(children, erlmcp:tree()), #{id := http, status := S} <- Cs])")
	n.want("true", "{ok,P} = supervisor:restart_child(listeners, http), P =:= whereis(http)")
	n.want("[{specs,2},{active,2},{supervisors,0},{workers,2}]", "supervisor:count_children(listeners)")
}

func TestSessionIsTerminatedByItsPid(t *testing.T) {
	n := inspectedNode(t)
	for range 20 {
		n.session()
	}
	n.want("ok", "[{S,C}|_] = [{S,C} || {_,S,_,_} <- supervisor:which_children(sessions), {_,C,_,_} <- supervisor:which_children(S)], "+
		"ok = supervisor:terminate_child(S, C), false = is_process_alive(C), ok = supervisor:terminate_child(S, C)")
	testutil.Eventually(t, 10*time.Second, func() bool { return n.ask("length(%s)", sessionPids).Value == "19" })
}

func TestStateOfProcesses(t *testing.T) {
	n := inspectedNode(t)
	n.session()
	n.want("{state,{local,root},rest_for_one,3,120,[],0,never,supervisor,[root]}",
		"{state,N,St,{Ids,Cs},undefined,I,P,R,D,A,M,As} = sys:get_state(root), true = lists:sort(Ids) =:= maps:keys(Cs), {state,N,St,I,P,R,D,A,M,As}")
	n.want("{child,true,features,{service,start_link,[features]},permanent,false,5000,worker, [service]}",
		"{_,_,_,{_,#{features := C}},_,_,_,_,_,_,_,_} = sys:get_state(root), setelement(2, C, element(2, C) =:= whereis(features))")
	n.want("{simple_one_for_one,[session],1}",
		"hd([{St,Ids,maps:size(M)} || {_,P,_,_} <- supervisor:which_children(sessions), {_,_,St,{Ids,_},{maps,M},_,_,_,_,_,_,_} <- [sys:get_state(P)], maps:size(M) > 0])")
	n.want("{<<\"b\">>,ws,<<\"2025-11-25\">>,true}", "#{client := C, transport := T, revision := R, connected := U} = sys:get_state(hd(%s)), {C,T,R,U}", sessionPids)
	n.want("{features,service,0}", "#{name := N, kind := K, restarts := R} = sys:get_state(features), {N,K,R}")
	n.want("true", "recon:get_state(root, 1000) =:= sys:get_state(root)")
	n.want("{noproc,{sys,get_state,[nobody]}}", "try sys:get_state(nobody) catch exit:E -> E end")
	n.want("{\"Status for generic server root\",[{\"Callback\",supervisor}]}",
		"P = whereis(root), {status,P,{module,gen_server},[_,running,undefined,[],[{header,H},{data,_},{data,[{\"State\",S}]},{supervisor,C}]]} = sys:get_status(root), S = sys:get_state(root), {H,C}")
}

func TestTreeCollapsesSessions(t *testing.T) {
	n := inspectedNode(t)
	for range 50 {
		n.session()
	}
	n.want("{root,rest_for_one,up}", "#{id := I, strategy := S, status := U} = erlmcp:tree(), {I,S,U}")
	n.want("[sessions,features,listeners,admin,memory,minority,drainer]", "[I || #{id := I} <- maps:get(children, erlmcp:tree())]")
	n.want("50", "lists:sum([N || #{id := sessions, children := Ps} <- maps:get(children, erlmcp:tree()), #{children := [#{id := session, count := N}]} <- Ps])")
}
