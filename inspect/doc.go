// Package inspect answers what an operator asks of a running node: its processes, supervisors, sessions,
// memory and peers, as Erlang terms in the shapes of Erlang/OTP 25 and recon. It implements repl.Inspector.
//
// It reads through the public methods of the rooms below it and keeps nothing of its own, so what is asked
// twice is looked up twice. It never decides who may ask: roles are checked by repl before a function is
// reached. A function may wait, but never past its context, and never in a supervisor's or session's turn.
//
//	node := inspect.New(inspect.Options{System: system, Gateway: gateway, ...})
//	shell := repl.NewShell(repl.Options{Inspector: node.Inspector(who), Role: who.Role})
//
// The functions are spread over files by module, each file with its own part of the table.
//
// Stability: internal to the node.
package inspect
