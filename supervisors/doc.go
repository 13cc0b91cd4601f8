// Package supervisors is OTP's supervisor on protoactor actors: who is started, restarted and stopped,
// when, and in which order. The semantics are those of the module supervisor of Erlang/OTP 25; recorded
// scenarios of that module are in testdata/otp and are replayed by the tests.
//
// # Use
//
//	sys := supervisors.NewSystem(supervisors.Options{Logger: log})
//	root, err := sys.Start(supervisors.Spec{
//		Name:     "root",
//		Strategy: supervisors.RestForOne,
//		Children: []supervisors.ChildSpec{
//			{ID: "cache", Start: supervisors.Actor(newCache)},
//			{ID: "http", Start: supervisors.Service(serveHTTP)},
//			sessions.ChildSpec(), // a *Dynamic
//		},
//	})
//	<-root.Done() // root.Reason() says why
//
// # Parts
//
// The decisions are in core, a plain struct that takes inputs and returns actions; it starts no
// goroutine, reads no clock and does not know protoactor. The supervisor actor turns messages into
// inputs and performs actions. A guard wraps each supervised actor: it recovers panics, keeps the exit
// reason and tells the supervisor, so that nothing reaches protoactor's own failure handling.
//
//	        messages                     inputs
//	caller ───────────▶ supervisor actor ───────▶ core
//	guard  ───────────▶        │        ◀─────── actions
//	timer  ───────────▶        ▼
//	                  spawn, stop, kill, answer, report
//
// A supervisor never blocks in its turn. While a start function runs or a child is being stopped, what
// arrives waits in the core's inbox, as it would in the mailbox of OTP's supervisor.
//
//	starting ──all children started──▶ running ──order, intensity, auto-shutdown──▶ stopping ──▶ ended
//	    └──────── a start failed, children stopped ─────────────────────────────────────────────▶ ended
//	(any) ──kill──▶ dying ──children ended or abandoned──▶ ended
//
// # Where Go differs from Erlang
//
//   - A goroutine cannot be killed. A brutal kill, and a shutdown time that has run out, stop an actor
//     at once if it is not in a turn. If it is blocked in one, it is abandoned after Options.KillGrace:
//     its name is taken from the process registry, its context is cancelled, the supervisor goes on as
//     if it had ended with reason killed. That emits ShutdownTimedOut with Abandoned set, is logged as
//     an error and counted in Stats.Abandoned. The goroutine lives until the turn returns; what the
//     actor does then reaches nobody.
//   - A restart is a new actor under the same name, so a PID stays valid. Messages left in the old
//     mailbox are lost; messages sent between the two go to dead letters, counted in Stats.DeadLetters.
//     After an abandonment the next incarnation has another name, since the old one may still finish
//     under its own.
//   - A killed actor gets actor.Stopped but not actor.Stopping: Erlang's runtime would release what the
//     process owned, here the actor has to.
//   - There are no links. Names form the tree; protoactor's parent and children are not used, because
//     its parent waits for its children and cannot be killed over them. So actor.Context.Parent is nil in
//     a supervised actor.
//   - What a supervised actor spawns by itself is not supervised here; if it panics it is stopped, and its
//     parent gets actor.Terminated.
//   - A killed supervisor waits for its workers to end, up to Options.KillGrace, so that their names are
//     free when it is restarted.
//   - A dynamic child whose restart is ignored is removed, and terminating a dynamic child that is
//     between two restart attempts ends the attempts; OTP 25 miscounts in both cases.
//   - A dynamic child may have a key, which is unique in its supervisor.
//
// The operations of a supervisor must not be called from its own turns, from the Started turn of a child
// of it, or from an Ended function: they would wait for themselves, as in OTP.
//
// Stability: extension point; changes are announced in CHANGELOG.md.
package supervisors
