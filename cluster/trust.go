package cluster

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost of the derivation from the cookie: about 0.1 s and 32 MiB once per start, and once per guess.
const (
	argonPasses  = 3
	argonKiB     = 32 << 10
	argonThreads = 1
)

// secrets are what is derived from the cookie, the same on each node.
type secrets struct {
	gossip  []byte             // AES-256 key of the membership's packets
	stream  []byte             // HMAC key for the proof on each stream between nodes
	session []byte             // HMAC key for session ids
	ca      ed25519.PrivateKey // of the cluster's certificate authority
}

// deriveSecrets derives all keys from the cookie by argon2id and HKDF-SHA-256. The salt is constant, since
// nodes share nothing but the cookie.
func deriveSecrets(cookie []byte) (*secrets, error) {
	if len(cookie) == 0 {
		return nil, errors.New("cluster: the cookie is empty")
	}
	root := argon2.IDKey(cookie, []byte("erlmcp cluster cookie v1"), argonPasses, argonKiB, argonThreads, 32)
	debug.FreeOSMemory() // the derivation's memory would count as the node's for minutes
	s := new(secrets)
	for _, k := range []struct {
		dst  *[]byte
		info string
	}{{&s.gossip, "gossip"}, {&s.stream, "stream"}, {&s.session, "session"}} {
		key, err := hkdf.Expand(sha256.New, root, "erlmcp/v1/"+k.info, 32)
		if err != nil {
			return nil, fmt.Errorf("cluster: derive %s key: %w", k.info, err)
		}
		*k.dst = key
	}
	seed, err := hkdf.Expand(sha256.New, root, "erlmcp/v1/ca", ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("cluster: derive CA key: %w", err)
	}
	s.ca = ed25519.NewKeyFromSeed(seed)
	return s, nil
}

// Lives of derived certificates. A certificate is renewed after half of its life; connections outlive it.
const (
	certLife      = 24 * time.Hour
	certClockSkew = time.Hour
)

// trust makes and checks the certificates of the node. It is safe for concurrent use.
type trust struct {
	name string
	now  func() time.Time
	// chain of own files; empty where certificates are derived
	own   *tls.Certificate
	roots *x509.CertPool

	caKey  ed25519.PrivateKey
	caCert *x509.Certificate

	mu     sync.Mutex
	issued *tls.Certificate
	renew  time.Time
}

// newTrust reads own certificate files, or derives the cluster's certificate authority.
func newTrust(name string, files TLS, s *secrets) (*trust, error) {
	t := &trust{name: name, now: time.Now, roots: x509.NewCertPool()}
	if !files.isZero() {
		return t, t.load(files)
	}
	t.caKey = s.ca
	var err error
	if t.caCert, err = authority(s.ca); err != nil {
		return nil, err
	}
	t.roots.AddCert(t.caCert)
	return t, nil
}

// load reads own certificates and checks that they carry the node's name.
func (t *trust) load(files TLS) error {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return fmt.Errorf("cluster: Options.TLS: %w", err)
	}
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		return fmt.Errorf("cluster: Options.TLS.CA: %w", err)
	}
	if !t.roots.AppendCertsFromPEM(ca) {
		return fmt.Errorf("cluster: Options.TLS.CA: no certificate in %s", files.CA)
	}
	t.own = &pair
	chain := []*x509.Certificate{pair.Leaf}
	for _, der := range pair.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("cluster: Options.TLS.Cert: %w", err)
		}
		chain = append(chain, c)
	}
	if err := t.verify(chain, t.name); err != nil {
		return fmt.Errorf("cluster: Options.TLS.Cert: %w", err)
	}
	return nil
}

// authority returns the certificate of the derived authority, the same bytes on each node.
func authority(key ed25519.PrivateKey) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "erlmcp cluster"},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("cluster: make CA certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// certificate returns the node's certificate: the own one, or a derived one that is fresh.
func (t *trust) certificate() (*tls.Certificate, error) {
	if t.own != nil {
		return t.own, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.issued != nil && now.Before(t.renew) {
		return t.issued, nil
	}
	c, err := t.issue(t.name, now.Add(-certClockSkew), now.Add(certLife))
	if err != nil {
		return nil, err
	}
	t.issued, t.renew = c, now.Add(certLife/2)
	return c, nil
}

// issue makes a certificate for a node name with a new key.
func (t *trust) issue(name string, from, to time.Time) (*tls.Certificate, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cluster: make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cluster: make serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    from,
		NotAfter:     to,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, t.caCert, pub, t.caKey)
	if err != nil {
		return nil, fmt.Errorf("cluster: make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("cluster: make certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// verify checks a peer's chain against the cluster's authority, and that it is for the node want; an
// empty want accepts each node name.
func (t *trust) verify(chain []*x509.Certificate, want string) error {
	if len(chain) == 0 {
		return errors.New("no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: t.roots, Intermediates: between, CurrentTime: t.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return err
	}
	if want == "" {
		_, err := nodeHost(certName(chain[0]))
		return err
	}
	if !certHas(chain[0], want) {
		return fmt.Errorf("certificate of %q, not of node %q", certName(chain[0]), want)
	}
	return nil
}

// certName returns the node name in a certificate: the first of its names that is one.
func certName(c *x509.Certificate) string {
	for _, name := range slices.Concat([]string{c.Subject.CommonName}, c.DNSNames, c.EmailAddresses) {
		if _, err := nodeHost(name); err == nil {
			return name
		}
	}
	return c.Subject.CommonName
}

func certHas(c *x509.Certificate, name string) bool {
	return c.Subject.CommonName == name || slices.Contains(c.DNSNames, name) || slices.Contains(c.EmailAddresses, name)
}

// serverTLS returns the configuration for accepted connections. protocols are for ALPN.
func (t *trust) serverTLS(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return t.certificate() },
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              t.roots,
		Time:                   t.now,
		NextProtos:             protocols,
		SessionTicketsDisabled: true, // each connection proves the certificate again
		VerifyConnection:       func(s tls.ConnectionState) error { return t.verify(s.PeerCertificates, "") },
	}
}

// clientTLS returns the configuration for dialled connections to the node want, "" for any node. The
// library's check is replaced by ours, since node names are no host names.
func (t *trust) clientTLS(want string, protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		InsecureSkipVerify:   true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.certificate() },
		Time:                 t.now,
		NextProtos:           protocols,
		VerifyConnection:     func(s tls.ConnectionState) error { return t.verify(s.PeerCertificates, want) },
	}
}

// equalAuthority reports whether two nodes derived the same authority; for tests and diagnostics.
func (t *trust) equalAuthority(u *trust) bool {
	return t.caCert != nil && u.caCert != nil && bytes.Equal(t.caCert.Raw, u.caCert.Raw)
}
