// Package syntax reads the functional core of Erlang: a scanner, a Pratt parser
// and the checks that Erlang makes before it evaluates (unbound and unsafe
// variables, illegal patterns and guards). Messages and their positions are
// those of erl_scan, erl_parse and erl_lint.
package syntax
