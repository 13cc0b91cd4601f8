// Package report judges results of load and writes them down: results.json, metrics.json, report.md, a
// report.html that needs nothing beside itself, and three images. It compares two results as well.
//
// Judge fills in the checks, Write writes a folder, Compare tells two runs apart.
//
// Stability: a room; importable, no promise.
package report
