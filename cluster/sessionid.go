package cluster

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Parts of a session id, boot.random.mac: 16 random bytes and the first 9 bytes of the MAC, in URL-safe
// base64 without padding.
const (
	sessionRandomBytes = 16
	sessionMACBytes    = 9
	sessionIDMax       = 80
)

// sessionIDs makes and checks session ids. The key comes from the cookie, so all nodes of a cluster agree.
type sessionIDs struct {
	boot string
	key  [sha256.Size]byte
}

func newSessionIDs(boot string, secret []byte) sessionIDs {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("erlmcp session id 1"))
	ids := sessionIDs{boot: boot}
	mac.Sum(ids.key[:0])
	return ids
}

func (s *sessionIDs) make() string {
	var random [sessionRandomBytes]byte
	rand.Read(random[:]) // never fails, crypto/rand
	body := s.boot + "." + base64.RawURLEncoding.EncodeToString(random[:])
	return body + "." + s.mac(body)
}

func (s *sessionIDs) mac(body string) string {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:sessionMACBytes])
}

// creator returns the boot of the node that made id; false if no node of this cluster did.
func (s *sessionIDs) creator(id string) (boot string, ok bool) {
	if len(id) > sessionIDMax {
		return "", false
	}
	at := strings.LastIndexByte(id, '.')
	if at < 0 || !hmac.Equal([]byte(id[at+1:]), []byte(s.mac(id[:at]))) {
		return "", false
	}
	boot, _, ok = strings.Cut(id[:at], ".")
	return boot, ok
}
