package repl

import (
	"strconv"
	"strings"
)

// access is the closed table of system-dependent functions: module, the role
// that each group needs, and the functions as Name/Arity. A function that is
// not here is never asked of an Inspector.
var access = []struct {
	module    string
	role      Role
	functions string
}{
	{"erlang", Viewer, "node/0 nodes/0 nodes/1 is_alive/0 self/0 processes/0 registered/0 whereis/1 ports/0 " +
		"port_info/1 port_info/2 process_info/1 process_info/2 is_process_alive/1 memory/0 memory/1 " +
		"system_info/1 statistics/1 group_leader/0"},
	{"erlang", Operator, "garbage_collect/0 garbage_collect/1 garbage_collect_all/0"},
	{"erlang", Admin, "exit/2"},
	{"supervisor", Viewer, "which_children/1 count_children/1 get_childspec/2"},
	{"supervisor", Operator, "restart_child/2"},
	{"supervisor", Admin, "terminate_child/2 delete_child/2"},
	{"sys", Viewer, "get_state/1 get_state/2 get_status/1 get_status/2"},
	{"recon", Viewer, "proc_count/2 proc_window/3 info/1 info/2 info/3 info/4 node_stats_list/2 " +
		"scheduler_usage/1 inet_count/2 inet_window/3 port_types/0 tcp/0 get_state/1 get_state/2"},
	{"recon", Operator, "bin_leak/1"},
	{"recon_alloc", Viewer, "memory/1"},
	{"net_adm", Viewer, "ping/1 names/0"},
	{"net_kernel", Viewer, "connect_node/1"},
	{"rpc", Viewer, "call/4 call/5 multicall/3 multicall/4"},
	{"application", Viewer, "which_applications/0 get_env/2 get_all_env/1"},
	{"init", Viewer, "get_status/0"},
	{"init", Admin, "stop/0 stop/1 restart/0"},
	{"ets", Viewer, "all/0 info/1 info/2"},
	{"erlmcp", Viewer, "sessions/0 sessions/1 session/1 connections/0 connections/1 tools/0 resources/0 prompts/0 " +
		"config/0 config/1 status/0 version/0 log_level/0 tree/0 members/0 uptime/0"},
	{"erlmcp", Operator, "kick/1 log_level/1 reload_config/0"},
	{"erlmcp", Admin, "drain/0"},
}

// System gives the system-dependent functions as module:name/arity with the
// role each needs, in the order of the table.
func System() []SystemFunction {
	var list []SystemFunction
	for _, g := range access {
		for _, name := range strings.Fields(g.functions) {
			n, arity, _ := strings.Cut(name, "/")
			a, _ := strconv.Atoi(arity)
			list = append(list, SystemFunction{g.module, n, a, g.role})
		}
	}
	return list
}

// SystemFunction is a function that an Inspector may answer.
type SystemFunction struct {
	Module, Name string
	Arity        int
	Role         Role
}

// String gives the function as module:name/arity.
func (f SystemFunction) String() string { return mfa{f.Module, f.Name, f.Arity}.String() }

// accessTable gives the role that each system-dependent function needs.
func accessTable() map[mfa]Role {
	roles := map[mfa]Role{}
	for _, f := range System() {
		roles[mfa{f.Module, f.Name, f.Arity}] = f.Role
	}
	return roles
}

// inspect asks the inspector for a system-dependent function; false when
// neither it nor a node alone has it.
func (m *machine) inspect(f mfa, args []Term) (Term, bool, error) {
	role, ok := m.shell.roles[f]
	if !ok {
		return nil, false, nil
	}
	if err := m.shell.allow(f, role); err != nil {
		return nil, false, err
	}
	if !fits(f, args) {
		return nil, false, badarg
	}
	if i := m.shell.o.Inspector; i != nil {
		v, ok, err := i.Call(m.ctx, f.module, f.name, args)
		if err != nil {
			if m.ctx.Err() != nil {
				return nil, false, m.kill(ended(m.ctx))
			}
			return nil, false, err
		}
		if ok {
			return v, true, m.step(1)
		}
	}
	return alone(f)
}

// allow reports a call of a system-dependent function and checks the role that it needs.
func (s *Shell) allow(f mfa, needs Role) error {
	allowed := needs <= s.o.Role
	if s.o.Called != nil {
		s.o.Called(SystemFunction{f.module, f.name, f.arity, needs}, allowed)
	}
	if !allowed {
		return denied(f, needs)
	}
	return nil
}

// fits checks the types of arguments that an inspector need not look at.
func fits(f mfa, args []Term) bool {
	if f.module != "erlang" || f.arity == 0 {
		return true
	}
	pid, isPid := args[0].(Pid)
	switch f.name {
	case "process_info", "is_process_alive", "garbage_collect":
		return isPid && pid.Node == 0 // of this node only, as in OTP
	case "exit":
		return isPid || is[Port](args[0])
	case "whereis", "system_info", "statistics":
		return is[Atom](args[0])
	}
	return true
}

// Denied makes the exception of a call that the role does not allow.
func Denied(f SystemFunction) *Exception {
	return denied(mfa{f.Module, f.Name, f.Arity}, f.Role).(*Exception)
}

// denied is the exception of a call that the role does not allow.
func denied(f mfa, role Role) error {
	return &Exception{Class: ClassError, Denied: true,
		Reason: Tuple{Atom("denied"), Tuple{Atom(f.module), Atom(f.name), Int(f.arity)}, Atom(role.String())},
		text:   "denied: " + f.String() + " needs the role " + role.String()}
}

// alone answers for a node without distribution.
func alone(f mfa) (Term, bool, error) {
	switch f {
	case mfa{"erlang", "node", 0}:
		return Atom("nonode@nohost"), true, nil
	case mfa{"erlang", "nodes", 0}, mfa{"erlang", "nodes", 1}:
		return Nil{}, true, nil
	case mfa{"erlang", "is_alive", 0}:
		return False, true, nil
	case mfa{"erlang", "self", 0}:
		return Pid{ID: 81}, true, nil
	}
	return nil, false, nil
}
