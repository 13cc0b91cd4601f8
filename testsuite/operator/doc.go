// Package operator looks into a running node as its operator does: with the built program, while clients are
// connected.
package operator
