// Package stdio is MCP's stdio transport (MCP 2025-11-25, basic/transports): one JSON text per line on
// standard input and output. Nothing else may write to standard output.
//
// A Listener has one connection, which is there from the start, and Serve ends with it: when the client
// closes standard input and its open requests have their answers or the time for that is over, when the
// owner closes the connection, or after the grace period that follows the end of Serve's context. A line
// over the limit is answered with an error and skipped, because ending the connection would end the process.
//
// Stability: extension point; changes are announced in CHANGELOG.md.
package stdio
