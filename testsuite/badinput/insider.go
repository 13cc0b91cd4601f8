package badinput

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// needsInsider is the need of cases whose peer has a certificate of the cluster and its cookie. What follows does
// again what a node does to be let in: derive keys from the cookie, choose a protocol by ALPN, prove the cookie on
// each stream with a key of the TLS connection.
const needsInsider = "insider"

// Protocols of the two ports, by the name of the port.
var alpn = map[string]string{gossipPort: "erlmcp-gossip/1", distPort: "h2"}

// alpnHello asks a node on the membership port who it is.
const alpnHello = "erlmcp-hello/1"

// unauthenticated is the gRPC status of a stream without the right proof.
const unauthenticated = "16"

// greeted is how long a node may take to end what it does not like.
const greeted = 3 * time.Second

// insider is a peer with a name, a certificate of the cluster's authority, and the cookie.
type insider struct {
	name string
	cert tls.Certificate
	root []byte // derived from the cookie
}

// newInsider issues a certificate for a name.
func (c *Cluster) newInsider(name string) (*insider, error) {
	if c.authority == nil {
		return nil, errors.New("badinput: an insider needs the cluster's authority")
	}
	cert, key, err := c.authority.issue(name, time.Now().Add(time.Hour))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	root := argon2.IDKey([]byte(c.nodes[0].cookie), []byte("erlmcp cluster cookie v1"), 3, 32<<10, 1, 32)
	return &insider{name, pair, root}, nil
}

// key derives the key of one use.
func (in *insider) key(use string) ([]byte, error) {
	return hkdf.Expand(sha256.New, in.root, "erlmcp/v1/"+use, 32)
}

// dial authenticates on a port for one of its protocols.
func (in *insider) dial(ctx context.Context, addr string, protocol string) (*tls.Conn, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: &tls.Config{
		Certificates: []tls.Certificate{in.cert}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{protocol},
	}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil
}

// proof is the metadata that proves the cookie to the node at the other end.
func (in *insider) proof(conn *tls.Conn) (map[string]string, error) {
	state := conn.ConnectionState()
	binding, err := state.ExportKeyingMaterial("EXPERIMENTAL erlmcp cookie", nil, 32)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	key, err := in.key("stream")
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	now, nonce, boot := strconv.FormatInt(time.Now().Unix(), 10), rand.Text(), "insiderboot"
	mac := hmac.New(sha256.New, key)
	for _, s := range []string{"client", in.name, boot, state.PeerCertificates[0].Subject.CommonName, now, nonce, string(binding)} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		mac.Write([]byte(s))
	}
	return map[string]string{
		"erlmcp-node": in.name, "erlmcp-boot": boot, "erlmcp-time": now, "erlmcp-nonce": nonce,
		"erlmcp-mac": base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}

// join has a node with the right cookie come in: under the name of the step, in another version of the port's
// protocol where the step names one. The observation says closed if it is not let in.
func (pl *play) join(s *step) error {
	var name string
	if err := json.Unmarshal(s.Node, &name); err != nil {
		return fmt.Errorf("badinput: node %s: %v", s.Node, err)
	}
	in, err := pl.cluster.newInsider(pl.vars.expand(name))
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(pl.srv.Host)
	protocol := alpn[port]
	if s.Version > 0 {
		protocol = "erlmcp-gossip/" + strconv.FormatInt(s.Version, 10)
	}
	conn, err := in.dial(context.Background(), pl.srv.Host, protocol)
	if err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(greeted)) // a socket takes deadlines
		_, err = io.Copy(io.Discard, conn)                // with TLS 1.3 the server judges after the client is done
		_ = conn.Close()                                  // it has ended
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) { // else the node waits for this peer to go on
		pl.p.seen().update(func() { pl.p.seen().closed = true })
	}
	return pl.vars.err()
}

// greeting is what a node sends first on a stream: RemoteMessage.connect_request.server_connection with a system
// id and an address, in protobuf.
var greeting = []byte("\x12\x12\x12\x10\x0a\x01x\x12\x0b127.0.0.1:1")

// insiderCall opens a stream with the proof, greets, and sends the message of a step.
func (pl *play) insiderCall(s *step, message []byte) error {
	in, err := pl.cluster.newInsider("node9@" + pl.cluster.base + "9")
	if err != nil {
		return err
	}
	for range max(s.times(), 1) {
		status, err := in.stream(pl.srv.Host, "/"+s.Service+"/"+s.Method, greeting, message)
		if status == unauthenticated {
			return errors.New("badinput: the insider's proof is refused")
		}
		pl.p.seen().update(func() {
			pl.p.seen().closed = pl.p.seen().closed || err != nil
			pl.p.seen().grpcError = pl.p.seen().grpcError || status != "" && status != "0"
		})
	}
	return nil
}

// stream sends messages on a gRPC stream and returns the status with which the server ended it, "" if it did not.
func (in *insider) stream(addr, path string, messages ...[]byte) (status string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), greeted)
	defer cancel()
	conn, err := in.dial(ctx, addr, "h2")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	transport := &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	defer transport.CloseIdleConnections()
	body, write := io.Pipe()
	defer write.Close()
	defer context.AfterFunc(ctx, func() { write.Close() })() // what reads the pipe does not look at ctx
	go func() {
		for _, m := range messages {
			_, _ = write.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(m))), m...)) // an ended stream shows in its status
		}
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+addr+path, body)
	if err != nil {
		return "", fmt.Errorf("badinput: %v", err)
	}
	proof, err := in.proof(conn)
	if err != nil {
		return "", err
	}
	for k, v := range proof {
		r.Header.Set(k, v)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("TE", "trailers")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	status = resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status")
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // the stream goes on
	}
	return status, err
}

// gossip tells the node, in a packet of the membership, that a member is alive in an incarnation.
func (pl *play) gossip(s *step) error {
	if s.State != "alive" {
		return fmt.Errorf("badinput: gossip of state %s", s.State)
	}
	in, err := pl.cluster.newInsider("node9@" + pl.cluster.base + "9")
	if err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(pl.srv.Host)
	addr := net.JoinHostPort(host, gossipPort)
	meta, err := in.hello(addr)
	if err != nil {
		return err
	}
	// a member counts its incarnations in 32 bits
	message := alive(pl.vars.expand(s.Member), net.ParseIP(host).To4(), meta, uint32(min(s.Version, math.MaxUint32)))
	packet, err := in.seal(message)
	if err != nil {
		return err
	}
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return fmt.Errorf("badinput: %v", err)
	}
	defer conn.Close()
	_, err = conn.Write(packet)
	return errors.Join(err, pl.vars.err())
}

// hello asks a node what it says about itself.
func (in *insider) hello(addr string) ([]byte, error) {
	conn, err := in.dial(context.Background(), addr, alpnHello)
	if err != nil {
		return nil, fmt.Errorf("badinput: hello: %v", err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(greeted)) // a socket takes deadlines
	text, err := io.ReadAll(conn)
	if err != nil || len(text) < 2 {
		return nil, fmt.Errorf("badinput: hello: %d bytes, %v", len(text), err)
	}
	return text[2:], nil
}

// seal encrypts a packet of the membership: a version byte, a nonce, AES-GCM.
func (in *insider) seal(message []byte) ([]byte, error) {
	key, err := in.key("gossip")
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return gcm.Seal(append([]byte{1}, nonce...), nonce, message, nil), nil
}

// alive is the membership's message that a member lives: its type and a map in MessagePack.
func alive(name string, ip net.IP, meta []byte, incarnation uint32) []byte {
	const aliveType = 4
	raw := func(b []byte) []byte {
		return slices.Concat([]byte{0xda}, binary.BigEndian.AppendUint16(nil, uint16(len(b))), b)
	}
	key := func(k string) []byte { return append([]byte{0xa0 | byte(len(k))}, k...) }
	return bytes.Join([][]byte{
		{aliveType, 0x86},
		key("Incarnation"), binary.BigEndian.AppendUint32([]byte{0xce}, incarnation),
		key("Node"), raw([]byte(name)), key("Addr"), raw(ip), key("Port"), {0xcd, 4369 >> 8, 4369 & 0xff},
		key("Meta"), raw(meta), key("Vsn"), raw([]byte{1, 5, 5, 0, 0, 0}),
	}, nil)
}

// leaked says which log has the cookie, "" if none.
func (c *Cluster) leaked() string {
	for i, s := range c.nodes {
		if strings.Contains(string(s.log.from(0)), s.cookie) {
			return fmt.Sprintf("the log of node %d has the cookie", i+1)
		}
	}
	return ""
}
