package cluster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
)

// Parts of a session id, boot.random.mac: 16 random bytes and the first 9 bytes of the MAC, in URL-safe
// base64 without padding.
const (
	sessionRandomBytes = 16
	sessionMACBytes    = 9
	sessionMACText     = sessionMACBytes / 3 * 4
	sessionIDMax       = 80
)

// sessionIDs makes and checks session ids. The key comes from the cookie, so all nodes of a cluster agree.
type sessionIDs struct {
	boot string
	macs sync.Pool // of hash.Hash with the key
}

func newSessionIDs(boot string, secret []byte) *sessionIDs {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("erlmcp session id 1"))
	key := mac.Sum(nil)
	return &sessionIDs{boot: boot, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (s *sessionIDs) make() string {
	var random [sessionRandomBytes]byte
	rand.Read(random[:]) // never fails, crypto/rand
	body := s.boot + "." + base64.RawURLEncoding.EncodeToString(random[:])
	return body + "." + s.mac(body)
}

func (s *sessionIDs) mac(body string) string {
	var text [sessionMACText]byte
	s.sum(&text, body)
	return string(text[:])
}

// sum writes the MAC of body as text.
func (s *sessionIDs) sum(dst *[sessionMACText]byte, body string) {
	mac := s.macs.Get().(hash.Hash)
	mac.Reset()
	var buf [sessionIDMax]byte
	mac.Write(append(buf[:0], body...))
	base64.RawURLEncoding.Encode(dst[:], mac.Sum(buf[:0])[:sessionMACBytes])
	s.macs.Put(mac)
}

// creator returns the boot of the node that made id; false if no node of this cluster did.
func (s *sessionIDs) creator(id string) (boot string, ok bool) {
	if len(id) > sessionIDMax {
		return "", false
	}
	at := strings.LastIndexByte(id, '.')
	if at < 0 || len(id)-at-1 != sessionMACText {
		return "", false
	}
	var want, got [sessionMACText]byte
	s.sum(&want, id[:at])
	if copy(got[:], id[at+1:]); !hmac.Equal(got[:], want[:]) {
		return "", false
	}
	boot, _, ok = strings.Cut(id[:at], ".")
	return boot, ok
}

// bootOf returns the boot in a session id that has been checked before.
func bootOf(id string) string {
	boot, _, _ := strings.Cut(id, ".")
	return boot
}
