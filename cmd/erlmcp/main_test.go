package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/config"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// testProgram is a program with captured output.
func testProgram(args ...string) (p *program, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &program{args: args, stdout: stdout, stderr: stderr}, stdout, stderr
}

// TestHelp compares the help of every command with testdata/help, and wants two examples in each.
func TestHelp(t *testing.T) {
	p, _, _ := testProgram()
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				visit(c)
			}
		}
		var b bytes.Buffer
		cmd.SetOut(&b)
		if err := cmd.Help(); err != nil {
			t.Error(err)
		}
		testutil.Golden(t, "help/"+strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".txt", b.Bytes())
		if n := strings.Count(cmd.Example, "\n") + 1; cmd.Example == "" || n < 2 {
			t.Errorf("%s: %d examples, want at least 2", cmd.CommandPath(), n)
		}
	}
	visit(p.rootCommand())
}

func TestQuickSocket(t *testing.T) {
	host := strings.TrimPrefix(config.NodeName(""), "erlmcp@")
	for _, c := range []struct {
		name    string
		args    []string
		environ []string
		want    string // empty: the long way
	}{
		{"default", nil, []string{"XDG_RUNTIME_DIR=/x"}, "/x/erlmcp@" + host + ".sock"},
		{"release's name", nil, []string{"XDG_RUNTIME_DIR=/x", "NODE_NAME=a@b"}, "/x/a@b.sock"},
		{"short name", nil, []string{"XDG_RUNTIME_DIR=/x", "NODE_NAME=a"}, "/x/a@" + host + ".sock"},
		{"own name first", nil, []string{"XDG_RUNTIME_DIR=/x", "ERLMCP_NODE_NAME=c@d", "NODE_NAME=a@b"}, "/x/c@d.sock"},
		{"variable", nil, []string{"ERLMCP_ADMIN_SOCKET=/s"}, "/s"},
		{"flag", []string{"--admin-socket", "/f"}, []string{"ERLMCP_ADMIN_SOCKET=/s"}, "/f"},
		{"flag with =", []string{"--admin-socket=/f"}, nil, "/f"},
		{"file", nil, []string{"ERLMCP_CONFIG=/c"}, ""},
		{"vm.args", nil, []string{"VMARGS_PATH=/c"}, ""},
		{"node name", []string{"--node-name", "e@f"}, []string{"XDG_RUNTIME_DIR=/x", "NODE_NAME=a@b"}, "/x/e@f.sock"},
		{"other flag", []string{"--timeout", "1s"}, nil, ""},
		{"argument", []string{"x"}, nil, ""},
		{"help", []string{"--help"}, nil, ""},
	} {
		got, ok := quickSocket(c.args, c.environ)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: got %q %v, want %q", c.name, got, ok, c.want)
		}
		if !ok || len(c.args) > 0 {
			continue
		}
		long, err := config.Load(config.Sources{Environ: c.environ}) // both ways have to agree
		if err != nil || long.Admin.Socket != got {
			t.Errorf("%s: the configuration has %v, %v; the quick way %s", c.name, long.Admin.Socket, err, got)
		}
	}
}

func TestQuickTarget(t *testing.T) {
	for _, c := range []struct {
		args []string
		rest string // - : the long way
	}{
		{[]string{"nodes()."}, "nodes()."},
		{[]string{"1", "+", "2."}, "1 + 2."},
		{[]string{"--node-name", "a@b", "nodes()."}, "nodes()."},
		{[]string{"--admin-socket=/s", "nodes()."}, "nodes()."},
		{[]string{"nodes().", "--timeout=1s"}, "-"},
		{[]string{"--help"}, "-"},
		{[]string{"--", "-1."}, "-"},
	} {
		_, rest, ok := quickTarget(c.args, nil)
		if ok != (c.rest != "-") || ok && strings.Join(rest, " ") != c.rest {
			t.Errorf("%v: got %v %v, want %q", c.args, rest, ok, c.rest)
		}
	}
}

// withoutEffect are keys that this version reports as having none, or that do not go into options.
var withoutEffect = map[string]string{
	"node.data_dir": "reported", "node.demo": "chooses the server", "limits.max_tables": "reported",
	"session.read_buffer": "reported", "session.write_buffer": "reported",
	"log.level": "newLogger", "log.format": "newLogger", "runtime.memory_limit": "tuneRuntime", "runtime.gc_percent": "tuneRuntime",
	"cluster.enabled": "clusterOptions", "cluster.seeds": "clusterOptions", "cluster.port": "clusterOptions",
	"cluster.listen": "clusterOptions", "cluster.advertise": "clusterOptions", "cluster.expected": "clusterOptions",
	"cluster.pause_minority": "clusterOptions", "cluster.cookie_file": "clusterOptions", "epmd.port": "clusterOptions",
	"cluster.tls.cert": "clusterOptions", "cluster.tls.key": "clusterOptions", "cluster.tls.ca": "clusterOptions",
	"admin.token_file": "adminOptions", // see TestAdminOptions
}

// other is a valid value that is not the default, by type or key.
func other(k config.Key) string {
	special := map[string]string{
		"node.name": "x@y", "http.path": "/other", "http.listen": "127.0.0.2", "http.allowed_origins": "https://a.example",
		"http.allowed_hosts": "a.example", "admin.socket": "/other", "admin.listen": "127.0.0.1:1",
		"admin.role": "viewer", "admin.listen_role": "operator", "metrics.listen": "127.0.0.1:1",
		"limits.max_actors": "1024", "limits.max_connections": "7", "http.max_header_bytes": "64KiB", "http.allow_unauthenticated": "true",
	}
	if v := special[k.Path]; v != "" {
		return v
	}
	switch k.Type {
	case "duration":
		return "90s"
	case "size":
		return "5KiB"
	default:
		return "17"
	}
}

// TestEveryKeyHasAnEffect sets each key in turn: the options of the node differ, or the key is listed as
// having no effect on them.
func TestEveryKeyHasAnEffect(t *testing.T) {
	plain := httpOptions(config.Default())
	for _, k := range config.Keys() {
		if k.Flag == "" || withoutEffect[k.Path] != "" {
			continue
		}
		c, err := config.Load(config.Sources{Flags: map[string]string{k.Flag: other(k)}})
		if err != nil {
			t.Errorf("%s: %v", k.Path, err)
			continue
		}
		if o := httpOptions(c); reflect.DeepEqual(o, plain) {
			t.Errorf("%s=%s changes nothing in the options of the node", k.Path, other(k))
		}
	}
}

func TestAdminOptions(t *testing.T) {
	token := strings.Repeat("t", 32)
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Flags: map[string]string{"admin-token-file": path, "admin-listen": "127.0.0.1:9100"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := adminOptions(c), (erlmcp.Admin{Socket: c.Admin.Socket, Role: "admin", Listen: "127.0.0.1:9100", Token: token, ListenRole: "viewer"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestClusterOptions(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	alone, err := clusterOptions(config.Default(), log)
	if err != nil || alone != nil {
		t.Errorf("without seeds: got %v, %v; want none", alone, err)
	}
	c, err := config.Load(config.Sources{Flags: map[string]string{
		"cluster-seeds": "a@127.0.0.2,b@127.0.0.3", "node-name": "a@127.0.0.2", "cluster-port": "9100", "epmd-port": "9200",
		"cluster-advertise": "a.example", "cluster-expected": "5", "cluster-pause-minority": "true", "node-data-dir": t.TempDir(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	o, err := clusterOptions(c, log)
	if err != nil {
		t.Fatal(err)
	}
	if o.Gossip != "127.0.0.2:9200" || o.Dist != "127.0.0.2:9100" || o.Advertise != "a.example" || o.Expected != 5 || !o.PauseMinority || len(o.Seeds) != 2 {
		t.Errorf("got %+v", o)
	}
	again, err := clusterOptions(c, log)
	if err != nil || len(o.Cookie) < 32 || !bytes.Equal(o.Cookie, again.Cookie) {
		t.Errorf("generated cookie: got %d bytes, then %d, %v; want the same twice", len(o.Cookie), len(again.Cookie), err)
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"}, {"two\nlines", "two\nlines"}, {"\x1b[31mred", `\u001b[31mred`}, {"\u202egnp.exe", `\u202egnp.exe`}, {"\xff", `\ufffd`}, {"tab\t", `tab\u0009`},
	} {
		if got := printable(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	if got := len(printable(strings.Repeat("x", 1<<20))); got > maxComplaint+10 {
		t.Errorf("a long text: got %d bytes", got)
	}
}

func TestFinish(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{nil, exitOK, ""},
		{errors.New("x"), exitUsage, "erlmcp: x\n"},
		{fail(exitRefused, "y"), exitRefused, "erlmcp: y\n"},
		{&failure{exitNotRunning, errSaid}, exitNotRunning, ""},
		{&failure{exitConfig, config.Errors{{Where: "f:1", Text: "bad"}}}, exitConfig, "erlmcp: the configuration is wrong in 1 place\n  f:1: bad\n"},
	} {
		p, _, stderr := testProgram()
		if got := p.finish(c.err); got != c.status || stderr.String() != c.says {
			t.Errorf("%v: got %d %q, want %d %q", c.err, got, stderr, c.status, c.says)
		}
	}
}

// TestExitStatusesAreDocumented compares the constants with the help.
func TestExitStatusesAreDocumented(t *testing.T) {
	for _, want := range []string{"0 done", "1 failed", "2 wrong usage", "3 node is not running", "4 refused", "5 timed out", "6 an expression failed", "78 the configuration is wrong"} {
		if !strings.Contains(strings.ReplaceAll(rootLong, "\n", " "), want) {
			t.Errorf("the help lacks %q", want)
		}
	}
}

type canary struct{}

// LogValue hides the value, as config.Secret does.
func (canary) LogValue() slog.Value { return slog.StringValue("***") }

func TestLogFieldsAreTamed(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var b bytes.Buffer
		log := newLogger(&b, false, config.Log{Level: "debug", Format: format})
		long := strings.Repeat("a", 5000)
		log.Info("message", "long", long, "escape", "\x1b[31m\u009b\u202e\x7f", "err", errors.New(long), "list", []string{long, long},
			"secret", canary{}, "nothing", nil, "lines", "a\nb", slog.Group("g", "long", long))
		line := b.String()
		if strings.Count(line, "\n") != 1 {
			t.Errorf("%s: got %d lines", format, strings.Count(line, "\n"))
		}
		for _, r := range strings.TrimSuffix(line, "\n") {
			if odd(r) || r == '\n' || r == '\t' {
				t.Errorf("%s: raw %U in the log", format, r)
			}
		}
		if n := strings.Count(line, "bytes more)"); n != 4 {
			t.Errorf("%s: %d fields are cut, want 4: %.300s", format, n, line)
		}
		if format != "json" {
			continue
		}
		var record map[string]any
		if err := json.Unmarshal(b.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		for key, v := range record {
			if s, ok := v.(string); ok && len(s) > maxField {
				t.Errorf("%s has %d bytes, want at most %d", key, len(s), maxField)
			}
		}
		if record["secret"] != "***" {
			t.Errorf("secret: got %v", record["secret"])
		}
	}
}

func TestLogLevels(t *testing.T) {
	var b bytes.Buffer
	log := newLogger(&b, true, config.Log{Level: "notice", Format: "auto"})
	log.Info("hidden")
	log.Log(t.Context(), config.LevelNotice, "shown")
	log.Log(t.Context(), config.LevelCritical, "shown")
	newLogger(&b, true, config.Log{Level: "none", Format: "auto"}).Log(t.Context(), config.LevelCritical, "hidden")
	if got := b.String(); strings.Contains(got, "hidden") || !strings.Contains(got, "level=NOTICE") || !strings.Contains(got, "level=CRITICAL") {
		t.Errorf("got %s", got)
	}
}

func TestBanner(t *testing.T) {
	environ := []string{"XDG_RUNTIME_DIR=/run/me"}
	for _, tc := range []struct {
		name  string
		args  []string
		flags map[string]string
		want  []string
	}{
		{"as it is", []string{"dev"}, nil, []string{"  bin/erlmcp ping\n", "  bin/erlmcp config show --origin\n"}},
		{"another socket", []string{"dev", "--admin-socket", "/s"}, map[string]string{"admin-socket": "/s"},
			[]string{"  bin/erlmcp ping --admin-socket /s\n", "  bin/erlmcp config show --origin --admin-socket /s\n"}},
		{"another name", []string{"dev", "--node-name=a@b"}, map[string]string{"node-name": "a@b"},
			[]string{"  bin/erlmcp ping --admin-socket /run/me/", "--origin --node-name=a@b\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := config.Load(config.Sources{Flags: tc.flags, Environ: environ})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			(&program{name: "bin/erlmcp", args: tc.args, environ: environ, stdout: &b}).writeBanner(c, "127.0.0.1:8080")
			text := b.String()
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("got %s, want in it %q", text, want)
				}
			}
			if strings.ContainsAny(text, "\x1b") || strings.Contains(text, "URL") {
				t.Errorf("got %s", text)
			}
			for line := range strings.Lines(text) {
				_, snippet, ok := strings.Cut(line, `{"`)
				if ok && !json.Valid([]byte(`{"`+strings.TrimSpace(snippet))) {
					t.Errorf("snippet is no JSON: %s", line)
				}
			}
		})
	}
}

func TestShellWord(t *testing.T) {
	for s, want := range map[string]string{
		"bin/erlmcp": "bin/erlmcp", "--http-port=1": "--http-port=1", "": "''", "a b": "'a b'", "$x": "'$x'", "it's": `'it'\''s'`, "~": "'~'",
	} {
		if got := shellWord(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}
