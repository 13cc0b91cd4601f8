package config

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

const maxPEM = 1 << 20

// expirySoon is how long before its end a certificate is warned about.
const expirySoon = 14 * 24 * time.Hour

// checkTLS reads the three files: they exist, certificate and key belong together, the certificate is
// valid now, and the authority's file holds certificates.
func (v *validator) checkTLS() {
	t := v.c.Cluster.TLS
	if t == (TLS{}) {
		return
	}
	texts := map[string][]byte{}
	for _, f := range []struct{ key, path string }{{"cert", t.Cert}, {"key", t.Key}, {"ca", t.CA}} {
		key := "cluster.tls." + f.key
		if f.path == "" {
			v.fault(key, "is missing: cert, key and ca go together")
			continue
		}
		text, err := readFile(f.path, maxPEM)
		if err != nil {
			v.fault(key, "%s: %v", quoteOdd(clip(f.path)), err)
			continue
		}
		texts[f.key] = text
	}
	if ca := texts["ca"]; ca != nil && !x509.NewCertPool().AppendCertsFromPEM(ca) {
		v.fault("cluster.tls.ca", "%s holds no certificate (PEM)", quoteOdd(clip(t.CA)))
	}
	if texts["cert"] != nil && texts["key"] != nil {
		v.checkPair(texts["cert"], texts["key"])
	}
}

func (v *validator) checkPair(cert, key []byte) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		v.fault("cluster.tls.key", "does not fit cluster.tls.cert: %v", err)
		return
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	switch {
	case err != nil:
		v.fault("cluster.tls.cert", "%v", err)
	case v.now.After(leaf.NotAfter):
		v.fault("cluster.tls.cert", "the certificate expired on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case v.now.Before(leaf.NotBefore):
		v.fault("cluster.tls.cert", "the certificate is valid from %s on", leaf.NotBefore.UTC().Format(time.RFC3339))
	case leaf.NotAfter.Sub(v.now) < expirySoon:
		v.warn("cluster.tls.cert: the certificate ends on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
}
