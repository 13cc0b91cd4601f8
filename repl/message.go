package repl

import (
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// Error gives the message of the shell: the exception on the first line, then
// where it happened and why.
func (e *Exception) Error() string {
	head := "** exception " + string(e.Class) + ": "
	return head + e.explain(len(head)) + e.where()
}

// explain gives the text of the reason, as of column indent.
func (e *Exception) explain(indent int) string {
	if e.text != "" {
		return e.text
	}
	if e.Class == ClassError {
		if s := e.explainError(indent); s != "" {
			return s
		}
	}
	return printAt(e.Reason, indent+1)
}

// printAt prints a term whose first character is in column col, as the shell
// does in its messages: 30 elements deep, 60 characters of content on a line.
func printAt(t Term, col int) string {
	return term.Print(t, term.Style{Width: 80, Column: col, Depth: 30, Content: 60, Unicode: true})
}

// reasons are the texts of reasons that are atoms.
var reasons = map[Atom]string{
	"badarg":        "bad argument",
	"badarith":      "an error occurred when evaluating an arithmetic expression",
	"if_clause":     "no true branch found when evaluating an if expression",
	"noproc":        "no such process or port",
	"notalive":      "the node cannot be part of a distributed system",
	"system_limit":  "a system limit has been reached",
	"timeout_value": "bad receive timeout value",
}

// tagged are the texts of reasons that are pairs, the value following.
var tagged = map[Atom]string{
	"badarg":        "bad argument: ",
	"badkey":        "bad key: ",
	"badmap":        "bad map: ",
	"badfun":        "bad function ",
	"badmatch":      "no match of right hand side value ",
	"case_clause":   "no case clause matching ",
	"try_clause":    "no try clause matching ",
	"else_clause":   "no else clause matching ",
	"bad_filter":    "bad filter ",
	"bad_generator": "bad generator ",
}

// explainError explains the reasons that the shell has words for, "" for others.
func (e *Exception) explainError(indent int) string {
	switch r := e.Reason.(type) {
	case Atom:
		if len(e.Stack) > 0 && e.Stack[0].Args != nil {
			f := e.Stack[0]
			switch r {
			case "function_clause":
				if f.Module == "" {
					return "no function clause matching"
				}
				return f.callBehind("no function clause matching ", indent)
			case "undef":
				return "undefined function " + f.name()
			}
		}
		return reasons[r]
	case Tuple:
		if len(r) != 2 {
			return ""
		}
		tag, _ := r[0].(Atom)
		if s := explainArity(tag, r[1]); s != "" {
			return s
		}
		if name, ok := r[1].(Atom); ok && tag == "unbound" {
			return "variable '" + string(name) + "' is unbound"
		}
		if prefix := tagged[tag]; prefix != "" {
			return e.value(prefix, r[1], indent)
		}
	}
	return ""
}

// value prints a value behind its explanation, or below it where that takes
// fewer lines.
func (e *Exception) value(prefix string, v Term, indent int) string {
	s := printAt(v, indent+len(prefix)+1)
	if n := strings.Count(s, "\n"); n > 1 {
		below := printAt(v, indent+1)
		if strings.Count(below, "\n") < n {
			return prefix + "\n" + strings.Repeat(" ", indent) + below
		}
	}
	return prefix + s
}

// explainArity explains {badarity,{Fun,Args}}.
func explainArity(tag Atom, v Term) string {
	pair, ok := v.(Tuple)
	if tag != "badarity" || !ok || len(pair) != 2 {
		return ""
	}
	f, ok1 := pair[0].(*Fun)
	args, ok2 := term.Slice(pair[1])
	if !ok1 || !ok2 {
		return ""
	}
	name := "interpreted function with arity " + strconv.Itoa(f.Arity)
	if f.Closure == nil {
		name = Frame{Module: string(f.Module), Function: string(f.Name), Arity: f.Arity}.name()
	}
	count := strconv.Itoa(len(args)) + " arguments"
	switch len(args) {
	case 0:
		count = "no arguments"
	case 1:
		count = "one argument"
	case 2:
		count = "two arguments"
	}
	return name + " called with " + count
}

// where gives the lines about the place of the exception.
func (e *Exception) where() string {
	stack := e.Stack
	if e.Class != ClassError || e.text != "" || len(stack) == 0 || stack[0].Module == "" {
		return ""
	}
	if r, ok := e.Reason.(Atom); ok && (r == "function_clause" || r == "undef") {
		return ""
	}
	f := stack[0]
	if f.Args == nil {
		return "\n     in function  " + f.name()
	}
	origin := "function "
	if f.operator() {
		origin = "operator "
	}
	const called = "        called as "
	text := "\n     in " + origin + " " + f.name() + "\n" + called + f.call(len(called))
	for i := 1; i <= len(f.Args); i++ {
		if n := f.Notes[i]; n != "" {
			text += "\n        *** argument " + strconv.Itoa(i) + ": " + n
		}
	}
	if n := f.Notes[0]; n != "" {
		text += "\n        *** " + n
	}
	return text
}

// operator tells whether the frame is of an operator.
func (f Frame) operator() bool {
	if f.Module != "erlang" || f.Arity > 2 {
		return false
	}
	switch f.Function {
	case "+", "-", "not", "bnot":
		return true
	case "*", "/", "div", "rem", "band", "bor", "bxor", "bsl", "bsr", "and", "or", "xor", "++", "--", "!",
		"==", "/=", "<", ">", "=<", ">=", "=:=", "=/=":
		return f.Arity == 2
	}
	return false
}

// title gives the function without its arity; automatically imported ones have
// no module.
func (f Frame) title() string {
	if f.operator() {
		if f.Function == "/" {
			return "'/'"
		}
		return f.Function
	}
	name := term.WriteAtom(Atom(f.Function), false)
	if f.Module == "erlang" && isBIF(f.Function, f.Arity) {
		return name
	}
	return term.WriteAtom(Atom(f.Module), false) + ":" + name
}

func (f Frame) name() string { return f.title() + "/" + strconv.Itoa(f.Arity) }

// call gives the call with its arguments, as of column indent.
func (f Frame) call(indent int) string {
	if f.operator() {
		if len(f.Args) == 1 {
			return f.Function + " " + printAt(f.Args[0], indent+len(f.Function)+2)
		}
		left := printAt(f.Args[0], indent+1)
		return left + " " + f.Function + " " + printAt(f.Args[1], indent+len(left)+len(f.Function)+3)
	}
	title := f.title()
	s := printAt(List(f.Args...), indent+len(title)+1)
	if text, ok := term.Text(List(f.Args...)); ok && text != "" { // arguments that would print as a string
		s = "[" + strings.Join(each(f.Args, func(t Term) string { return Format(t) }), ",") + "]"
	}
	return title + "(" + s[1:len(s)-1] + ")"
}

// callBehind gives the call behind a text, or below it where that takes fewer lines or where behind the text
// there is hardly any room.
func (f Frame) callBehind(text string, indent int) string {
	behind := indent + len(text)
	s, below := f.call(behind), f.call(indent)
	narrow := strings.Contains(printAt(List(Atom("a2345"), Atom("b2345")), behind+len(f.title())+1), "\n")
	if narrow || strings.Count(below, "\n") < strings.Count(s, "\n") {
		return strings.TrimRight(text, " ") + "\n" + strings.Repeat(" ", indent) + below
	}
	return text + s
}

func each(list []Term, f func(Term) string) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = f(t)
	}
	return out
}
