package repl

import (
	"strconv"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// explain gives notes on the arguments of a call that a native refused, in the
// words of erl_erts_errors and erl_stdlib_errors.
func explain(f mfa, args []Term) map[int]string {
	if f.module == "io" && (f.name == "format" || f.name == "fwrite") {
		return explainFormat(args)
	}
	notes := map[int]string{}
	for i, want := range expectations[f.module+":"+f.name+"/"+strconv.Itoa(f.arity)] {
		if e := expectationsOf[want]; e.ok != nil && i < len(args) && !e.ok(args[i]) {
			notes[i+1] = e.text
		}
	}
	if len(notes) == 0 {
		if n := ranges[f.name]; f.module == "erlang" && n > 0 {
			notes[n] = "out of range"
		} else if text := unreadable[f.name]; text != "" {
			notes[1] = text
		}
	}
	return notes
}

func explainFormat(args []Term) map[int]string {
	if len(args) == 0 {
		return nil
	}
	last := len(args)
	if last > 1 {
		if _, ok := term.Slice(args[last-1]); !ok {
			return map[int]string{last: "not a list"}
		}
	}
	switch args[max(last-2, 0)].(type) {
	case Atom, Bits, *Cons, Nil:
		return map[int]string{max(last-1, 1): "wrong number of arguments"}
	}
	return map[int]string{max(last-1, 1): "not a valid format string"}
}

// expectation is what an argument should be.
type expectation struct {
	text string
	ok   func(Term) bool
}

// expectationsOf are the expectations by a letter.
var expectationsOf = map[byte]expectation{
	'a': {"not an atom", is[Atom]},
	'b': {"not a binary", func(t Term) bool { b, ok := t.(Bits); return ok && b.IsBinary() }},
	'B': {"not a bitstring", is[Bits]},
	'c': {"not a nonempty list", is[*Cons]},
	'f': {"not a float", is[Float]},
	'F': {"not a function", is[*Fun]},
	'i': {"not an integer", term.IsInteger},
	'l': {"not a list", func(t Term) bool { _, ok := term.Slice(t); return ok }},
	'n': {"not a number", term.IsNumber},
	'o': {"not an iolist term", func(Term) bool { return false }},
	'p': {"not a pid", is[Pid]},
	'r': {"not a reference", is[Ref]},
	't': {"not a tuple", is[Tuple]},
	'm': {"not a map", is[*Map]},
}

// expectations are the types of arguments by function, a letter each; - is any.
var expectations = map[string][]byte{
	"erlang:abs/1": []byte("n"), "erlang:ceil/1": []byte("n"), "erlang:floor/1": []byte("n"),
	"erlang:round/1": []byte("n"), "erlang:trunc/1": []byte("n"), "erlang:float/1": []byte("n"),
	"erlang:hd/1": []byte("c"), "erlang:tl/1": []byte("c"), "erlang:length/1": []byte("l"),
	"erlang:element/2": []byte("it"), "erlang:setelement/3": []byte("it"), "erlang:tuple_size/1": []byte("t"),
	"erlang:tuple_to_list/1": []byte("t"), "erlang:list_to_tuple/1": []byte("l"),
	"erlang:append_element/2": []byte("t"), "erlang:insert_element/3": []byte("it"),
	"erlang:delete_element/2": []byte("it"), "erlang:byte_size/1": []byte("B"), "erlang:bit_size/1": []byte("B"),
	"erlang:atom_to_list/1": []byte("a"), "erlang:atom_to_binary/1": []byte("a"),
	"erlang:list_to_atom/1": []byte("l"), "erlang:binary_to_atom/1": []byte("b"),
	"erlang:integer_to_list/1": []byte("i"), "erlang:integer_to_list/2": []byte("ii"),
	"erlang:integer_to_binary/1": []byte("i"), "erlang:list_to_integer/1": []byte("l"),
	"erlang:binary_to_integer/1": []byte("b"), "erlang:float_to_list/1": []byte("f"),
	"erlang:float_to_binary/1": []byte("f"), "erlang:list_to_float/1": []byte("l"),
	"erlang:binary_to_float/1": []byte("b"), "erlang:binary_to_list/1": []byte("b"),
	"erlang:list_to_binary/1": []byte("o"), "erlang:iolist_to_binary/1": []byte("o"),
	"erlang:iolist_size/1": []byte("o"), "erlang:split_binary/2": []byte("bi"),
	"erlang:binary_part/3": []byte("bii"), "erlang:map_size/1": []byte("m"), "erlang:process_info/1": []byte("p"),
	"erlang:process_info/2": []byte("p-"), "erlang:is_process_alive/1": []byte("p"),
	"erlang:pid_to_list/1": []byte("p"), "erlang:whereis/1": []byte("a"), "erlang:list_to_pid/1": []byte("l"),
	"lists:member/2": []byte("-l"), "lists:keyfind/3": []byte("-il"), "lists:reverse/2": []byte("l-"),
	"maps:from_list/1": []byte("l"), "binary:part/3": []byte("bii"), "binary:at/2": []byte("bi"),
}

// ranges names the argument that is out of range where the types are right.
var ranges = map[string]int{
	"element": 1, "setelement": 1, "delete_element": 1, "insert_element": 1, "split_binary": 2, "binary_part": 2,
}

// unreadable are the notes about text that does not read as what is asked for.
var unreadable = map[string]string{
	"list_to_integer":   "not a textual representation of an integer",
	"binary_to_integer": "not a textual representation of an integer",
	"list_to_float":     "not a textual representation of a float",
	"binary_to_float":   "not a textual representation of a float",
	"list_to_pid":       "not a textual representation of a pid",
	"list_to_ref":       "not a textual representation of a reference",
}
