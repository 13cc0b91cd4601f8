package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteDefault writes a file with every key at its default, commented out, with its documentation: a file
// to start from.
func WriteDefault(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Configuration of erlmcp. Every key is shown with its default; docs/config.md has the rest.\n")
	eachSection(func(sec section, keys []Key) {
		indent := strings.Repeat("  ", strings.Count(sec.Path, "."))
		if sec.Path != "" {
			fmt.Fprintf(&b, "\n%s# %s\n%s%s:\n", indent, sec.Doc, indent, lastName(sec.Path))
			indent += "  "
		}
		for _, k := range keys {
			fmt.Fprintf(&b, "%s# %s", indent, k.Doc)
			if k.Range != "" {
				fmt.Fprintf(&b, " (%s)", k.Range)
			}
			fmt.Fprintf(&b, "\n%s# %s: %s\n", indent, lastName(k.Path), k.example())
		}
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// example is the default as YAML.
func (k *Key) example() string {
	switch {
	case k.Default != "":
		return k.Default
	case k.kind == typeList || k.kind == typeUpstreams:
		return "[]"
	default:
		return `""`
	}
}

// Write writes the configuration as a file, secrets as ***; with origins, each line ends with a comment
// that says where the value came from.
func (c *Config) Write(w io.Writer, origins bool) error {
	var b strings.Builder
	eachSection(func(sec section, keys []Key) {
		indent := strings.Repeat("  ", strings.Count(sec.Path, "."))
		if sec.Path != "" {
			fmt.Fprintf(&b, "%s%s:\n", indent, lastName(sec.Path))
			indent += "  "
		}
		for _, k := range keys {
			if k.index == nil {
				continue
			}
			line := indent + lastName(k.Path) + ": " + c.yaml(&k)
			if origins {
				line = fmt.Sprintf("%-45s # %s", line, c.Origin(k.Path))
			}
			b.WriteString(line + "\n")
		}
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// yaml is the value of a key in the spelling of files.
func (c *Config) yaml(k *Key) string {
	text := c.Value(k.Path)
	switch k.kind {
	case typeList:
		items := splitList(text)
		for i := range items {
			items[i] = strconv.Quote(items[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case typeUpstreams:
		return "[]" // a configuration with any does not load
	case typeText, typeSecret:
		if k.enum == nil {
			return strconv.Quote(text)
		}
	}
	return text
}

// WriteEnv writes the environment name of each key with its default, as an env file.
func WriteEnv(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Path of the configuration file, as --config.\n#%s=\n# Path of a vm.args file, as --vm-args; also %s.\n#%s=\n", EnvFile, EnvVMArgsRelease, EnvVMArgs)
	for _, k := range Keys() {
		if k.Env != "" {
			fmt.Fprintf(&b, "# %s\n#%s=%s\n", k.Doc, k.Env, k.Default)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// eachSection calls f with each section that has keys and with those keys, in the order of the struct.
// Keys without a section come last, with the zero section.
func eachSection(f func(section, []Key)) {
	keys := map[string][]Key{}
	for _, k := range table().keys {
		sec := ""
		if i := strings.LastIndexByte(k.Path, '.'); i > 0 {
			sec = k.Path[:i]
		}
		keys[sec] = append(keys[sec], k)
	}
	for _, sec := range table().sections {
		f(sec, keys[sec.Path])
	}
	f(section{}, keys[""])
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
