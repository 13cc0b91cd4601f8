// Package jsonrpc turns bytes into JSON-RPC 2.0 envelopes and back, strictly and in one pass.
//
// Scan looks at every byte of a text once. It refuses what other decoders accept and then disagree about:
// names that occur twice in an object, envelope members in the wrong case, invalid UTF-8, lone surrogates,
// a byte order mark, anything after the text, nesting and objects beyond a limit. Ids are kept to the byte.
// What it returns aliases the text and needs no second look for validity: Fields and String walk it without
// checking again.
//
// The package knows no methods of MCP and decodes no params.
//
// Sources: RFC 8259 (JSON), RFC 7493 (I-JSON: unique names, no lone surrogates), JSON-RPC 2.0.
package jsonrpc
