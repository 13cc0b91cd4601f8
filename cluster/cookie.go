package cluster

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MinCookie is the length in bytes below which a cookie counts as weak.
const MinCookie = 32

// sampleCookie is the one in the deployment guide, which everybody knows.
const sampleCookie = "erlmcp_cluster_secret"

// SampleCookie reports whether the cookie is the one of the documentation.
func SampleCookie(cookie []byte) bool { return string(cookie) == sampleCookie }

// WeakCookie reports whether a cookie is too short, or known to everybody.
func WeakCookie(cookie []byte) bool { return len(cookie) < MinCookie || SampleCookie(cookie) }

// maxCookieFile is more than any cookie needs.
const maxCookieFile = 4096

// CookieFile reads the cookie in the file at path, without surrounding white space. If there is no file,
// it makes one with 32 random bytes in hexadecimal and mode 0600, and the directory with mode 0700 if
// needed; of two processes that do so at the same time both get the same cookie. A file that group or
// others can read is an error, as in Erlang.
func CookieFile(path string) (cookie []byte, made bool, err error) {
	cookie, err = readCookie(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return cookie, false, err
	}
	if err := makeCookie(path); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was faster
			cookie, err = readCookie(path)
			return cookie, false, err
		}
		return nil, false, fmt.Errorf("cluster: cookie file: %w", err)
	}
	cookie, err = readCookie(path)
	return cookie, true, err
}

func readCookie(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cluster: cookie file: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("cluster: cookie file %s is no regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("cluster: cookie file %s has mode %#o, must be accessible by owner only (chmod 600)",
			path, info.Mode().Perm())
	case info.Size() > maxCookieFile:
		return nil, fmt.Errorf("cluster: cookie file %s has %d bytes, at most %d", path, info.Size(), maxCookieFile)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cluster: cookie file: %w", err)
	}
	cookie := bytes.TrimSpace(raw)
	if len(cookie) == 0 {
		return nil, fmt.Errorf("cluster: cookie file %s is empty", path)
	}
	return cookie, nil
}

// makeCookie writes a new cookie beside path and links it there, so that nobody reads half of one.
func makeCookie(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	random := make([]byte, MinCookie)
	_, _ = rand.Read(random)                  // never fails
	f, err := os.CreateTemp(dir, ".cookie-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(random) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
