// Package badinput replays hostile inputs against the built daemon and judges what comes back.
//
// The inputs are data: one JSON file a group in testdata, in the format that testdata/README.md
// describes. The package owns the runner: it expands bodies and placeholders (body.go, vars.go), brings a
// server up (server.go), speaks each transport byte by byte (http.go, websocket.go, stdio.go,
// command.go, eval.go), collects what the server says (observation.go), and decides (outcome.go, never.go,
// growth.go). It uses no room of the product: what it sends and how it reads answers is its own code, so
// that a mistake of the product is not repeated here.
//
// A case that the build cannot run, since it lacks a transport or a feature the case needs, is skipped
// and counted by reason. A case in words that the runner does not know is skipped and counted as well,
// and none of the committed groups of this build may have one.
//
// TestBadInput runs testdata, or the folder in ERLMCP_BADINPUT. A "must" case that fails fails the test;
// "should" cases and weak passes are counted in the summary.
//
// Tier: tests only.
package badinput
