// Package interop lets the client of the official Go SDK use a node, over every medium that the node
// serves: Streamable HTTP and WebSocket against a node in the process, stdio against a node in a process of
// its own. The features are one table that all media run; what only one medium has (resumption, the end of
// the node) has tests of its own.
//
// The package holds tests only and uses the public API only.
package interop
