package repl

import (
	"encoding/binary"
	"math"
	"math/big"
)

// bitWriter builds a bit string from the most significant bit on.
type bitWriter struct {
	data []byte
	n    int // bits
}

func (w *bitWriter) term() Bits { return Bits{Data: w.data, N: w.n} }

// grow makes room for n bits.
func (w *bitWriter) grow(n int) {
	need := (w.n + n + 7) / 8
	if need > len(w.data) {
		w.data = append(w.data, make([]byte, need-len(w.data))...)
	}
}

// bits appends the first n bits of b.
func (w *bitWriter) bits(b Bits, n int) {
	w.grow(n)
	if w.n%8 == 0 {
		copy(w.data[w.n/8:], b.Data[:(n+7)/8])
		w.n += n
		if r := w.n % 8; r != 0 {
			w.data[w.n/8] &= ^byte(0) << (8 - r)
		}
		return
	}
	for i := 0; i < n; i += 8 {
		take := min(8, n-i)
		w.byte(b.Data[i/8]>>(8-take), take)
	}
}

// byte appends the low n bits of v.
func (w *bitWriter) byte(v byte, n int) {
	for i := n - 1; i >= 0; i-- {
		if v>>i&1 == 1 {
			w.data[w.n/8] |= 0x80 >> (w.n % 8)
		}
		w.n++
	}
}

// integer appends the low n bits of v, in two's complement.
func (w *bitWriter) integer(v *big.Int, n int, little bool) {
	if n == 0 {
		return
	}
	mod := new(big.Int).Lsh(big.NewInt(1), uint(n))
	low := new(big.Int).And(v, mod.Sub(mod, big.NewInt(1)))
	size := (n + 7) / 8
	buf := low.FillBytes(make([]byte, size))
	w.grow(n)
	if little {
		for i := size - 1; i > 0; i-- {
			w.byte(buf[i], 8)
		}
		w.byte(buf[0], n-8*(size-1))
		return
	}
	w.byte(buf[0], n-8*(size-1))
	for _, b := range buf[1:] {
		w.byte(b, 8)
	}
}

// bitReader takes parts of a bit string from the front.
type bitReader struct {
	bits Bits
	off  int
}

func (r *bitReader) left() int { return r.bits.N - r.off }

// take gives the next n bits.
func (r *bitReader) take(n int) Bits {
	defer func() { r.off += n }()
	if r.off%8 == 0 {
		data := r.bits.Data[r.off/8 : r.off/8+(n+7)/8]
		if n%8 == 0 {
			return Bits{Data: data[:len(data):len(data)], N: n}
		}
		data = append([]byte(nil), data...)
		data[n/8] &= ^byte(0) << (8 - n%8)
		return Bits{Data: data, N: n}
	}
	data := make([]byte, (n+7)/8)
	for i := range n {
		j := r.off + i
		if r.bits.Data[j/8]>>(7-j%8)&1 == 1 {
			data[i/8] |= 0x80 >> (i % 8)
		}
	}
	return Bits{Data: data, N: n}
}

// integer takes an integer of n bits.
func (r *bitReader) integer(n int, signed, little bool) *big.Int {
	b := r.take(n)
	v := new(big.Int)
	if n == 0 {
		return v
	}
	size := (n + 7) / 8
	buf := make([]byte, size)
	if little {
		for i := range size {
			buf[size-1-i] = b.Data[i]
		}
		if rest := n % 8; rest != 0 {
			buf[0] >>= 8 - rest
		}
		v.SetBytes(buf)
	} else {
		v.SetBytes(b.Data)
		v.Rsh(v, uint(size*8-n))
	}
	if signed && v.Bit(n-1) == 1 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(n)))
	}
	return v
}

// float appends a float of 16, 32 or 64 bits; false when it does not fit.
func (w *bitWriter) float(f float64, n int, little bool) bool {
	buf := make([]byte, 8)
	switch n {
	case 64:
		binary.BigEndian.PutUint64(buf, math.Float64bits(f))
	case 32:
		if math.IsInf(float64(float32(f)), 0) {
			return false
		}
		binary.BigEndian.PutUint32(buf, math.Float32bits(float32(f)))
	case 16:
		h, ok := toHalf(f)
		if !ok {
			return false
		}
		binary.BigEndian.PutUint16(buf, h)
	default:
		return false
	}
	w.integer(new(big.Int).SetBytes(buf[:n/8]), n, little)
	return true
}

// float takes a float; false when the bits are not a finite one.
func (r *bitReader) float(n int, little bool) (float64, bool) {
	if n != 16 && n != 32 && n != 64 {
		return 0, false
	}
	v := r.integer(n, false, little).Uint64()
	f := math.Float64frombits(v)
	switch n {
	case 32:
		f = float64(math.Float32frombits(uint32(v)))
	case 16:
		f = fromHalf(uint16(v))
	}
	return f, !math.IsInf(f, 0) && !math.IsNaN(f)
}

// toHalf rounds a float to 16 bits, ties to even.
func toHalf(f float64) (uint16, bool) {
	sign := uint16(0)
	if math.Signbit(f) {
		sign, f = 0x8000, -f
	}
	if f == 0 {
		return sign, true
	}
	frac, exp := math.Frexp(f) // frac in [0.5,1)
	exp--
	var h float64
	if exp < -14 {
		h = math.RoundToEven(math.Ldexp(f, 24))
	} else {
		h = math.RoundToEven(math.Ldexp(frac*2-1, 10)) + float64((exp+15)<<10)
	}
	if h >= 0x7c00 {
		return 0, false
	}
	return sign | uint16(h), true
}

func fromHalf(h uint16) float64 {
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	var f float64
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 31:
		return math.Inf(1)
	default:
		f = math.Ldexp(1+frac/1024, exp-15)
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}
