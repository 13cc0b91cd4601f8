//go:build !linux

package doctor

import "io/fs"

// openFilesHard does not know on this system.
func openFilesHard() uint64 { return 0 }

// clockState does not know on this system.
func clockState() string { return "" }

// mine does not know on this system.
func mine(fs.FileInfo) bool { return true }
