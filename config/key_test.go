package config

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestKeysAreComplete(t *testing.T) {
	seen := map[string]string{}
	for _, k := range Keys() {
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") && !strings.HasSuffix(k.Doc, ">.sock") {
			t.Errorf("%s: doc %q is no sentence", k.Path, k.Doc)
		}
		if k.Env == "" && k.Path != "upstreams" {
			t.Errorf("%s has no environment name", k.Path)
		}
		if k.Secret != (k.Flag == "") && k.Path != "upstreams" {
			t.Errorf("%s: secret %v, flag %q", k.Path, k.Secret, k.Flag)
		}
		for _, name := range []string{k.Env, "--" + k.Flag} {
			if other := seen[name]; other != "" && name != "" && name != "--" {
				t.Errorf("%s and %s share the name %s", k.Path, other, name)
			}
			seen[name] = k.Path
		}
		for _, bound := range []string{k.min, k.max} {
			if bound == "" {
				continue
			}
			if _, err := k.parse(bound); err != nil {
				t.Errorf("%s: bound %s: %v", k.Path, bound, err)
			}
		}
	}
	for _, a := range aliases {
		if a.key != "" && table().byPath[a.key] == nil {
			t.Errorf("alias %v of the unknown key %s", a.names, a.key)
		}
		if (a.key == "") != (a.why != "") {
			t.Errorf("alias %v: key %q, reason %q; want one of them", a.names, a.key, a.why)
		}
	}
}

// TestDocumentIsCurrent fails when docs/config.md is not what the struct says. -update writes it.
func TestDocumentIsCurrent(t *testing.T) {
	var b strings.Builder
	if err := WriteDocument(&b); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "../../docs/config.md", []byte(b.String()))
	b.Reset()
	if err := WriteEnv(&b); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "env.txt", []byte(b.String()))
}

func TestFlagsReachTheirKeys(t *testing.T) {
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	AddFlags(fs)
	args := []string{"--http-port=7", "--http-allow-unauthenticated", "--http-allowed-hosts", "a.example,b.example", "--drain-timeout", "1m"}
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Sources{Flags: Flags(fs)})
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Port != 7 || !c.HTTP.AllowUnauthenticated || len(c.HTTP.AllowedHosts) != 2 || c.Drain.Timeout != time.Minute {
		t.Errorf("got %+v %+v", c.HTTP, c.Drain)
	}
	if err := fs.Parse([]string{"--http-port=7"}); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := fs.Parse([]string{"--http-port=8"}); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("another value: got %v", err)
	}
	if fs.Lookup("cluster-cookie") != nil {
		t.Error("a secret has a flag")
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		text string
		want Bytes
		show string
	}{
		{"0", 0, "0"}, {"512", 512, "512"}, {"512B", 512, "512"}, {"4MiB", 4 << 20, "4MiB"}, {"4m", 4 << 20, "4MiB"}, {"4G", 4 << 30, "4GiB"},
		{"1.5G", 3 << 29, "1536MiB"}, {"1kB", 1000, "1000"}, {" 64 KiB ", 64 << 10, "64KiB"}, {"1024KiB", 1 << 20, "1MiB"},
	} {
		got, err := ParseBytes(c.text)
		if err != nil || got != c.want || got.String() != c.show {
			t.Errorf("%q: got %d %s, %v; want %d %s", c.text, got, got, err, c.want, c.show)
		}
	}
	for _, text := range []string{"", "x", "-1", "1e3", "KiB", "1.5", "9999999999GiB", "1..5K", "0x10", "1 2", "99999999999999999999"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"http.port", "http.path", "node.name", "cluster.seeds"}
	for _, c := range []struct{ name, want string }{
		{"http.prot", "http.port"}, {"node.nmae", "node.name"}, {"cluster.peers", "cluster.seeds"}, {"HTTP.PORT", "http.port"},
		{"frobnicate", ""}, {"", ""}, {strings.Repeat("x", 10_000), ""},
	} {
		if got := nearest(c.name, names); got != c.want {
			t.Errorf("nearest(%.20q): got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestVMWords(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"## comment", ""}, {"", ""}, {"+P 1000 # comment", "+P|1000"}, {"  -name\ta@b\r\n", "-name|a@b"},
		{`-args 'a b' "c # d"`, "-args|a b|c # d"}, {`-x ''`, "-x|"}, {"-a b#c", "-a|b#c"},
	} {
		if got := strings.Join(vmWords(c.line), "|"); got != c.want {
			t.Errorf("%q: got %s, want %s", c.line, got, c.want)
		}
	}
}
