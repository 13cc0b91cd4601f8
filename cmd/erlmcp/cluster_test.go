package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/config"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// planOf is the plan that arguments and environment lead to.
func planOf(t *testing.T, environ []string, args ...string) (*plan, error) {
	t.Helper()
	p := &program{args: args, environ: environ}
	cmd := p.clusterCommand()
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	c, err := p.load(cmd)
	if err != nil {
		t.Fatal(err)
	}
	nodes, _ := cmd.Flags().GetInt("nodes")
	base, _ := cmd.Flags().GetString("base-address")
	return newPlan(cmd, c, clusterFlags{nodes: nodes, base: base}, environ)
}

func TestPlan(t *testing.T) {
	pl, err := planOf(t, []string{"XDG_RUNTIME_DIR=/r", "ERLANG_COOKIE="}, "--nodes", "2", "--base-address", "127.7.0.255", "--http-port", "9000", "--log-level", "debug")
	if err != nil {
		t.Fatal(err)
	}
	if len(pl.places) != 2 {
		t.Fatalf("got %d places, want 2", len(pl.places))
	}
	got := pl.places[1]
	if got.name != "node2@127.7.1.0" || got.address != "127.7.1.0:9000" || got.socket != "/r/node2@127.7.1.0.sock" {
		t.Errorf("got %+v", got)
	}
	all := strings.Join(slices.Concat(pl.args, got.args), " ")
	for _, want := range []string{
		"foreground --node-demo", "--http-port=9000", "--log-level=debug", "--node-name=node2@127.7.1.0", "--http-listen=127.7.1.0",
		"--cluster-seeds=node1@127.7.0.255,node2@127.7.1.0", "--cluster-expected=2", "--admin-socket=/r/node2@127.7.1.0.sock",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the arguments lack %s: %s", want, all)
		}
	}
}

func TestPlanKeepsTheCookieOutOfArguments(t *testing.T) {
	mine := strings.Repeat("c", 40)
	cookies := func(environ []string) (out []string) {
		for _, e := range environ {
			if name, value, _ := strings.Cut(e, "="); strings.Contains(name, "COOKIE") {
				out = append(out, value)
			}
		}
		return out
	}
	given, err := planOf(t, []string{"ERLMCP_CLUSTER_COOKIE=" + mine})
	if err != nil {
		t.Fatal(err)
	}
	made, err := planOf(t, []string{"ERLANG_COOKIE="})
	if err != nil {
		t.Fatal(err)
	}
	if got := cookies(given.environ); !slices.Equal(got, []string{mine}) {
		t.Errorf("configured: got %v", got)
	}
	got := cookies(made.environ)
	if len(got) != 1 || len(got[0]) < 32 {
		t.Fatalf("generated: got %v, want one of at least 32 characters", got)
	}
	for _, pl := range []*plan{given, made} {
		args := slices.Clone(pl.args)
		for _, pc := range pl.places {
			args = append(args, pc.args...)
		}
		if all := strings.Join(args, " "); strings.Contains(all, mine) || strings.Contains(all, got[0]) {
			t.Error("the cookie is in the arguments")
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--nodes", "0"}, "--nodes is 0, want 1 to 16"},
		{[]string{"--nodes", "17"}, "--nodes is 17"},
		{[]string{"--base-address", "10.0.0.1"}, "want an IPv4 address of loopback"},
		{[]string{"--base-address", "localhost"}, "want an IPv4 address of loopback"},
		{[]string{"--base-address", "::1"}, "want an IPv4 address of loopback"},
		{[]string{"--base-address", "127.255.255.253"}, "leaves no room for 4 nodes"},
		{[]string{"--node-name", "a@b"}, "--node-name: erlmcp cluster gives each node its own"},
		{[]string{"--cluster-seeds", "a@b"}, "--cluster-seeds: "},
		{[]string{"--cluster-expected", "9"}, "--cluster-expected: "},
		{[]string{"--metrics-listen", "127.0.0.1:9"}, "--metrics-listen: "},
	} {
		_, err := planOf(t, nil, c.args...)
		f, ok := err.(*failure)
		if !ok || f.status != exitUsage || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: got %v, want %q", c.args, err, c.says)
		}
	}
	if _, err := planOf(t, []string{"ERLMCP_METRICS_LISTEN=127.0.0.1:9"}); err == nil {
		t.Error("one metrics address for all nodes: got a plan")
	}
}

func TestLogLines(t *testing.T) {
	var b strings.Builder
	l := newLogLines(&logSink{to: &b}, "n | ", false)
	for _, part := range []string{"a", "b\nc\r\n", "", "\n", "last"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%q: got %d, %v", part, n, err)
		}
	}
	l.close()
	if got, want := b.String(), "n | ab\nn | c\nn | \nn | last\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.Reset()
	long := newLogLines(&logSink{to: &b}, "", true)
	_, _ = long.Write([]byte(strings.Repeat("x", 3*maxLine)))
	for i := range 2 * tailLines {
		fmt.Fprintln(long, i)
	}
	tail := strings.Split(long.tail(), "\n")
	if b.Len() > 0 || cap(long.open) > 2*maxLine || len(tail) != tailLines || tail[tailLines-1] != strconv.Itoa(2*tailLines-1) {
		t.Errorf("got %d bytes printed, %d kept open, tail %v", b.Len(), cap(long.open), tail)
	}
}

// FuzzLogLines compares the lines with those of the whole text.
func FuzzLogLines(f *testing.F) {
	f.Add("a\nb", uint8(1))
	f.Add("\n\n\r\n", uint8(2))
	f.Fuzz(func(t *testing.T, text string, step uint8) {
		var b strings.Builder
		l := newLogLines(&logSink{to: &b}, "", false)
		for part := range slices.Chunk([]byte(text), int(step)+1) {
			_, _ = l.Write(part)
		}
		l.close()
		want := strings.ReplaceAll(text+"\n", "\r\n", "\n")
		if text == "" || strings.HasSuffix(text, "\n") {
			want = strings.TrimSuffix(want, "\n")
		}
		if len(text) < maxLine && b.String() != want {
			t.Errorf("%q in steps of %d: got %q", text, int(step)+1, b.String())
		}
	})
}

// runningCluster is the command cluster as a process.
type runningCluster struct {
	cmd    *exec.Cmd
	base   net.IP
	ports  []string // http, cluster, epmd
	run    string   // where the sockets are
	banner string   // what it printed until the nodes were meshed
	errors *lockedBuffer
	ended  chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newRunningCluster prepares addresses and ports that nobody else uses.
func newRunningCluster(t *testing.T) *runningCluster {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	if runtime.GOOS != "linux" {
		t.Skip("needs all of 127.0.0.0/8")
	}
	run, err := os.MkdirTemp("", "erlmcp") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(run) })
	r := &runningCluster{run: run, base: net.IPv4(127, byte(16+rand.IntN(200)), byte(rand.IntN(256)), 1), errors: &lockedBuffer{}, ended: make(chan error, 1)}
	for range 3 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		r.ports = append(r.ports, port)
	}
	return r
}

func (r *runningCluster) address(i int) string {
	return net.IPv4(r.base[12], r.base[13], r.base[14], byte(i)).String()
}
func (r *runningCluster) name(i int) string { return fmt.Sprintf("node%d@%s", i, r.address(i)) }
func (r *runningCluster) client(i int) admin.Client {
	return admin.Client{Socket: config.SocketPath(r.environ(), r.name(i))}
}

func (r *runningCluster) environ() []string {
	out := []string{"XDG_RUNTIME_DIR=" + r.run}
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if name != "XDG_RUNTIME_DIR" && !strings.HasPrefix(name, "ERL") && name != "NODE_NAME" && name != "CLUSTER_NODES" {
			out = append(out, e)
		}
	}
	return out
}

// start starts the command; its standard output is read until the nodes are meshed, or it has ended.
func (r *runningCluster) start(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"cluster", "--base-address", r.address(1), "--http-port", r.ports[0], "--cluster-port", r.ports[1], "--epmd-port", r.ports[2]}, args...)
	r.cmd = exec.Command("erlmcp", args...)
	r.cmd.Env, r.cmd.Stderr = r.environ(), r.errors
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // ends the nodes as well; a test that passes has ended it already
		if t.Failed() {
			t.Logf("standard error:\n%s", r.errors)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.banner += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		r.ended <- r.cmd.Wait()
	}()
}

// status is the exit status of the command, once it has ended.
func (r *runningCluster) status(t *testing.T) int {
	t.Helper()
	select {
	case <-r.ended:
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(60 * time.Second):
		t.Fatal("the command does not end")
		return 0
	}
}

// erlmcp runs a command for node i and returns what it prints.
func (r *runningCluster) erlmcp(t *testing.T, i int, args ...string) string {
	t.Helper()
	cmd := exec.Command("erlmcp", args...)
	cmd.Env = append(r.environ(), "NODE_NAME="+r.name(i))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v at %s: %v, %s", args, r.name(i), err, out)
	}
	return string(out)
}

// pids are the processes of the nodes by the banner.
func (r *runningCluster) pids(t *testing.T) []int {
	t.Helper()
	var out []int
	for _, m := range regexp.MustCompile(`pid (\d+)`).FindAllStringSubmatch(r.banner, -1) {
		pid, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pid)
	}
	return out
}

// noneRuns waits until no node answers any more.
func (r *runningCluster) noneRuns(t *testing.T, n int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		testutil.Eventually(t, 30*time.Second, func() bool { return r.client(i).Ping(t.Context()) != nil })
	}
}

func TestClusterCommand(t *testing.T) {
	r := newRunningCluster(t)
	r.start(t, "--nodes", "3")
	pids := r.pids(t)
	if !strings.Contains(r.banner, "3 nodes, fully meshed after ") || len(pids) != 3 || !strings.Contains(r.banner, "http://"+r.address(2)+":"+r.ports[0]+"/mcp") {
		t.Fatalf("got banner %q", r.banner)
	}
	for i := 1; i <= 3; i++ {
		others := slices.DeleteFunc([]string{"'" + r.name(1) + "'", "'" + r.name(2) + "'", "'" + r.name(3) + "'"}, func(s string) bool { return s == "'"+r.name(i)+"'" })
		if got, want := strings.Join(strings.Fields(r.erlmcp(t, i, "eval", "nodes().")), ""), "["+strings.Join(others, ",")+"]"; got != want {
			t.Errorf("nodes() at %s: got %s, want %s", r.name(i), got, want)
		}
	}
	if got := r.erlmcp(t, 1, "eval", "net_adm:ping('"+r.name(3)+"')"); got != "pong\n" {
		t.Errorf("ping: got %q", got)
	}
	table := r.erlmcp(t, 2, "nodes")
	if strings.Count(table, "\n") != 4 || !regexp.MustCompile(regexp.QuoteMeta(r.name(2))+` \* +up `).MatchString(table) {
		t.Errorf("nodes: got %s", table)
	}
	if got := r.erlmcp(t, 2, "nodes", "-o", "json"); !strings.Contains(got, `"majority": true`) || !strings.Contains(got, r.name(3)) {
		t.Errorf("nodes -o json: got %s", got)
	}
	if got := r.erlmcp(t, 2, "nodes", "-o", "term"); !strings.HasPrefix(got, "[#{") || !strings.Contains(got, "name => '"+r.name(3)+"'") {
		t.Errorf("nodes -o term: got %s", got)
	}

	victim, err := os.FindProcess(pids[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	testutil.Eventually(t, 20*time.Second, func() bool {
		got, err := r.client(1).Nodes(t.Context())
		return err == nil && len(got.Members) == 3 && strings.Contains(r.errors.String(), "erlmcp: "+r.name(3)+" has ended: signal: killed; started again, pid ")
	})
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := r.status(t); got != exitOK {
		t.Errorf("got status %d", got)
	}
	r.noneRuns(t, 3)
	for _, want := range []string{"node1 | ", `node2 | .*"msg":"node stopped"`, `node1 | .*cluster.*joined`} {
		if !regexp.MustCompile(want).MatchString(r.errors.String()) {
			t.Errorf("the logs lack %s", want)
		}
	}
}

// TestNodeThatFailsTooOftenEndsAll kills a node until it is not started again.
func TestNodeThatFailsTooOftenEndsAll(t *testing.T) {
	r := newRunningCluster(t)
	r.start(t, "--nodes", "2")
	pid := r.pids(t)[1]
	again := regexp.MustCompile(`has ended: signal: killed; started again, pid (\d+)`)
	for n := range restarts + 1 {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if n == restarts {
			break
		}
		testutil.Eventually(t, 20*time.Second, func() bool {
			said := again.FindAllStringSubmatch(r.errors.String(), -1)
			if len(said) == n+1 {
				pid, _ = strconv.Atoi(said[n][1])
			}
			return len(said) == n+1
		})
	}
	if got := r.status(t); got != exitFailed {
		t.Errorf("got status %d, want %d", got, exitFailed)
	}
	if want := r.name(2) + " has ended: signal: killed; it was started again 3 times within 2m0s, so all nodes end"; !strings.Contains(r.errors.String(), want) {
		t.Errorf("got %s, want %q", r.errors, want)
	}
	r.noneRuns(t, 2)
}

// TestStoppedNodeEndsWhatItCarries stops a node in front of a session that another node has: the request that
// it carries is answered, its event stream ends, and nothing holds it up.
func TestStoppedNodeEndsWhatItCarries(t *testing.T) {
	r := newRunningCluster(t)
	r.start(t, "--nodes", "2")
	url := func(i int) string { return "http://" + net.JoinHostPort(r.address(i), r.ports[0]) }
	session, err := post(t.Context(), url(1)+"/mcp", "", initializeBody)
	if err != nil || session == "" {
		t.Fatalf("session %q, %v", session, err)
	}
	if _, err := post(t.Context(), url(2)+"/mcp", session, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); err != nil {
		t.Fatal(err)
	}
	stream := send(t, http.MethodGet, url(2)+"/mcp", session, "")
	answer := make(chan string, 1)
	go func() {
		resp := send(t, http.MethodPost, url(2)+"/mcp", session, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"slow","arguments":{"ms":900}}}`)
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		answer <- string(text)
	}()
	testutil.Eventually(t, 20*time.Second, func() bool {
		text, _, err := get(url(1) + "/metrics")
		return err == nil && strings.Contains(text, "\nerlmcp_requests_in_flight 1\n")
	})
	node2, err := os.FindProcess(r.pids(t)[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := node2.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := <-answer; !strings.Contains(got, "done after 900 ms") {
		t.Errorf("the call: got %q", got)
	}
	_, _ = io.Copy(io.Discard, stream.Body) // it ends
	stream.Body.Close()
	testutil.Eventually(t, 30*time.Second, func() bool {
		return strings.Contains(r.errors.String(), r.name(2)+" has ended: exit status 0")
	})
	if strings.Contains(r.errors.String(), "abandoned") {
		t.Error("something held the node up")
	}
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := r.status(t); got != exitOK {
		t.Errorf("got status %d", got)
	}
}

func send(t *testing.T, method, url, session, body string) *http.Response {
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if method == http.MethodPost {
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	req.Header.Set("Mcp-Session-Id", session)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	return resp
}

func TestClusterEndsWithItsParent(t *testing.T) {
	r := newRunningCluster(t)
	r.start(t, "--nodes", "2", "--quiet")
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.noneRuns(t, 2)
	if log := r.errors.String(); strings.Contains(log, "node1 | ") {
		t.Errorf("quiet: got %s", log)
	}
}

func TestClusterNodeThatDoesNotStartEndsTheOthers(t *testing.T) {
	r := newRunningCluster(t)
	taken, err := net.Listen("tcp", net.JoinHostPort(r.address(2), r.ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r.start(t, "--nodes", "2", "--quiet")
	if got := r.status(t); got != exitFailed {
		t.Errorf("got status %d, want %d", got, exitFailed)
	}
	log := r.errors.String()
	if !strings.Contains(log, r.name(2)+" ended at its start: exit status 1; the end of its log:\nnode2 | ") || !strings.Contains(log, "address already in use") {
		t.Errorf("got %s", log)
	}
	r.noneRuns(t, 2)
	if files, err := filepath.Glob(filepath.Join(r.run, "*.sock")); err != nil || len(files) > 0 {
		t.Errorf("sockets are left: %v, %v", files, err)
	}
}
