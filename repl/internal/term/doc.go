// Package term holds Erlang terms as immutable Go values, with Erlang's term
// order and its two ways of writing them: on one line (io_lib:write) and broken
// into lines (io_lib:print).
//
// Walks over terms are bounded: a term that an expression builds may share its
// parts, so that few bytes stand for a tree without practical end, or nest
// deeper than a goroutine's stack should grow.
package term
