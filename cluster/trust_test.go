package cluster

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"
)

// newTestTrust derives with the cookie for a node name.
func newTestTrust(t *testing.T, name, cookie string) *trust {
	t.Helper()
	return newInsider(t, name, cookie).trust
}

func TestSecretsDependOnTheCookieOnly(t *testing.T) {
	a, err := deriveSecrets([]byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := deriveSecrets([]byte("one"))
	b, _ := deriveSecrets([]byte("two"))
	for _, k := range [][2][]byte{{a.gossip, again.gossip}, {a.stream, again.stream}, {a.session, again.session}, {a.ca, again.ca}} {
		if !bytes.Equal(k[0], k[1]) {
			t.Error("the same cookie gives another key")
		}
	}
	for _, k := range [][2][]byte{{a.gossip, b.gossip}, {a.gossip, a.stream}, {a.stream, a.session}, {a.ca, b.ca}} {
		if bytes.Equal(k[0], k[1]) {
			t.Error("two keys are the same")
		}
	}
	if _, err := deriveSecrets(nil); err == nil {
		t.Error("empty cookie: no error")
	}
}

// handshake runs TLS between two trusts and returns the client's and the server's error.
func handshake(t *testing.T, client, server *tls.Config) (clientErr, serverErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	deadline := time.Now().Add(5 * time.Second)
	_ = a.SetDeadline(deadline)
	_ = b.SetDeadline(deadline)
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(b, server)
		err := conn.Handshake()
		if err == nil {
			_, err = conn.Write([]byte("x"))
		}
		b.Close()
		done <- err
	}()
	conn := tls.Client(a, client)
	if clientErr = conn.Handshake(); clientErr == nil {
		_, clientErr = conn.Read(make([]byte, 1))
	}
	a.Close()
	return clientErr, <-done
}

func TestHandshake(t *testing.T) {
	const one, two = "node1@host", "node2@host"
	now := time.Now()
	good, peer, other := newTestTrust(t, one, "cookie"), newTestTrust(t, two, "cookie"), newTestTrust(t, two, "another")
	if !good.equalAuthority(peer) || good.equalAuthority(other) {
		t.Error("the authority does not follow from the cookie")
	}
	ahead := newTestTrust(t, two, "cookie")
	ahead.now = func() time.Time { return now.Add(2 * certLife) }
	expired := newTestTrust(t, two, "cookie")
	expired.own, _ = expired.issue(two, now.Add(-2*time.Hour), now.Add(-time.Hour))
	for _, tc := range []struct {
		name           string
		client, server *tls.Config
		ok             bool
	}{
		{"right", good.clientTLS(two), peer.serverTLS(), true},
		{"any name", good.clientTLS(""), peer.serverTLS(), true},
		{"wrong name", good.clientTLS("node3@host"), peer.serverTLS(), false},
		{"wrong cookie of the server", good.clientTLS(two), other.serverTLS(), false},
		{"wrong cookie of the client", withoutCheck(other), good.serverTLS(), false},
		{"expired client", expired.clientTLS(one), good.serverTLS(), false},
		{"expired server", good.clientTLS(two), expired.serverTLS(), false},
		{"clock of the server two days ahead", good.clientTLS(two), ahead.serverTLS(), false},
		{"no certificate", &tls.Config{InsecureSkipVerify: true}, good.serverTLS(), false},
		{"tls 1.2", &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}, good.serverTLS(), false},
	} {
		clientErr, serverErr := handshake(t, tc.client, tc.server)
		if ok := clientErr == nil && serverErr == nil; ok != tc.ok {
			t.Errorf("%s: client %v, server %v, want ok %v", tc.name, clientErr, serverErr, tc.ok)
		}
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	tr := newTestTrust(t, "node1@host", "cookie")
	now := time.Now()
	tr.now = func() time.Time { return now }
	first, err := tr.certificate()
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(certLife/2 - time.Minute)
	if same, _ := tr.certificate(); same != first {
		t.Error("renewed before half of its life")
	}
	now = now.Add(2 * time.Minute)
	next, _ := tr.certificate()
	if next == first || !next.Leaf.NotAfter.After(now.Add(certLife/2)) {
		t.Error("not renewed after half of its life")
	}
}

func TestOwnCertificates(t *testing.T) {
	const name = "node1@host"
	tr := newTestTrust(t, name, "cookie")
	pair, err := tr.certificate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(file, kind string, der []byte) string {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	files := TLS{
		Cert: write("cert.pem", "CERTIFICATE", pair.Certificate[0]),
		Key:  write("key.pem", "PRIVATE KEY", key),
		CA:   write("ca.pem", "CERTIFICATE", tr.caCert.Raw),
	}
	s, _ := deriveSecrets([]byte("irrelevant here"))
	own, err := newTrust(name, files, s)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := handshake(t, own.clientTLS(name), tr.serverTLS()); a != nil || b != nil {
		t.Errorf("handshake with own certificate: %v, %v", a, b)
	}
	if _, err := newTrust("node2@host", files, s); err == nil || !strings.Contains(err.Error(), "node2@host") {
		t.Errorf("certificate of another node: got %v", err)
	}
}

func TestProof(t *testing.T) {
	key := []byte("key")
	now := time.Unix(1_700_000_000, 0)
	server := newProver(key, "b@h", "boot-b")
	server.now = func() time.Time { return now }
	client := newProver(key, "a@h", "boot-a")
	client.now = server.now
	good := func() map[string]string { return client.prove(roleClient, "b@h", "binding") }
	for _, tc := range []struct {
		name          string
		md            map[string]string
		role, from    string
		binding       string
		change        string
		want          string
		later, before time.Duration
	}{
		{name: "right", md: good(), role: roleClient, from: "a@h", binding: "binding", want: "boot-a"},
		{name: "other role", md: good(), role: roleServer, from: "a@h", binding: "binding"},
		{name: "other connection", md: good(), role: roleClient, from: "a@h", binding: "another"},
		{name: "other certificate", md: good(), role: roleClient, from: "c@h", binding: "binding"},
		{name: "to another", md: client.prove(roleClient, "c@h", "binding"), role: roleClient, from: "a@h", binding: "binding"},
		{name: "other key", md: newProver([]byte("x"), "a@h", "boot-a").prove(roleClient, "b@h", "binding"), role: roleClient, from: "a@h", binding: "binding"},
		{name: "none", md: nil, role: roleClient, from: "a@h", binding: "binding"},
		{name: "stale", md: good(), later: proofWindow + time.Second, role: roleClient, from: "a@h", binding: "binding"},
		{name: "from the future", md: good(), later: -proofWindow - time.Second, role: roleClient, from: "a@h", binding: "binding"},
		{name: "changed boot", md: good(), change: proofBoot, role: roleClient, from: "a@h", binding: "binding"},
		{name: "changed time", md: good(), change: proofTime, role: roleClient, from: "a@h", binding: "binding"},
	} {
		md := metadata.New(tc.md)
		if tc.change != "" {
			md.Set(tc.change, "1")
		}
		at := now
		now = now.Add(tc.later)
		got, err := server.check(md, tc.role, tc.from, tc.binding)
		now = at
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: got %q, %v, want %q", tc.name, got, err, tc.want)
		}
	}
	md := metadata.New(good())
	if _, err := server.check(md, roleClient, "a@h", "binding"); err != nil {
		t.Fatal(err)
	}
	if _, err := server.check(md, roleClient, "a@h", "binding"); err == nil {
		t.Error("a repeated proof is taken")
	}
}

func TestCookieFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dir", "cookie")
	cookie, made, err := CookieFile(path)
	if err != nil || !made || len(cookie) != 2*MinCookie {
		t.Fatalf("got %q, %v, %v", cookie, made, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".cookie-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	again, made, err := CookieFile(path)
	if err != nil || made || !bytes.Equal(again, cookie) {
		t.Errorf("second read: got %q, %v, %v", again, made, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		_ = os.Chmod(path, mode)
		if _, _, err := CookieFile(path); err == nil || !strings.Contains(err.Error(), "owner only") {
			t.Errorf("mode %v: got %v", mode, err)
		}
	}
	_ = os.Chmod(path, 0o600)
	for _, tc := range []struct{ name, text, want string }{
		{"white space", " \n\t\n", "empty"}, {"long", strings.Repeat("x", maxCookieFile+1), "at most"},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := CookieFile(path); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
	if _, _, err := CookieFile(filepath.Dir(path)); err == nil {
		t.Error("a directory is taken for a cookie file")
	}
	if !SampleCookie([]byte("erlmcp_cluster_secret")) || !WeakCookie([]byte("erlmcp_cluster_secret")) || WeakCookie(cookie) {
		t.Error("weak cookies are not told from strong ones")
	}
}
