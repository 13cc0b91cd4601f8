package badinput

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Cluster is two daemons that are one cluster, each on a loopback address of its own.
type Cluster struct {
	daemon *Daemon
	nodes  []*Server
	base   string // of their addresses
	seeds  string
	extra  atomic.Int32 // nodes that cases have added

	authority *authority // nil: certificates come from the cookie
}

// The ports of a node of a Cluster: of clients, of the membership, and of the distribution.
const (
	clientPort = "8080"
	gossipPort = "4369"
	distPort   = "9001"
)

// clusterPorts are the ports that a case of cluster-tcp is played on, by name.
var clusterPorts = map[string]string{"membership": gossipPort, "distribution": distPort}

var clusters atomic.Int32 // started by this process

// errNoAddresses says that the machine has no loopback addresses beside 127.0.0.1.
var errNoAddresses = errors.New("badinput: no loopback addresses for a cluster")

// StartCluster runs two nodes, with own certificates or without, and waits until they are meshed.
func (d *Daemon) StartCluster(ctx context.Context, ownCertificates bool) (*Cluster, error) {
	base := fmt.Sprintf("127.%d.%d.", 100+clusters.Add(1)%100, os.Getpid()%250)
	l, err := net.Listen("tcp", base+"1:0")
	if err != nil {
		return nil, errNoAddresses
	}
	l.Close()
	c := &Cluster{daemon: d, base: base, seeds: "n1@" + base + "1,n2@" + base + "2"}
	if ownCertificates {
		if c.authority, err = newAuthority(); err != nil {
			return nil, err
		}
	}
	cookie := rand.Text() + rand.Text()
	for i := range 2 {
		s, err := c.startNode(ctx, i+1, cookie)
		if err != nil {
			c.Stop()
			return nil, err
		}
		c.nodes = append(c.nodes, s)
	}
	if err := c.awaitWhole(readyTime); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// startNode runs a node on the address that ends with i.
func (c *Cluster) startNode(ctx context.Context, i int, cookie string) (*Server, error) {
	dir, err := os.MkdirTemp(c.daemon.Dir, "node")
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	host := c.base + strconv.Itoa(i)
	name := c.name(i)
	certificates, err := c.authority.flags(dir, name)
	if err != nil {
		return nil, err
	}
	log := &logFile{}
	cmd := exec.Command(c.daemon.Binary, append([]string{
		"foreground", "--node-demo", "--node-name", name, "--http-listen", host, "--http-port", clientPort,
		"--admin-socket", filepath.Join(dir, "s"), "--log-format", "json",
	}, certificates...)...)
	cmd.Env = append(cleanEnv(dir), "ERLANG_COOKIE="+cookie, "CLUSTER_NODES="+c.seeds)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("badinput: start %s: %v", c.daemon.Binary, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log
	}()
	addr := net.JoinHostPort(host, clientPort)
	s := &Server{Host: addr, Path: "/mcp", Metrics: "http://" + addr + "/metrics", pid: cmd.Process.Pid, log: log,
		socket: filepath.Join(dir, "s"), cookie: cookie}
	s.stop = func() { endProcess(cmd.Process, exited) }
	if err := s.awaitAnswer(ctx, "/livez", exited); err != nil {
		s.stop()
		return nil, fmt.Errorf("badinput: %w; it said:\n%s", err, log.from(0))
	}
	return s, nil
}

// name is the name of the i-th node, counted from 1.
func (c *Cluster) name(i int) string { return fmt.Sprintf("n%d@%s%d", i, c.base, i) }

// Stop ends the nodes.
func (c *Cluster) Stop() {
	for _, s := range c.nodes {
		s.Stop()
	}
}

// target is a node as the server of a case on one of its cluster ports.
func (c *Cluster) target(port string) *Server {
	s := *c.nodes[0]
	host, _, _ := net.SplitHostPort(s.Host)
	s.Host, s.stop = net.JoinHostPort(host, port), nil
	return &s
}

// whole says what is wrong: each node has to see both, and to answer.
func (c *Cluster) whole() error {
	for i, s := range c.nodes {
		n, err := s.metric("erlmcp_cluster_members")
		if err != nil {
			return err
		}
		if n != 2 {
			return fmt.Errorf("node %d sees %v members, want 2", i+1, n)
		}
		if err := s.answers(); err != nil {
			return fmt.Errorf("node %d: %w", i+1, err)
		}
	}
	return nil
}

// awaitWhole waits until nothing is wrong.
func (c *Cluster) awaitWhole(patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		err := c.whole()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// answers opens a session and pings it.
func (s *Server) answers() error {
	p := newHTTPPeer(s)
	defer p.close()
	if err := initialize(p); err != nil {
		return err
	}
	return ping(p, "liveness")
}

// metric is the sum of a metric over its labels.
func (s *Server) metric(name string) (float64, error) {
	resp, err := oneShot.Get(s.Metrics)
	if err != nil {
		return 0, fmt.Errorf("metrics: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, keepBytes))
	if err != nil {
		return 0, fmt.Errorf("metrics: %v", err)
	}
	sum := 0.0
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(?:\{[^}]*\})? (\S+)$`).FindAllSubmatch(text, -1) {
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return 0, fmt.Errorf("metrics: %v", err)
		}
		sum += v
	}
	return sum, nil
}

// clusterPeer is a stranger's connection to a cluster port. What comes back is kept as it is.
type clusterPeer struct {
	o    *observation
	conn net.Conn
	work sync.WaitGroup
}

var _ peer = (*clusterPeer)(nil)

func dialCluster(srv *Server) (*clusterPeer, error) {
	conn, err := net.DialTimeout("tcp", srv.Host, patience)
	if err != nil {
		return nil, fmt.Errorf("badinput: %v", err)
	}
	p := &clusterPeer{o: newObservation(false), conn: conn}
	p.work.Go(func() {
		_, _ = io.Copy(noted{p.o}, conn) // until the server closes, or this side does
		p.o.update(func() { p.o.closed = true })
	})
	return p, nil
}

// noted writes into an observation.
type noted struct{ o *observation }

// Write implements io.Writer.
func (n noted) Write(b []byte) (int, error) {
	n.o.addText(b)
	return len(b), nil
}

func (p *clusterPeer) seen() *observation  { return p.o }
func (p *clusterPeer) send(message []byte) { p.write(message) }
func (p *clusterPeer) write(raw []byte)    { _, _ = p.conn.Write(raw) } // a closed connection shows in the observation
func (p *clusterPeer) halfClose()          { closeWrite(p.conn) }
func (p *clusterPeer) reset()              { resetConn(p.conn) }

func (p *clusterPeer) close() {
	p.conn.Close()
	p.work.Wait()
}

// handshake has a node with a wrong cookie try to join, and notes a closed connection if it does not get in.
func (pl *play) handshake(s *step) error {
	if s.Cookie == "right" {
		return pl.join(s)
	}
	c := pl.cluster
	refused := func() float64 {
		sum := 0.0
		for _, n := range c.nodes {
			v, _ := n.metric("erlmcp_cluster_peers_refused_total") // a node that does not answer fails the liveness
			sum += v
		}
		return sum
	}
	before := refused()
	intruder, err := c.startNode(context.Background(), 8+int(c.extra.Add(1)), rand.Text()+rand.Text())
	if err != nil {
		return err
	}
	defer intruder.Stop()
	end := time.Now().Add(patience)
	for refused() == before && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	alone, err := intruder.metric("erlmcp_cluster_members")
	if err != nil {
		return err
	}
	if whole := c.whole(); whole == nil && alone <= 1 && refused() > before {
		pl.p.seen().update(func() { pl.p.seen().closed = true })
	}
	return nil
}

// grpc makes a call of the actor library's service as a stranger: with a certificate that nobody trusts.
func (pl *play) grpc(s *step) error {
	message, err := s.message()
	if err != nil {
		return err
	}
	if slices.Contains(pl.c.Needs, needsInsider) {
		return pl.insiderCall(s, message)
	}
	client, err := strangerClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	for range max(s.times(), 1) {
		r, err := http.NewRequest(http.MethodPost, "https://"+pl.srv.Host+"/"+s.Service+"/"+s.Method, strings.NewReader(string(append(frame, message...))))
		if err != nil {
			return fmt.Errorf("badinput: %v", err)
		}
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("TE", "trailers")
		resp, err := client.Do(r)
		pl.p.seen().update(func() {
			o := pl.p.seen()
			switch {
			case err != nil:
				o.closed, o.tlsAlert = true, strings.Contains(err.Error(), "remote error: tls")
			default:
				status := resp.Header.Get("Grpc-Status")
				o.grpcError = status != "" && status != "0" || resp.StatusCode != http.StatusOK
				_ = resp.Body.Close() // only its head counts
			}
		})
	}
	return nil
}
