package repl

import (
	"context"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Nodes knows the numbers that pids of other nodes begin with, and the names of those nodes. An Inspector that
// has it lets the shell tell the node of a pid. It is safe for concurrent use.
type Nodes interface {
	// NodeName gives the name of the node with a number; 0 is this node.
	NodeName(number uint64) (name string, ok bool)
	// NodeNumber gives the number of a name, one that it has had before or the next; false where there are too
	// many.
	NodeNumber(name string) (number uint64, ok bool)
}

// EncodeTerm gives a term in Erlang's external format, as it goes to another node. Pids, ports and references
// name their node, and go home as what they were. The error is an *Exception: badarg for a closure or a pid of
// an unknown node, a limit, or the end of ctx.
func EncodeTerm(ctx context.Context, t Term, n Nodes) ([]byte, error) {
	m := &machine{budget: newBudget(ctx, Limits{}.withDefaults())}
	e := encoder{m: m, buf: []byte{extVersion}, nodes: n}
	if err := e.encode(t, 0); err != nil {
		return nil, m.final(err)
	}
	return e.buf, nil
}

// DecodeTerm reads what EncodeTerm of another node gives. Errors are as there.
func DecodeTerm(ctx context.Context, data []byte, n Nodes) (Term, error) {
	m := &machine{budget: newBudget(ctx, Limits{}.withDefaults())}
	if len(data) == 0 || data[0] != extVersion {
		return nil, Badarg()
	}
	d := decoder{m: m, data: data[1:], nodes: n}
	t, err := d.decode(0)
	if err == nil && len(d.data) > 0 {
		err = badarg
	}
	if err != nil {
		return nil, m.final(err)
	}
	return t, nil
}

// identifier appends what has a node in it, or a fun by name.
func (e *encoder) identifier(t Term) error {
	if e.nodes == nil {
		return badarg
	}
	switch x := t.(type) {
	case Pid:
		if x.Serial != 0 {
			return badarg
		}
		if err := e.node(x.Node, extPid); err != nil {
			return err
		}
		e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(x.ID))
		e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(x.ID>>32))
	case Port:
		if err := e.node(x.Node, extPort); err != nil {
			return err
		}
		e.buf = binary.BigEndian.AppendUint64(e.buf, x.ID)
	case Ref:
		return e.ref(string(x))
	case *Fun:
		if x.Closure != nil {
			return badarg
		}
		e.buf = append(e.buf, extExport)
		return e.all([]Term{x.Module, x.Name, Int(x.Arity)}, 0)
	default:
		return badarg
	}
	e.buf = binary.BigEndian.AppendUint32(e.buf, 0) // creation: numbers of processes are not used again
	return nil
}

// node appends a tag and the name of a node.
func (e *encoder) node(number uint64, tag byte, between ...byte) error {
	name, ok := e.nodes.NodeName(number)
	if !ok {
		return badarg
	}
	e.buf = append(append(e.buf, tag), between...)
	return e.encode(Atom(name), 0)
}

// ref appends a reference, whose text is the number of its node and three more.
func (e *encoder) ref(text string) error {
	parts := strings.Split(text, ".")
	var n [4]uint64
	if len(parts) != len(n) {
		return badarg
	}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return badarg
		}
		n[i] = v
	}
	if err := e.node(n[0], extRef, 0, 3); err != nil {
		return err
	}
	e.buf = binary.BigEndian.AppendUint32(e.buf, 0)
	for _, v := range n[1:] {
		e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(v))
	}
	return nil
}

// owned reads a node and the twelve bytes that name a pid or port there.
func (d *decoder) owned(depth int) (node uint64, b []byte, err error) {
	if node, err = d.node(depth); err != nil {
		return 0, nil, err
	}
	b, err = d.take(12)
	return node, b, err
}

// identifier reads what has a node in it, or a fun by name.
func (d *decoder) identifier(tag, depth int) (Term, error) {
	if d.nodes == nil {
		return nil, badarg
	}
	switch tag {
	case extPid:
		node, b, err := d.owned(depth)
		if err != nil {
			return nil, err
		}
		return Pid{Node: node, ID: uint64(binary.BigEndian.Uint32(b[4:]))<<32 | uint64(binary.BigEndian.Uint32(b))}, nil
	case extPort:
		node, b, err := d.owned(depth)
		if err != nil {
			return nil, err
		}
		return Port{Node: node, ID: binary.BigEndian.Uint64(b)}, nil
	case extRef:
		return d.ref(depth)
	case extExport:
		return d.export(depth)
	}
	return nil, badarg
}

// node reads the name of a node and gives its number here.
func (d *decoder) node(depth int) (uint64, error) {
	t, err := d.decode(depth + 1)
	if err != nil {
		return 0, err
	}
	name, ok := t.(Atom)
	if !ok {
		return 0, badarg
	}
	number, ok := d.nodes.NodeNumber(string(name))
	if !ok {
		return 0, badarg
	}
	return number, nil
}

func (d *decoder) ref(depth int) (Term, error) {
	if n, err := d.number(2); err != nil || n != 3 {
		return nil, badarg
	}
	node, err := d.node(depth)
	if err != nil {
		return nil, err
	}
	b, err := d.take(16)
	if err != nil {
		return nil, err
	}
	text := strconv.FormatUint(node, 10)
	for i := 4; i < len(b); i += 4 {
		text += "." + strconv.FormatUint(uint64(binary.BigEndian.Uint32(b[i:])), 10)
	}
	return Ref(text), nil
}

func (d *decoder) export(depth int) (Term, error) {
	var parts [3]Term
	for i := range parts {
		var err error
		if parts[i], err = d.decode(depth + 1); err != nil {
			return nil, err
		}
	}
	mod, ok1 := parts[0].(Atom)
	name, ok2 := parts[1].(Atom)
	arity, ok3 := parts[2].(Int)
	if !ok1 || !ok2 || !ok3 || arity < 0 || arity > math.MaxUint8 {
		return nil, badarg
	}
	return &Fun{Module: mod, Name: name, Arity: int(arity)}, nil
}
