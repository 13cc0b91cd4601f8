package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// writePIDFile writes the number of this process to a file, whole or not at all; nothing without a path.
func writePIDFile(path string) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// removePIDFile removes a file of writePIDFile, unless another process has written it since.
func removePIDFile(path string) {
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(path) // a stale file names a process that has gone
	}
}
