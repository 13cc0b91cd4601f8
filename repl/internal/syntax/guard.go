package syntax

import (
	"strconv"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// guardFunctions are the functions that a guard may call, as Name/Arity.
var guardFunctions = setOf(
	"abs/1", "binary_part/2", "binary_part/3", "bit_size/1", "byte_size/1", "ceil/1", "element/2", "float/1",
	"floor/1", "hd/1", "is_map_key/2", "length/1", "map_get/2", "map_size/1", "node/0", "node/1",
	"round/1", "self/0", "size/1", "tl/1", "trunc/1", "tuple_size/1",
	"is_atom/1", "is_binary/1", "is_bitstring/1", "is_boolean/1", "is_float/1", "is_function/1", "is_function/2",
	"is_integer/1", "is_list/1", "is_map/1", "is_number/1", "is_pid/1", "is_port/1", "is_reference/1", "is_tuple/1",
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// guard checks an expression of a guard.
func (c *checker) guard(n Node, v vars) {
	if bad := illegalInGuard(n); bad != nil {
		c.illegalGuard(bad)
		return
	}
	c.expr(n, v)
}

func (c *checker) illegalGuard(n Node) {
	if call, ok := n.(*Call); ok && call.Module == nil {
		if lit, ok := call.Func.(*Literal); ok {
			if name, ok := lit.Value.(term.Atom); ok {
				c.fail(n.Pos(), "call to local/imported function %s is illegal in guard", callName(name, call))
				return
			}
		}
	}
	c.fail(n.Pos(), "illegal guard expression")
}

func callName(name term.Atom, call *Call) string {
	return term.WriteAtom(name, false) + "/" + strconv.Itoa(len(call.Args))
}

// IsGuardTest tells whether an expression may stand in a guard; a filter of a
// comprehension that does is evaluated as one: what is not true is false.
func IsGuardTest(n Node) bool { return illegalInGuard(n) == nil }

// illegalInGuard finds a part that a guard may not have.
//
//lint:dispatch-table
func illegalInGuard(n Node) Node {
	switch x := n.(type) {
	case nil, *Literal, *Str, *Var:
		return nil
	case *Tuple:
		return firstIllegal(x.Elems)
	case *Cons:
		return firstIllegal([]Node{x.Head, x.Tail})
	case *MapExpr:
		for _, f := range x.Fields {
			if bad := firstIllegal([]Node{f.Key, f.Value}); bad != nil {
				return bad
			}
		}
		if x.Base != nil {
			return illegalInGuard(x.Base)
		}
		return nil
	case *Binary:
		for i := range x.Segments {
			s := &x.Segments[i]
			if bad := firstIllegal([]Node{s.Value, s.Size}); bad != nil {
				return bad
			}
		}
		return nil
	case *Unary:
		return illegalInGuard(x.X)
	case *Binop:
		if x.Op == "!" || x.Op == "++" || x.Op == "--" {
			return x
		}
		return firstIllegal([]Node{x.L, x.R})
	case *Call:
		return illegalCall(x)
	}
	return n
}

func firstIllegal(nodes []Node) Node {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		if bad := illegalInGuard(n); bad != nil {
			return bad
		}
	}
	return nil
}

func illegalCall(x *Call) Node {
	if x.Module != nil {
		if lit, ok := x.Module.(*Literal); !ok || lit.Value != term.Term(term.Atom("erlang")) {
			return x
		}
	}
	lit, ok := x.Func.(*Literal)
	if !ok {
		return x
	}
	name, ok := lit.Value.(term.Atom)
	if !ok || !guardFunctions[string(name)+"/"+strconv.Itoa(len(x.Args))] {
		return x
	}
	return firstIllegal(x.Args)
}
