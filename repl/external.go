package repl

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/erlmcp/erlmcp/repl/internal/term"
)

// Tags of the external term format (ERTS user's guide, chapter 13).
const (
	extVersion    = 131
	extFloat      = 70
	extBitBinary  = 77
	extSmallInt   = 97
	extInt        = 98
	extSmallTuple = 104
	extTuple      = 105
	extNil        = 106
	extString     = 107
	extList       = 108
	extBinary     = 109
	extSmallBig   = 110
	extLargeBig   = 111
	extMap        = 116
	extAtomUTF8   = 118
	extSmallAtom  = 119
	extAtomLatin1 = 100
	extPid        = 88
	extPort       = 120
	extRef        = 90
	extExport     = 113
	extDepth      = 1000
)

func termToBinary(m *machine, args []Term) (Term, error) {
	e := encoder{m: m, buf: []byte{extVersion}}
	if err := e.encode(args[0], 0); err != nil {
		return nil, err
	}
	return term.Bytes(e.buf), nil
}

func externalSize(m *machine, args []Term) (Term, error) {
	v, err := termToBinary(m, args)
	if err != nil {
		return nil, err
	}
	return Int(v.(Bits).N / 8), nil
}

type encoder struct {
	m     *machine
	buf   []byte
	nodes Nodes // of identifiers; nil: they have no external form
}

// encode appends a term. Closures have no external form here.
func (e *encoder) encode(t Term, depth int) error {
	if depth > extDepth {
		return e.m.kill(limitReached("depth of an external term"))
	}
	if err := e.m.alloc(8); err != nil {
		return err
	}
	if err := e.m.step(1); err != nil {
		return err
	}
	switch x := t.(type) {
	case Int, *Big:
		n, _ := term.BigOf(x)
		e.integer(n)
	case Float:
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, extFloat), math.Float64bits(float64(x)))
	case Atom:
		if len(x) < 256 {
			e.buf = append(e.buf, extSmallAtom, byte(len(x)))
		} else {
			e.buf = binary.BigEndian.AppendUint16(append(e.buf, extAtomUTF8), uint16(len(x)))
		}
		e.buf = append(e.buf, x...)
	case Nil:
		e.buf = append(e.buf, extNil)
	case Bits:
		return e.bits(x)
	case Tuple:
		if len(x) < 256 {
			e.buf = append(e.buf, extSmallTuple, byte(len(x)))
		} else {
			e.buf = binary.BigEndian.AppendUint32(append(e.buf, extTuple), uint32(len(x)))
		}
		return e.all(x, depth)
	case *Map:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, extMap), uint32(x.Len()))
		for i := range x.Len() {
			k, v := x.At(i)
			if err := e.all([]Term{k, v}, depth); err != nil {
				return err
			}
		}
	case *Cons:
		return e.list(x, depth)
	default:
		return e.identifier(t)
	}
	return nil
}

func (e *encoder) all(elems []Term, depth int) error {
	for _, t := range elems {
		if err := e.encode(t, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) integer(n *big.Int) {
	if n.IsInt64() {
		switch v := n.Int64(); {
		case v >= 0 && v < 256:
			e.buf = append(e.buf, extSmallInt, byte(v))
			return
		case v >= math.MinInt32 && v <= math.MaxInt32:
			e.buf = binary.BigEndian.AppendUint32(append(e.buf, extInt), uint32(v))
			return
		}
	}
	data := n.Bytes()
	sign := byte(0)
	if n.Sign() < 0 {
		sign = 1
	}
	if len(data) < 256 {
		e.buf = append(e.buf, extSmallBig, byte(len(data)), sign)
	} else {
		e.buf = append(binary.BigEndian.AppendUint32(append(e.buf, extLargeBig), uint32(len(data))), sign)
	}
	for i := len(data) - 1; i >= 0; i-- {
		e.buf = append(e.buf, data[i])
	}
}

func (e *encoder) bits(b Bits) error {
	if err := e.m.alloc(len(b.Data)); err != nil {
		return err
	}
	if b.IsBinary() {
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, extBinary), uint32(len(b.Data)))
	} else {
		e.buf = append(binary.BigEndian.AppendUint32(append(e.buf, extBitBinary), uint32(len(b.Data))), byte(b.N%8))
	}
	e.buf = append(e.buf, b.Data...)
	return nil
}

func (e *encoder) list(c *Cons, depth int) error {
	elems, tail := term.SliceTail(c)
	bytes := make([]byte, 0, len(elems))
	for _, t := range elems {
		n, ok := t.(Int)
		if !ok || n < 0 || n > 255 {
			break
		}
		bytes = append(bytes, byte(n))
	}
	if len(bytes) == len(elems) && len(bytes) < 1<<16 && is[Nil](tail) {
		e.buf = append(binary.BigEndian.AppendUint16(append(e.buf, extString), uint16(len(bytes))), bytes...)
		return e.m.alloc(len(bytes))
	}
	e.buf = binary.BigEndian.AppendUint32(append(e.buf, extList), uint32(len(elems)))
	if err := e.all(elems, depth); err != nil {
		return err
	}
	return e.encode(tail, depth+1)
}

func binaryToTerm(m *machine, args []Term) (Term, error) {
	data, ok := binaryArg(args[0])
	if !ok || len(data) == 0 || data[0] != extVersion {
		return nil, badarg
	}
	d := decoder{m: m, data: data[1:]}
	t, err := d.decode(0)
	if err == nil && len(d.data) > 0 {
		err = badarg
	}
	return t, err
}

type decoder struct {
	m     *machine
	data  []byte
	nodes Nodes // of identifiers; nil: none are taken
}

// take gives the next n bytes.
func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.data) {
		return nil, badarg
	}
	b := d.data[:n:n]
	d.data = d.data[n:]
	return b, nil
}

// number reads a big-endian number of size bytes.
func (d *decoder) number(size int) (int, error) {
	b, err := d.take(size)
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n, err
}

// decode reads one term.
//
//lint:dispatch-table
func (d *decoder) decode(depth int) (Term, error) {
	if depth > extDepth {
		return nil, badarg
	}
	if err := d.m.step(1); err != nil {
		return nil, err
	}
	tag, err := d.number(1)
	if err != nil {
		return nil, err
	}
	switch tag {
	case extSmallInt:
		n, err := d.number(1)
		return Int(n), err
	case extInt:
		n, err := d.number(4)
		return Int(int32(n)), err
	case extFloat:
		n, err := d.number(8)
		f := math.Float64frombits(uint64(n))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, badarg
		}
		return Float(f), err
	case extSmallBig:
		return d.big(1)
	case extLargeBig:
		return d.big(4)
	case extSmallAtom:
		return d.atom(1, false)
	case extAtomUTF8:
		return d.atom(2, false)
	case extAtomLatin1:
		return d.atom(2, true)
	case extNil:
		return Nil{}, nil
	case extString:
		b, err := d.counted(2)
		if err != nil {
			return nil, err
		}
		return d.m.byteList(b)
	case extBinary:
		b, err := d.counted(4)
		return term.Bytes(append([]byte(nil), b...)), err
	case extBitBinary:
		return d.bits()
	case extSmallTuple:
		elems, err := d.elems(1, 1, depth)
		return Tuple(elems), err
	case extTuple:
		elems, err := d.elems(4, 1, depth)
		return Tuple(elems), err
	case extList:
		elems, err := d.elems(4, 1, depth)
		if err != nil {
			return nil, err
		}
		tail, err := d.decode(depth + 1)
		if err != nil {
			return nil, err
		}
		return d.m.listTail(elems, tail)
	case extMap:
		elems, err := d.elems(4, 2, depth)
		if err != nil {
			return nil, err
		}
		var pairs [][2]Term
		for i := 0; i < len(elems); i += 2 {
			pairs = append(pairs, [2]Term{elems[i], elems[i+1]})
		}
		return d.m.newMap(pairs)
	}
	return d.identifier(tag, depth)
}

// counted reads a count of size bytes and as many bytes.
func (d *decoder) counted(size int) ([]byte, error) {
	n, err := d.number(size)
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

// elems reads a count of size bytes and each times as many terms.
func (d *decoder) elems(size, each, depth int) ([]Term, error) {
	n, err := d.number(size)
	if err != nil || n*each > len(d.data) {
		return nil, badarg
	}
	if err := d.m.alloc(16 * n * each); err != nil {
		return nil, err
	}
	elems := make([]Term, n*each)
	for i := range elems {
		if elems[i], err = d.decode(depth + 1); err != nil {
			return nil, err
		}
	}
	return elems, nil
}

func (d *decoder) big(size int) (Term, error) {
	n, err := d.number(size)
	if err != nil {
		return nil, err
	}
	b, err := d.take(n + 1)
	if err != nil || n*8 > maxBits {
		return nil, badarg
	}
	buf := make([]byte, n)
	for i, c := range b[1:] {
		buf[n-1-i] = c
	}
	v := new(big.Int).SetBytes(buf)
	if b[0] != 0 {
		v.Neg(v)
	}
	return NewInt(v), nil
}

func (d *decoder) atom(size int, isLatin1 bool) (Term, error) {
	b, err := d.counted(size)
	if err != nil {
		return nil, err
	}
	if isLatin1 {
		return newAtom(latin1(b))
	}
	if !utf8.Valid(b) {
		return nil, badarg
	}
	return newAtom(string(b))
}

func (d *decoder) bits() (Term, error) {
	n, err := d.number(4)
	if err != nil {
		return nil, err
	}
	last, err := d.number(1)
	if err != nil || last < 1 || last > 8 || n < 1 {
		return nil, badarg
	}
	b, err := d.take(n)
	if err != nil {
		return nil, err
	}
	r := bitReader{bits: term.Bytes(b)}
	return r.take(n*8 - 8 + last), nil
}
