package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

// write puts a text into a file of its own and returns the path.
func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	file := write(t, "erlmcp.yaml", "http:\n  port: 3\nlimits: {max_connections: 33}\n", 0o600)
	vmargs := write(t, "vm.args", "+Q 22\n+P 2222\n-name two@host\n", 0o600)
	for _, c := range []struct {
		name string
		src  Sources
		key  string
		want string
		from string
	}{
		{"default", Sources{}, "http.port", "8080", "default"},
		{"vm.args over default", Sources{VMArgs: vmargs}, "limits.max_connections", "22", "vm.args " + vmargs + ":1 +Q"},
		{"vm.args by variable", Sources{Environ: []string{"VMARGS_PATH=" + vmargs}}, "node.name", "two@host", "vm.args " + vmargs + ":3 -name"},
		{"file over vm.args", Sources{VMArgs: vmargs, File: file}, "limits.max_connections", "33", "file " + file + ":3"},
		{"vm.args beside file", Sources{VMArgs: vmargs, File: file}, "limits.max_actors", "2222", "vm.args " + vmargs + ":2 +P"},
		{"file by variable", Sources{Environ: []string{"ERLMCP_CONFIG=" + file}}, "http.port", "3", "file " + file + ":2"},
		{"release variable over file", Sources{File: file, Environ: []string{"ERL_MAX_PORTS=44"}}, "limits.max_connections", "44", "environment ERL_MAX_PORTS"},
		{"own variable over release variable", Sources{Environ: []string{"ERLMCP_LIMITS_MAX_CONNECTIONS=55", "ERL_MAX_PORTS=44"}},
			"limits.max_connections", "55", "environment ERLMCP_LIMITS_MAX_CONNECTIONS"},
		{"flag over all", Sources{File: file, Environ: []string{"ERLMCP_HTTP_PORT=4"}, Flags: map[string]string{"http-port": "5"}}, "http.port", "5", "flag --http-port"},
		{"empty variable is absent", Sources{File: file, Environ: []string{"ERLMCP_HTTP_PORT="}}, "http.port", "3", "file " + file + ":2"},
		{"variable with a plus", Sources{Environ: []string{"+hms=1024"}}, "session.read_buffer", "8KiB", "environment +hms"},
		{"list in a variable", Sources{Environ: []string{"CLUSTER_NODES=node2@h2, node3@h3:9001,dns:worker"}}, "cluster.seeds", "node2@h2,node3@h3:9001,dns:worker", "environment CLUSTER_NODES"},
		{"secret", Sources{Environ: []string{"ERLANG_COOKIE=0123456789abcdef0123456789abcdef"}}, "cluster.cookie", "***", "environment ERLANG_COOKIE"},
		{"lager's level", Sources{Environ: []string{"LAGER_LEVEL=warn"}}, "log.level", "warning", "environment LAGER_LEVEL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Load(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if got.Value(c.key) != c.want || got.Origin(c.key).String() != c.from {
				t.Errorf("%s: got %s from %s, want %s from %s", c.key, got.Value(c.key), got.Origin(c.key), c.want, c.from)
			}
		})
	}
}

// problems are configurations that are refused; the golden file has what is said about each.
var problems = []struct{ name, file, vmargs, env, flags string }{
	{name: "JSON syntax", file: "{\n \"node\": {\n  \"name\": \"node1@x\",\n  oops\n }\n}"},
	{name: "YAML syntax", file: "http:\n  port: 1\n bad: [\n"},
	{name: "not UTF-8", file: "node:\n  name: \"\xff\xfe\"\n"},
	{name: "misspelt key", file: `{"node":{"nmae":"node1@x"}}`},
	{name: "misspelt section", file: "htpp:\n  port: 1\n"},
	{name: "key of another section", file: "cluster:\n  peers: [a@b]\n"},
	{name: "nothing like it", file: "frobnicate: true\n"},
	{name: "control characters in a key", file: "\"\\e[31mred\": true\n"},
	{name: "twice", file: "http:\n  port: 1\n  port: 2\n"},
	{name: "port 0", file: `{"http":{"port":0}}`},
	{name: "port 65536", file: `{"http":{"port":65536}}`},
	{name: "port fraction", file: `{"http":{"port":8080.5}}`},
	{name: "port text", file: `{"http":{"port":"8080"}}`},
	{name: "port nothing", file: "http:\n  port:\n"},
	{name: "section is a list", file: "http: [1]\n"},
	{name: "file is a list", file: "- 1\n"},
	{name: "key is a list", file: "[1]: 2\n"},
	{name: "alias", file: "http: &a\n  port: 1\nadmin: *a\n"},
	{name: "two documents", file: "---\nhttp: {port: 1}\n---\nhttp: {port: 2}\n"},
	{name: "duration without unit", file: "drain:\n  timeout: 30\n"},
	{name: "duration odd", file: "drain:\n  timeout: soon\n"},
	{name: "size odd", file: "limits:\n  max_message_bytes: 4 apples\n"},
	{name: "size too large", file: "limits:\n  max_message_bytes: 4TiB\n"},
	{name: "memory limit", file: "runtime:\n  memory_limit: 1MiB\n"},
	{name: "truth", file: "http:\n  allow_unauthenticated: perhaps\n"},
	{name: "level", file: "log:\n  level: wraning\n"},
	{name: "list of numbers", file: "http:\n  allowed_hosts: [1]\n"},
	{name: "short cookie", file: `{"cluster":{"cookie":"secret"}}`},
	{name: "cookie is a number", file: "cluster:\n  cookie: 424242\n"},
	{name: "cookie and file", file: "cluster:\n  cookie: 0123456789abcdef0123456789abcdef\n  cookie_file: /x\n"},
	{name: "cookie file missing", file: "cluster:\n  cookie_file: /nonexistent/cookie\n"},
	{name: "TLS files missing", file: `{"cluster":{"tls":{"cert":"/nonexistent.pem","key":"/nonexistent.key","ca":"/nonexistent.ca"}}}`},
	{name: "TLS files incomplete", file: `{"cluster":{"tls":{"cert":"/nonexistent.pem"}}}`},
	{name: "node name", file: "node:\n  name: a/b@c\n"},
	{name: "seeds", file: "cluster:\n  seeds: [\"node2@...\", \"@x\", \"dns:\", \"a@b:70000\"]\n"},
	{name: "every interface", file: "http:\n  listen: 0.0.0.0\n"},
	{name: "empty listen", file: "http:\n  listen: \"\"\n"},
	{name: "listen on a name", file: "http:\n  listen: example.org\n"},
	{name: "path", file: "http:\n  path: mcp/\n"},
	{name: "path taken", file: "http:\n  path: /metrics\n"},
	{name: "origins", file: "http:\n  allowed_origins: [\"*\", \"null\", \"https://a.example/path\", \"https://*.example\"]\n"},
	{name: "hosts", file: "http:\n  allowed_hosts: [\"https://a.example\", \"*\"]\n"},
	{name: "admin for everybody", file: `{"admin":{"listen":"0.0.0.0:9100"}}`},
	{name: "admin without port", file: `{"admin":{"listen":"127.0.0.1"}}`},
	{name: "admin token short", file: `{"admin":{"listen":"127.0.0.1:9100","token":"secret"}}`},
	{name: "admin token odd", file: "admin:\n  listen: \"127.0.0.1:9100\"\n  token: \"0123456789abcdef 0123456789abcdef\"\n"},
	{name: "admin role", file: "admin:\n  role: root\n  listen_role: Viewer\n"},
	{name: "metrics port", file: `{"metrics":{"listen":"127.0.0.1:70000"}}`},
	{name: "addresses collide", file: "metrics: {listen: \"127.0.0.1:8080\"}\nadmin: {listen: \"127.0.0.1:8080\"}\n"},
	{name: "socket", file: "admin:\n  socket: here.sock\n"},
	{name: "upstream shell", file: `{"upstreams":[{"name":"a","command":"sh -c 'touch /tmp/x'; id"}]}`},
	{name: "upstream url", file: `{"upstreams":[{"name":"a","url":"file:///etc/passwd"}]}`},
	{name: "upstream twice", file: `{"upstreams":[{"name":"a","command":["x"]},{"name":"a","command":["y"]}]}`},
	{name: "upstream key", file: `{"upstreams":[{"nmae":"a","command":["x"],"url":"https://x.example"}]}`},
	{name: "upstreams no list", file: `{"upstreams":{"name":"a"}}`},
	{name: "misspelt variable", env: "ERLMCP_HTP_PORT=1"},
	{name: "variable out of range", env: "ERLMCP_HTTP_PORT=-1"},
	{name: "release variable odd", env: "ERL_MAX_PORTS=many"},
	{name: "upstreams variable", env: "ERLMCP_UPSTREAMS=x"},
	{name: "vm.args odd", vmargs: "# comment\n+P\n+Q 1 2\n+e -1\n"},
	{name: "unknown flag", flags: "htp-port=1"},
	{name: "flag odd", flags: "http-port=x"},
	{name: "everything at once", file: "http:\n  port: 0\n  prot: 1\nlog:\n  level: loud\n", env: "ERLMCP_X=1", flags: "drain-timeout=1"},
}

func TestProblems(t *testing.T) {
	t.Chdir(t.TempDir()) // so that names in messages are the same everywhere
	var out strings.Builder
	for _, p := range problems {
		src := Sources{Flags: map[string]string{}}
		if p.file != "" {
			src.File = "erlmcp.yaml"
			mustWrite(t, src.File, p.file)
		}
		if p.vmargs != "" {
			src.VMArgs = "vm.args"
			mustWrite(t, src.VMArgs, p.vmargs)
		}
		if p.env != "" {
			src.Environ = []string{p.env}
		}
		if name, value, ok := strings.Cut(p.flags, "="); ok {
			src.Flags[name] = value
		}
		_, err := Load(src)
		if err == nil {
			t.Errorf("%s: got no error", p.name)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "424242") {
			t.Errorf("%s: the value of a secret shows: %v", p.name, err)
		}
		fmt.Fprintf(&out, "# %s\n%v\n\n", p.name, err)
	}
	t.Chdir(packageDir)
	testutil.Golden(t, "problems.txt", []byte(out.String()))
}

// packageDir is where tests start.
var packageDir, _ = os.Getwd()

func mustWrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, 100<<20); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"absent", filepath.Join(dir, "absent"), "no such file"},
		{"directory", dir, "is a directory"},
		{"too large", big, "at most 1048576 are read"},
		{"endless", "/dev/zero", "more than 1048576 bytes"},
	} {
		_, err := Load(Sources{File: c.path})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: got %v, want an error with %q that names %s", c.name, err, c.want, c.path)
		}
	}
}

func TestAcceptedFiles(t *testing.T) {
	for _, c := range []struct{ name, text, key, want string }{
		{"empty", "", "http.port", "8080"},
		{"comments only", "# nothing\n", "http.port", "8080"},
		{"empty section", "http:\n", "http.port", "8080"},
		{"JSON with tabs", "{\n\t\"http\": {\n\t\t\"port\": 7\n\t}\n}", "http.port", "7"},
		{"empty JSON", "{}", "http.port", "8080"},
		{"byte order mark", "\xef\xbb\xbfhttp: {port: 7}\n", "http.port", "7"},
		{"size as number", "limits: {max_message_bytes: 2048}", "limits.max_message_bytes", "2KiB"},
		{"IPv6 loopback", "http: {listen: \"::1\"}", "http.listen", "::1"},
		{"every interface, on purpose", "http: {listen: 0.0.0.0, allow_unauthenticated: true}", "http.listen", "0.0.0.0"},
	} {
		got, err := Load(Sources{File: write(t, "c", c.text, 0o600)})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Value(c.key) != c.want {
			t.Errorf("%s: %s: got %s, want %s", c.name, c.key, got.Value(c.key), c.want)
		}
	}
}

// TestDefaultFileLoads uncomments the file that config default prints: it holds nothing but defaults.
func TestDefaultFileLoads(t *testing.T) {
	var b strings.Builder
	if err := WriteDefault(&b); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "default.yaml", []byte(b.String()))
	if l := parseFile("default.yaml", []byte(b.String())); len(l.errs)+len(l.assignments) != 0 {
		t.Errorf("as it is: got %v %v, want nothing", l.errs, l.assignments)
	}
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		indent, rest, ok := strings.Cut(line, "# ")
		name, _, _ := strings.Cut(rest, ":")
		if ok && name != "" && !strings.ContainsAny(name, " ,.") {
			lines[i] = indent + rest
		}
	}
	l := parseFile("default.yaml", []byte(strings.Join(lines, "\n")))
	if len(l.errs) > 0 {
		t.Fatal(l.errs)
	}
	if want := len(Keys()); len(l.assignments) != want {
		t.Errorf("uncommented: got %d keys, want %d", len(l.assignments), want)
	}
	for _, a := range l.assignments {
		if a.key.index != nil && format(a.value) != Default().Value(a.key.Path) && a.key.Path != "node.name" && a.key.Path != "admin.socket" {
			t.Errorf("%s: got %v, want the default %s", a.key.Path, a.value, Default().Value(a.key.Path))
		}
	}
}

// TestWrittenConfigLoads feeds what config show prints back.
func TestWrittenConfigLoads(t *testing.T) {
	c, err := Load(Sources{Environ: []string{"ERLMCP_HTTP_ALLOWED_HOSTS=a.example,b.example:80", "ERLMCP_NODE_NAME=a@b"}})
	if err != nil {
		t.Fatal(err)
	}
	var b, again strings.Builder
	if err := c.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	got, err := Load(Sources{File: write(t, "c", b.String(), 0o600)})
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	_, _ = c.Write(&b, false), got.Write(&again, false)
	if b.String() != again.String() {
		t.Errorf("got\n%s\nwant\n%s", again.String(), b.String())
	}
}

func TestServiceLinksAreLeftAlone(t *testing.T) {
	for _, e := range []string{
		"ERLMCP_SERVICE_HOST=10.0.0.1", "ERLMCP_SERVICE_PORT=80", "ERLMCP_SERVICE_PORT_HTTP=80", "ERLMCP_PORT=tcp://10.0.0.1:80",
		"ERLMCP_PORT_8080_TCP=tcp://10.0.0.1:8080", "ERLMCP_PORT_8080_TCP_ADDR=10.0.0.1", "ERLMCP_HTTP_PORT=tcp://10.0.0.1:80",
		"ERLMCP_HEADLESS_SERVICE_HOST=10.0.0.1", "ERLMCP_CPU_LIMIT=2.0", "HTTP_PORT=x", "PATH=/bin",
	} {
		if c, err := Load(Sources{Environ: []string{e}}); err != nil || c.HTTP.Port != 8080 {
			t.Errorf("%s: got %v", e, err)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	const cookie = "0123456789abcdef0123456789abcdef"
	path := write(t, "cookie", cookie+"\n", 0o600)
	for _, src := range []Sources{
		{Environ: []string{"ERLMCP_CLUSTER_COOKIE_FILE=" + path}},
		{Environ: []string{"ERLANG_COOKIE_FILE=" + path}},
		{Flags: map[string]string{"cluster-cookie-file": path}},
		{File: write(t, "c", "cluster: {cookie_file: \""+path+"\"}", 0o600)},
		{File: write(t, "c", "cluster: {cookie: "+strings.Repeat("x", 32)+"}", 0o600), Environ: []string{"ERLANG_COOKIE_FILE=" + path}},
	} {
		c, err := Load(src)
		if err != nil {
			t.Errorf("%v: %v", src, err)
		} else if c.Cluster.Cookie.Reveal() != cookie {
			t.Errorf("%v: got another cookie, from %s", src, c.Origin("cluster.cookie"))
		}
	}
	c, err := Load(Sources{Environ: []string{"ERLMCP_ADMIN_TOKEN_FILE=" + path, "ERLMCP_ADMIN_LISTEN=127.0.0.1:9100"}})
	if err != nil || c.Admin.Token.Reveal() != cookie || c.Admin.ListenRole != "viewer" || c.Admin.Role != "admin" {
		t.Errorf("token: got %v, %v", c, err)
	}
	open := write(t, "open", cookie, 0o644)
	if _, err := Load(Sources{Environ: []string{"ERLANG_COOKIE_FILE=" + open}}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("file that all can read: got %v", err)
	}
}

func TestSecretsNeverShow(t *testing.T) {
	const canary = "canary-0123456789abcdef-0123456789"
	c, err := Load(Sources{Environ: []string{"ERLANG_COOKIE=" + canary}, VMArgs: write(t, "vm.args", "-setcookie "+canary+"\n-cookie "+canary, 0o600)})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%v %+v %#v %s %q %d", c, c, c.Cluster, c.Cluster.Cookie, c.Cluster.Cookie, c.Cluster.Cookie)
	fmt.Fprint(&b, Report(c, System{}), c.Warnings())
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "cookie", c.Cluster.Cookie, "cluster", c.Cluster)
	if strings.Contains(b.String(), canary) {
		t.Errorf("the cookie shows: %s", b.String())
	}
}

func TestSampleCookieWarns(t *testing.T) {
	c, err := Load(Sources{Environ: []string{"ERLANG_COOKIE=" + SampleCookie}})
	if err != nil || len(c.Warnings()) != 1 || !strings.Contains(c.Warnings()[0], "cluster.cookie is the sample") {
		t.Errorf("got %v, %v; want one warning", c.Warnings(), err)
	}
}

func TestOpenFileWithSecretWarns(t *testing.T) {
	for _, c := range []struct {
		text string
		mode os.FileMode
		want int
	}{
		{"cluster: {cookie: 0123456789abcdef0123456789abcdef}", 0o644, 1},
		{"cluster: {cookie: 0123456789abcdef0123456789abcdef}", 0o640, 0},
		{"cluster: {port: 1}", 0o644, 0},
	} {
		got, err := Load(Sources{File: write(t, "c", c.text, c.mode)})
		if err != nil || len(got.Warnings()) != c.want {
			t.Errorf("%s %o: got %v, %v; want %d warnings", c.text, c.mode, got.Warnings(), err, c.want)
		}
	}
}

// certificate makes a self-signed certificate and its key as PEM files below dir.
func certificate(t *testing.T, dir string, from, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "node1@x"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	mustWrite(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	mustWrite(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
	return cert, key
}

func TestTLSFiles(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	cert, key := certificate(t, t.TempDir(), now.Add(-time.Hour), now.Add(1000*time.Hour))
	_, other := certificate(t, t.TempDir(), now, now)
	for _, c := range []struct {
		name, cert, key, ca string
		at                  time.Time
		want                string
		warning             bool
	}{
		{"good", cert, key, cert, now, "", false},
		{"ends soon", cert, key, cert, now.Add(900 * time.Hour), "", true},
		{"expired", cert, key, cert, now.Add(1001 * time.Hour), "cluster.tls.cert: the certificate expired on", false},
		{"not yet", cert, key, cert, now.Add(-2 * time.Hour), "is valid from", false},
		{"key of another", cert, other, cert, now, "cluster.tls.key: does not fit", false},
		{"swapped", key, cert, cert, now, "cluster.tls.key: does not fit", false},
		{"no authority", cert, key, key, now, "holds no certificate", false},
	} {
		got, err := Load(Sources{Now: c.at, Flags: map[string]string{"cluster-tls-cert": c.cert, "cluster-tls-key": c.key, "cluster-tls-ca": c.ca}})
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		case err == nil && (len(got.Warnings()) > 0) != c.warning:
			t.Errorf("%s: warnings: got %v", c.name, got.Warnings())
		}
	}
}
