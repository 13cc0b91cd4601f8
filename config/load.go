package config

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// Sources are what Load reads. The zero value means defaults only.
type Sources struct {
	Flags   map[string]string // by name without --, see Flags
	Environ []string          // as os.Environ has it
	File    string            // path; empty means the one that ERLMCP_CONFIG in Environ names, if any
	VMArgs  string            // path; empty means the one that ERLMCP_VM_ARGS or VMARGS_PATH names, if any
	Now     time.Time         // certificates have to be valid then; zero means the time of the call
}

// Default is the configuration without any source.
func Default() *Config {
	c, err := Load(Sources{})
	if err != nil {
		panic("config: the defaults are wrong: " + err.Error()) // a test loads them
	}
	return c
}

// Load reads all sources, merges them (flags > environment > file > vm.args > defaults) and checks the
// result. The error is of type Errors and holds everything that is wrong.
func Load(src Sources) (*Config, error) {
	if src.Now.IsZero() {
		src.Now = time.Now()
	}
	return merge(src, readLayers(src))
}

// readLayers reads the sources, lowest precedence first.
func readLayers(src Sources) []layer {
	layers := []layer{defaults()}
	if path := first(src.VMArgs, variable(src.Environ, EnvVMArgs), variable(src.Environ, EnvVMArgsRelease)); path != "" {
		layers = append(layers, loadVMArgs(path, src.Environ))
	}
	if path := first(src.File, variable(src.Environ, EnvFile)); path != "" {
		layers = append(layers, loadFile(path))
	}
	return append(layers, loadEnviron(src.Environ), loadFlags(src.Flags))
}

// defaults are the default tags of the struct.
func defaults() layer {
	var l layer
	for i := range table().keys {
		k := &table().keys[i]
		switch {
		case k.Default != "":
			l.set(k, k.Default, Origin{})
		case k.kind == typeUpstreams:
			l.assign(k, []Upstream{}, Origin{})
		case k.index != nil:
			l.set(k, "", Origin{})
		}
	}
	return l
}

// merge puts layers over each other and checks what comes out.
func merge(src Sources, layers []layer) (*Config, error) {
	c := &Config{origins: map[string]Origin{}}
	v := viper.New()
	var errs Errors
	for i := range layers {
		l := &layers[i]
		l.readSecrets()
		values := map[string]any{}
		for _, a := range l.assignments {
			c.origins[a.key.Path] = a.origin
			nest(values, a.key.Path, a.value)
		}
		if err := v.MergeConfigMap(values); err != nil {
			errs.add("", "", "merge: %v", err)
		}
		errs = append(errs, l.errs...)
		c.given = append(c.given, l.given...)
		c.warnings = append(c.warnings, l.warnings...)
	}
	tag := func(d *mapstructure.DecoderConfig) { d.TagName = "key" }
	if err := v.UnmarshalExact(c, tag, viper.DecodeHook(nil)); err != nil {
		errs.add("", "", "merge: %v", err)
	}
	c.fill(src.Environ)
	check := validator{c: c, errs: errs, now: src.Now}
	check.all()
	if len(check.errs) > 0 {
		return nil, check.errs
	}
	return c, nil
}

// nest sets values[a][b]... for the path a.b....
func nest(values map[string]any, path string, v any) {
	section, rest, ok := strings.Cut(path, ".")
	if !ok {
		values[path] = v
		return
	}
	inner, ok := values[section].(map[string]any)
	if !ok {
		inner = map[string]any{}
		values[section] = inner
	}
	nest(inner, rest, v)
}

// readSecrets replaces the files of secrets by what they hold. One source cannot give both.
func (l *layer) readSecrets() {
	for _, a := range l.assignments {
		if a.key.FileOf == "" {
			continue
		}
		k := table().byPath[a.key.FileOf]
		path, _ := a.value.(string)
		switch text, err := readSecret(path); {
		case path == "":
		case l.has(k):
			l.errs.add(a.origin.Where, a.key.Path, "is given together with %s; give one of them", k.Path)
		case err != nil:
			l.errs.add(a.origin.Where, a.key.Path, "%s: %v", quoteOdd(clip(path)), err)
		default:
			l.assign(k, Secret(text), Origin{a.origin.Source, a.origin.Where + " (" + path + ")"})
		}
	}
	l.dropFiles()
}

// dropFiles removes the keys of files, which Config has no fields for.
func (l *layer) dropFiles() {
	kept := l.assignments[:0]
	for _, a := range l.assignments {
		if a.key.FileOf == "" {
			kept = append(kept, a)
		}
	}
	l.assignments = kept
}

// maxSecretBytes is the largest secret file.
const maxSecretBytes = 64 << 10

// readSecret reads a file that holds a secret and, as editors leave it, a line end. As Erlang does with its
// cookie file, it refuses one that others can read; container secrets (/run/secrets) cannot be otherwise.
func readSecret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", reason(err)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 && info.Mode().IsRegular() && !strings.HasPrefix(path, "/run/secrets/") {
		return "", fmt.Errorf("mode %04o lets others read or change it; chmod 600 it", mode)
	}
	text, err := readFile(path, maxSecretBytes)
	return strings.TrimRight(string(text), "\r\n"), err
}

// fill computes what is empty by default.
func (c *Config) fill(environ []string) {
	c.Node.Name = NodeName(c.Node.Name)
	if c.Admin.Socket == "" {
		c.Admin.Socket = SocketPath(environ, c.Node.Name)
	}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
