package badinput

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// authority issues the certificates of a cluster that has its own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	text []byte // PEM
}

func newAuthority() (*authority, error) {
	text, keyText, err := selfSigned(time.Now().Add(24 * time.Hour))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(text, keyText)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("badinput: key of type %T", pair.PrivateKey)
	}
	return &authority{cert: pair.Leaf, key: key, text: text}, nil
}

// issue makes a certificate for a node's name, both as PEM.
func (a *authority) issue(name string, until time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("badinput: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    until.Add(-48 * time.Hour),
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("badinput: %v", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("badinput: %v", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), nil
}

// flags writes the files of a node below dir and returns the flags that name them.
func (a *authority) flags(dir, name string) ([]string, error) {
	if a == nil {
		return nil, nil
	}
	cert, key, err := a.issue(name, time.Now().Add(24*time.Hour))
	if err != nil {
		return nil, err
	}
	var flags []string
	for _, f := range []struct {
		flag, file string
		text       []byte
	}{{"cert", "node.pem", cert}, {"key", "node.key", key}, {"ca", "ca.pem", a.text}} {
		path := filepath.Join(dir, f.file)
		if err := os.WriteFile(path, f.text, 0o600); err != nil {
			return nil, fmt.Errorf("badinput: %v", err)
		}
		flags = append(flags, "--cluster-tls-"+f.flag, path)
	}
	return flags, nil
}

// tls connects with a certificate of the cluster's authority that has ended, for the name of a node.
func (pl *play) tls(s *step) error {
	if s.ClientCert != "expired" || pl.cluster.authority == nil {
		return fmt.Errorf("badinput: client certificate %s", s.ClientCert)
	}
	cert, key, err := pl.cluster.authority.issue("n9@"+pl.cluster.base+"9", time.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("badinput: %v", err)
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: &tls.Config{
		Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, NextProtos: []string{"h2"},
	}}
	conn, err := d.Dial("tcp", pl.srv.Host)
	if err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(patience)) // a socket takes deadlines
		_, err = conn.Read(make([]byte, 1))                // with TLS 1.3 the server judges after the client is done
		_ = conn.Close()                                   // it has ended
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // the server let it in: no outcome fits
	}
	pl.p.seen().update(func() {
		pl.p.seen().closed, pl.p.seen().tlsAlert = true, strings.Contains(err.Error(), "remote error: tls")
	})
	return nil
}
