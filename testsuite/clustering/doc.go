// Package clustering tests clusters from outside: the built daemon as processes of the operating system, each
// in a network namespace of its own where the machine allows it (Linux, root, the ip and nft or iptables
// programs), else on addresses of the loopback network. Then the tests that cut links are skipped.
//
// # Load
//
// Clients without affinity send requests to all nodes, over HTTP and over WebSocket. Each request has an
// argument that no other has, and the ledger demands one outcome for each: a result with its own argument, a
// JSON-RPC error, an HTTP error, or a closed connection. No outcome within 10 s is a loss.
//
// # Forms
//
//	go test -short           nothing
//	go test                  mesh, kill, rolling restart, resumption; under 90 s
//	ERLMCP_CLUSTERING=ci     everything once, faults of about 10 s; under 10 minutes
//	ERLMCP_CLUSTERING=long   everything with three seeds, which run side by side, faults of 30 s
//
// ERLMCP_CLUSTERING_SEED sets the first seed; without it, it is 1. ERLMCP_BINARY names a daemon that is
// already built, and ERLMCP_CLUSTERING_LOGS a folder for the logs of the nodes.
//
// Deadlines are generous and only say that something has to come at all; the times that a run took are
// printed in a table of each test, and at the end for all faults and seeds with the bars of the project, where "!"
// is over the bar. The exception are bars that are counts: lost, doubled, swapped and failed requests.
package clustering
