// Package repl evaluates Erlang expressions for operators of a node.
//
// A Shell reads the functional core of Erlang (all terms, operators, pattern
// matching, case, if, try, funs, comprehensions, bit syntax) and calls functions
// from a closed table: the modules that operators use, written here or in
// Erlang under lib/, and system-dependent functions that an Inspector answers.
// There is no access to files, the operating system or code loading: such calls
// are undefined functions. Values print as ~p does at 80 columns, errors read
// as those of the shell of Erlang/OTP 25.
//
// Every evaluation has budgets for time, reductions, memory, depth and output
// (Limits) and ends when its context ends. The package starts no goroutine,
// reads no file and knows no other room.
//
// A Shell is used by one goroutine at a time. This is a room of tier 3: it may
// be imported, without a promise of stability.
package repl
