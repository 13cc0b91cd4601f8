// Package admin is what an operator talks to: the control socket, health checks, and small HTTP listeners
// of their own for metrics and the like.
//
// Control serves HTTP on a unix socket that only the node's own user can open (mode 0600 in a directory of
// mode 0700; where the kernel says who is calling, every other user but root is turned away). GET /ping
// answers "pong"; profiles (net/http/pprof) are served there and nowhere else. Further handlers come in
// through Options.Routes.
//
// Health is a registry of checks behind /livez, /readyz and /healthz; these may be served publicly, since
// their texts come from the program.
//
// Control and Web are services: Serve blocks until its context ends, returns only when everything it
// started has ended, and can be called again. The package reaches into no other room.
//
// Stability: importable, no promise.
package admin
