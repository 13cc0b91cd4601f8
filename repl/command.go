package repl

import (
	"errors"
	"strconv"
	"strings"

	"github.com/erlmcp/erlmcp/repl/internal/syntax"
)

// ErrQuit is what Eval gives for the command q().
var ErrQuit = errors.New("repl: quit")

// help is the text of help().
const help = `** shell internal commands **
b()        -- display all variable bindings
f()        -- forget all variable bindings
f(X)       -- forget the binding of variable X
h()        -- history
v(N)       -- use the value of query <N>
help()     -- help info
help(M)    -- functions of a module that are about the node
q()        -- quit: leaves this shell, the node lives on
** commands about the node **
i()        -- information about the system
regs()     -- information about registered processes
pid(X,Y,Z) -- convert X,Y,Z to a pid
erlang:garbage_collect_all()
           -- collect garbage everywhere and return memory to the system;
              an extension, gives the number of bytes returned
`

// command runs a command of the shell; false when there is none of this name.
func (m *machine) command(name string, x *syntax.Call, s *scope) (Term, bool, error) {
	sh := m.shell
	switch name + "/" + strconv.Itoa(len(x.Args)) {
	case "f/0":
		sh.vars, s.vars = nil, nil
		return Atom("ok"), true, nil
	case "f/1":
		v, ok := x.Args[0].(*syntax.Var)
		if !ok {
			return nil, true, badarg
		}
		sh.vars = sh.forget(v.Name)
		s.vars = sh.vars
		return Atom("ok"), true, nil
	case "b/0":
		return Atom("ok"), true, m.showBindings()
	case "h/0":
		return Atom("ok"), true, m.showHistory()
	case "v/1":
		n, err := m.eval(x.Args[0], s)
		if err != nil {
			return nil, true, err
		}
		return sh.result(n)
	case "help/0":
		return True, true, m.print(help + "help(M) knows: " + strings.Join(helpModules(), " ") + "\n")
	case "help/1":
		v, err := m.helpOn(x.Args[0], s)
		return v, true, err
	case "q/0":
		return nil, true, ErrQuit
	case "pid/3":
		v, err := m.pidOf(x.Args, s)
		return v, true, err
	case "i/0", "regs/0", "nregs/0":
		v, err := m.call("c", name)
		return v, true, err
	}
	return nil, false, nil
}

func (m *machine) helpOn(arg syntax.Node, s *scope) (Term, error) {
	module, err := m.eval(arg, s)
	if err != nil {
		return nil, err
	}
	name, ok := module.(Atom)
	if !ok {
		return nil, badarg
	}
	text, known := helpModule(string(name))
	if !known {
		return Tuple{Atom("error"), Atom("missing")}, nil
	}
	return True, m.print(text)
}

func (m *machine) showBindings() error {
	for _, name := range m.shell.Variables() {
		v, _ := m.shell.vars.lookup(name)
		if err := m.print(name + " = " + printAt(v, len(name)+4) + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) showHistory() error {
	for _, e := range m.shell.history {
		n := strconv.Itoa(e.number)
		if err := m.print(n + ": " + e.text + "\n-> " + printAt(e.value, 4) + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// result gives the value of an expression of the history, by its number or
// counted from the end.
func (s *Shell) result(n Term) (Term, bool, error) {
	i, ok := n.(Int)
	if !ok {
		return nil, true, badarg
	}
	if i < 0 {
		i += Int(s.count)
	}
	for _, e := range s.history {
		if Int(e.number) == i {
			return e.value, true, nil
		}
	}
	return nil, true, Raise(ClassError, Tuple{Atom("no_command"), n})
}

func (m *machine) pidOf(args []syntax.Node, s *scope) (Term, error) {
	vals, err := m.evalAll(args, s)
	if err != nil {
		return nil, err
	}
	var n [3]uint64
	for i, v := range vals {
		x, ok := v.(Int)
		if !ok || x < 0 {
			return nil, badarg
		}
		n[i] = uint64(x)
	}
	return Pid{Node: n[0], ID: n[1], Serial: n[2]}, nil
}
