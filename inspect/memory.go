package inspect

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/erlmcp/erlmcp/repl"
)

func memoryFunctions() map[string]function {
	return map[string]function{
		"erlang:memory/0":              func(context.Context, *view, []repl.Term) (repl.Term, error) { return memory().list(memoryKeys) },
		"erlang:memory/1":              func(_ context.Context, _ *view, a []repl.Term) (repl.Term, error) { return memory().of(a[0]) },
		"erlang:garbage_collect/0":     collect,
		"erlang:garbage_collect/1":     collectOne,
		"erlang:garbage_collect_all/0": collectAll,
		"recon_alloc:memory/1":         func(_ context.Context, _ *view, a []repl.Term) (repl.Term, error) { return allocation(a[0]) },
	}
}

// memoryKeys are the parts of erlang:memory/0, in its order.
var memoryKeys = []repl.Term{
	repl.Atom("total"), repl.Atom("processes"), repl.Atom("processes_used"), repl.Atom("system"), repl.Atom("atom"),
	repl.Atom("atom_used"), repl.Atom("binary"), repl.Atom("code"), repl.Atom("ets"),
}

// memoryParts are bytes by key.
type memoryParts map[repl.Term]uint64

// memory is erlang:memory/0 of this process. total is what the Go runtime has from the system and has not given
// back; processes is the heap and all stacks, where actors, messages and handlers live, processes_used what of
// it is in use; system is the rest: the runtime's own structures and free memory that it keeps. There is no atom
// table, and binaries, tables and code are not counted apart: 0.
func memory() memoryParts {
	m := measure(allMemory, releasedMemory, objectMemory, unusedMemory, stackMemory)
	total, used := m[0]-m[1], m[2]+m[4]
	processes := used + m[3]
	return memoryParts{
		repl.Atom("total"): total, repl.Atom("processes"): processes, repl.Atom("processes_used"): used,
		repl.Atom("system"): total - processes, repl.Atom("atom"): 0, repl.Atom("atom_used"): 0,
		repl.Atom("binary"): 0, repl.Atom("code"): 0, repl.Atom("ets"): 0,
	}
}

// of is erlang:memory/1: one number for a key, pairs for a list of keys.
func (m memoryParts) of(keys repl.Term) (repl.Term, error) {
	if list, ok := repl.Slice(keys); ok {
		return m.list(list)
	}
	if _, isAtom := keys.(repl.Atom); !isAtom {
		return nil, repl.Badarg()
	}
	bytes, ok := m[keys]
	if !ok {
		return nil, repl.Badarg()
	}
	return repl.Int(bytes), nil
}

func (m memoryParts) list(keys []repl.Term) (repl.Term, error) {
	rows := make([]repl.Term, len(keys))
	for i, key := range keys {
		value, err := m.of(key)
		if _, isAtom := key.(repl.Atom); err != nil || !isAtom {
			return nil, repl.Badarg()
		}
		rows[i] = repl.Tuple{key, value}
	}
	return repl.List(rows...), nil
}

// collect is a garbage collection. The heap is shared by all processes, so each one is of all.
func collect(context.Context, *view, []repl.Term) (repl.Term, error) {
	runtime.GC()
	return repl.True, nil
}

// collectPause is the time in which one collection does for all processes for which it is asked.
const collectPause = 100 * time.Millisecond

// collectOne is collect, asked for one process: false if it does not run. An operator asks for one process after
// another, so a collection that has just been is not repeated.
func collectOne(_ context.Context, v *view, args []repl.Term) (repl.Term, error) {
	if alive, err := v.isAlive(args[0]); err != nil || alive != repl.Term(repl.True) {
		return alive, err
	}
	v.collected.Lock()
	defer v.collected.Unlock()
	if time.Since(v.collected.last) > collectPause {
		runtime.GC()
		v.collected.last = time.Now()
	}
	return repl.True, nil
}

// collectAll is an extension: it collects, gives free memory back to the system, and returns how many bytes less
// the process has than before.
func collectAll(context.Context, *view, []repl.Term) (repl.Term, error) {
	before := memory()[repl.Atom("total")]
	debug.FreeOSMemory()
	return repl.Int(max(0, int64(before)-int64(memory()[repl.Atom("total")]))), nil
}

// allocation is recon_alloc:memory/1: bytes used, bytes allocated, or their ratio.
func allocation(key repl.Term) (repl.Term, error) {
	m := memory()
	used, total := m[repl.Atom("processes_used")], m[repl.Atom("total")]
	switch key {
	case repl.Term(repl.Atom("used")):
		return repl.Int(used), nil
	case repl.Term(repl.Atom("allocated")):
		return repl.Int(total), nil
	case repl.Term(repl.Atom("unused")):
		return repl.Int(total - used), nil
	case repl.Term(repl.Atom("usage")):
		return repl.Float(float64(used) / float64(total)), nil
	}
	return nil, repl.Badarg()
}
