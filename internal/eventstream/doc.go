// Package eventstream writes and reads server-sent events (text/event-stream, WHATWG HTML, section 9.2).
//
// Append writes one event; nothing in its fields can break out of the field. Scanner reads a stream with a
// bound on what an event may cost. The package knows neither HTTP nor what the data mean.
package eventstream
