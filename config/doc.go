// Package config owns the configuration of the daemon: its keys, where their values come from, and what
// each value really does.
//
// The struct Config is the only source: file keys, environment names (ERLMCP_SECTION_KEY), flags
// (--section-key), defaults, and the documentation in docs/config.md are derived from its tags (see Keys).
//
//	flags > environment > file > vm.args > defaults
//
// Load reads all of them, merges them, checks everything, and returns either a valid Config or all that is
// wrong at once (Errors): unknown keys and misspelt ERLMCP_ names are errors that say where they stand and
// what was meant. Config.Origin tells where a value came from. Report tells for each variable of an Erlang
// release whether it is applied, clamped, or without effect here, and why.
//
// Secrets are of type Secret, which prints as ***, cannot be given as flags, and can each be read from a file
// (key cluster.cookie_file for cluster.cookie).
//
// The package is a leaf: it imports no other room, and only programs and the facade import it. Rooms take
// options of their own.
//
// Stability: keys, environment names and flags are product, semantic versioning; the Go names may change.
package config
