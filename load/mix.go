package load

import (
	"fmt"
	"strconv"
	"strings"
)

// Op is a kind of call.
type Op uint8

// The kinds of calls: tools/call of an echo tool, ping, tools/list.
const (
	OpEcho Op = iota
	OpPing
	OpList
	opCount
)

var opNames = [opCount]string{"echo", "ping", "list"}

// String is the name in a mix.
func (o Op) String() string { return opNames[o] }

// Ops lists the kinds of calls.
func Ops() []Op { return []Op{OpEcho, OpPing, OpList} }

// Mix is the order in which kinds of calls follow each other. The zero Mix is echo alone.
type Mix struct{ pattern []Op }

// maxPattern bounds the sum of the weights of a mix.
const maxPattern = 1000

// ParseMix reads NAME=WEIGHT pairs, such as echo=80,ping=20; a name without a weight has 1. The kinds are
// spread evenly: 80 and 20 gives one ping after each four echoes.
func ParseMix(text string) (Mix, error) {
	var weights [opCount]int
	sum := 0
	for pair := range strings.SplitSeq(text, ",") {
		name, weight, has := strings.Cut(strings.TrimSpace(pair), "=")
		op := Op(0)
		for op < opCount && opNames[op] != name {
			op++
		}
		if op == opCount {
			return Mix{}, fmt.Errorf("load: mix %q: %q is none of %s", text, name, strings.Join(opNames[:], ", "))
		}
		n := 1
		if has {
			var err error
			if n, err = strconv.Atoi(weight); err != nil || n < 0 {
				return Mix{}, fmt.Errorf("load: mix %q: weight %q is not a number from 0", text, weight)
			}
		}
		weights[op] += n
		sum += n
	}
	if sum == 0 || sum > maxPattern {
		return Mix{}, fmt.Errorf("load: mix %q: the weights add up to %d, want 1 to %d", text, sum, maxPattern)
	}
	return Mix{spread(weights, sum)}, nil
}

// spread is smooth weighted round robin: at each step the kind that is owed most is next.
func spread(weights [opCount]int, sum int) []Op {
	var owed [opCount]int
	pattern := make([]Op, 0, sum)
	for range sum {
		best := Op(0)
		for op := range opCount {
			owed[op] += weights[op]
			if owed[op] > owed[best] {
				best = op
			}
		}
		owed[best] -= sum
		pattern = append(pattern, best)
	}
	return pattern
}

// at is the kind of call number n.
func (m Mix) at(n uint64) Op {
	if len(m.pattern) == 0 {
		return OpEcho
	}
	return m.pattern[n%uint64(len(m.pattern))]
}
