// Package admin is what an operator talks to: the control socket, health checks, and small HTTP listeners
// of their own for metrics and the like.
//
// Control serves HTTP on a unix socket that only the node's own user can open (mode 0600 in a directory of
// mode 0700; where the kernel says who is calling, every other user but root is turned away). GET /ping
// answers "pong"; profiles (net/http/pprof) are served there and nowhere else. Further handlers come in
// through Options.Routes.
//
// Evaluator evaluates expressions of operators, one at a time (EvalPath) or in a shell that lasts (ConsolePath),
// in a role and with a record of each; see docs/admin.md. It is also served on a loopback listener, to callers
// with a token. Client and Console are the other side.
//
// Health is a registry of checks behind /livez, /readyz and /healthz; these may be served publicly, since
// their texts come from the program.
//
// Control and Web are services: Serve blocks until its context ends, returns only when everything it
// started has ended, and can be called again. Of other rooms the package knows repl.
//
// Stability: importable, no promise.
package admin
