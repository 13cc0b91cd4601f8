package badinput

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// certificateConfig writes certificates below dir and returns a configuration that names them: of a key
// that is another certificate's ("tls-mismatch") or of a certificate that has ended ("tls-expired").
func certificateConfig(template, dir string) ([]byte, error) {
	until := time.Now().Add(24 * time.Hour)
	switch template {
	case "tls-mismatch":
	case "tls-expired":
		until = time.Now().Add(-time.Hour)
	default:
		return nil, fmt.Errorf("badinput: template %s is unknown", template)
	}
	cert, key, err := selfSigned(until)
	if err != nil {
		return nil, err
	}
	if template == "tls-mismatch" {
		if _, key, err = selfSigned(until); err != nil {
			return nil, err
		}
	}
	files := map[string]string{
		"cert": filepath.Join(dir, "node.pem"), "key": filepath.Join(dir, "node.key"), "ca": filepath.Join(dir, "ca.pem"),
	}
	for name, text := range map[string][]byte{"cert": cert, "key": key, "ca": cert} {
		if err := os.WriteFile(files[name], text, 0o600); err != nil {
			return nil, fmt.Errorf("badinput: %v", err)
		}
	}
	return json.Marshal(map[string]any{"cluster": map[string]any{"tls": files}})
}

// selfSigned makes a certificate and its key, both as PEM.
func selfSigned(until time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("badinput: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "node1@x"},
		DNSNames:     []string{"node1"},
		NotBefore:    until.Add(-48 * time.Hour),
		NotAfter:     until,
		IsCA:         true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
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

// strangerClient speaks HTTP/2 over TLS with a certificate that no cluster trusts, and trusts every server.
func strangerClient() (*http.Client, error) {
	cert, key, err := selfSigned(time.Now().Add(time.Hour))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, NextProtos: []string{"h2"}},
	}}, nil
}
