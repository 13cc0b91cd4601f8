// Package lineconn frames JSON texts as lines on a stream of bytes, the framing of MCP's stdio transport
// (MCP 2025-11-25, basic/transports) that byte streams of other kinds share: one text, one line.
//
// A Conn is one connection. Its reads run on the goroutine that calls Serve; a goroutine that writes exists
// only while something waits to be written, so an idle connection costs one goroutine. Blank lines are
// ignored, a line may end with CRLF, and a last line may end with the stream.
//
// Two choices depend on the medium: whether a line over the limit ends the connection or is answered and
// skipped, and whether answers may still be written for a while after the peer has closed its side.
//
// Stability: extension point; changes are announced in CHANGELOG.md.
package lineconn
