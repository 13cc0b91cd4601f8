package mcp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// cursorKey makes cursors and recognizes its own. A cursor names a page of one generation of one list; it is
// sealed, so that a client cannot make one, and dies with the generation.
type cursorKey struct{ key [32]byte }

const (
	cursorBytes = 8 + 4 // generation, page
	sealBytes   = 16
)

func newCursorKey() *cursorKey {
	c := &cursorKey{}
	rand.Read(c.key[:]) // never fails
	return c
}

// seal makes the cursor of a page.
func (c *cursorKey) seal(list string, generation uint64, page int) string {
	text := make([]byte, 0, cursorBytes+sha256.Size)
	text = binary.BigEndian.AppendUint64(text, generation)
	text = binary.BigEndian.AppendUint32(text, uint32(page))
	text = append(text, c.mac(list, text)...)
	return base64.RawURLEncoding.EncodeToString(text[:cursorBytes+sealBytes])
}

// open finds the page that a cursor names. It fails for text that seal has not made for the list, and for
// other generations.
func (c *cursorKey) open(list string, generation uint64, cursor string) (page int, ok bool) {
	if len(cursor) != base64.RawURLEncoding.EncodedLen(cursorBytes+sealBytes) {
		return 0, false
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || !hmac.Equal(text[cursorBytes:], c.mac(list, text[:cursorBytes])[:sealBytes]) {
		return 0, false
	}
	page = int(binary.BigEndian.Uint32(text[8:]))
	return page, binary.BigEndian.Uint64(text) == generation
}

func (c *cursorKey) mac(list string, text []byte) []byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte(list))
	h.Write([]byte{0})
	h.Write(text)
	return h.Sum(nil)
}
