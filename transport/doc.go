// Package transport moves whole JSON texts between a client and the owner of its connection. It knows
// media, framing and limits; it knows neither sessions nor methods of MCP.
//
// A medium implements Listener and, for each connection, Conn. The owner implements Acceptor and, for
// each connection, Receiver. Texts are pushed to the Receiver, so that nothing has to wait in a read and
// an idle connection needs no goroutine.
//
// The contract of Conn and Listener is executable: package transporttest runs it against each medium.
//
// Stability: extension point; changes are announced in CHANGELOG.md.
package transport
