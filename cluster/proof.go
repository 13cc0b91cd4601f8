package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
)

// Metadata keys of the proof of the cookie.
const (
	proofName  = "erlmcp-node"
	proofBoot  = "erlmcp-boot"
	proofTime  = "erlmcp-time"
	proofNonce = "erlmcp-nonce"
	proofMAC   = "erlmcp-mac"
)

// Roles of the two ends of a stream, so that a proof cannot be sent back.
const (
	roleClient = "client"
	roleServer = "server"
)

// A proof shows knowledge of the cookie on one connection. It is bound to the TLS connection by keying
// material exported from it, so that it is worth nothing elsewhere.
type proof struct {
	role       string
	from, boot string // who proves
	to         string // node name of the other end
	seconds    int64  // Unix time
	nonce      string
	binding    string // exported from the TLS connection
}

var errProof = errors.New("wrong proof of the cookie")

// mac returns the HMAC-SHA-256 over all fields, each with its length.
func (p proof) mac(key []byte) []byte {
	h := hmac.New(sha256.New, key)
	var n [4]byte
	for _, s := range []string{p.role, p.from, p.boot, p.to, strconv.FormatInt(p.seconds, 10), p.nonce, p.binding} {
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return h.Sum(nil)
}

// metadata returns the proof as key-value pairs.
func (p proof) metadata(key []byte) map[string]string {
	return map[string]string{
		proofName: p.from, proofBoot: p.boot, proofNonce: p.nonce,
		proofTime: strconv.FormatInt(p.seconds, 10),
		proofMAC:  base64.RawURLEncoding.EncodeToString(p.mac(key)),
	}
}

// prover makes and checks proofs. It is safe for concurrent use.
type prover struct {
	key        []byte
	name, boot string
	now        func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // nonces of the replay window
}

// Replay window: a proof is good for this long, and its nonce only once. Clocks of nodes may differ by
// that much.
const (
	proofWindow = 5 * time.Minute
	maxNonces   = 10_000
)

func newProver(key []byte, name, boot string) *prover {
	return &prover{key: key, name: name, boot: boot, now: time.Now, seen: make(map[string]time.Time)}
}

// prove makes the proof of this node towards the node to.
func (p *prover) prove(role, to, binding string) map[string]string {
	return proof{
		role: role, from: p.name, boot: p.boot, to: to,
		seconds: p.now().Unix(), nonce: rand.Text(), binding: binding,
	}.metadata(p.key)
}

// check returns the boot of the node from, if md is its proof towards this node on this connection.
func (p *prover) check(md metadata.MD, role, from, binding string) (boot string, err error) {
	get := func(key string) string {
		if v := md.Get(key); len(v) == 1 {
			return v[0]
		}
		return ""
	}
	seconds, err := strconv.ParseInt(get(proofTime), 10, 64)
	mac, err2 := base64.RawURLEncoding.DecodeString(get(proofMAC))
	if err != nil || err2 != nil {
		return "", errProof
	}
	got := proof{role: role, from: get(proofName), boot: get(proofBoot), to: p.name,
		seconds: seconds, nonce: get(proofNonce), binding: binding}
	if !hmac.Equal(mac, got.mac(p.key)) {
		return "", errProof
	}
	if got.from != from {
		return "", errors.New("proof of another node than the certificate's")
	}
	if got.boot == "" || len(got.boot) > maxBootBytes {
		return "", errors.New("proof without a boot id")
	}
	now := p.now()
	if age := now.Sub(time.Unix(seconds, 0)); age > proofWindow || age < -proofWindow {
		return "", errors.New("stale proof of the cookie; are the clocks right?")
	}
	if !p.fresh(got.nonce, now) {
		return "", errors.New("repeated proof of the cookie")
	}
	return got.boot, nil
}

// fresh reports whether the nonce is used for the first time in the window.
func (p *prover) fresh(nonce string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.seen[nonce]; ok || nonce == "" {
		return false
	}
	if len(p.seen) >= maxNonces {
		for n, t := range p.seen {
			if now.Sub(t) > 2*proofWindow {
				delete(p.seen, n)
			}
		}
	}
	if len(p.seen) >= maxNonces {
		return false // only holders of the cookie get here; they come back
	}
	p.seen[nonce] = now
	return true
}

// perStream adds the proof to each stream that this node opens.
type perStream struct{ *prover }

var _ credentials.PerRPCCredentials = perStream{}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (p perStream) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	peer, ok := info.AuthInfo.(peerInfo)
	if !ok {
		return nil, errors.New("cluster: stream without an authenticated connection")
	}
	return p.prove(roleClient, peer.name, peer.binding), nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (perStream) RequireTransportSecurity() bool { return true }
