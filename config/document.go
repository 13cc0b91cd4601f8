package config

import (
	"fmt"
	"io"
	"strings"
)

const documentHead = `# Configuration

Made from package config by ` + "`erlmcp config doc`" + `; a test compares it with the code.

A value comes from the first of these that has it:

1. a flag of ` + "`erlmcp foreground`" + ` or ` + "`erlmcp dev`" + ` (secrets have none: everybody can read arguments),
2. an environment variable: the names below, then those of an Erlang release,
3. the file that ` + "`--config` or `ERLMCP_CONFIG`" + ` names, in YAML or JSON, at most 1 MiB,
4. the vm.args file that ` + "`--vm-args`, `ERLMCP_VM_ARGS` or `VMARGS_PATH`" + ` names,
5. the default.

` + "`erlmcp config show --origin`" + ` prints each value and where it came from. Unknown keys and unknown names that begin
with ERLMCP_ are errors (variables that Kubernetes makes for services are left alone). Sizes are a number and a
unit: 512, 64KiB, 4MiB, 2G (powers of 1024) or kB, MB, GB (powers of 1000). Durations are like 500ms, 30s, 1h30m.
Lists are separated by commas in variables and flags. An empty variable counts as absent. Ports are 1 to 65535.

## Keys
`

const documentAliases = `
## Names of an Erlang release

Each is accepted from the environment (compose files can pass names with +) and, with + or -, from vm.args. At
start each one that is given is reported as applied, clamped or without effect, with the reason.

| name | key | without a key: why it has no effect |
| --- | --- | --- |
`

// WriteDocument writes the reference of all keys as Markdown, the content of docs/config.md.
func WriteDocument(w io.Writer) error {
	var b strings.Builder
	b.WriteString(documentHead)
	eachSection(func(sec section, keys []Key) {
		if sec.Path != "" {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", sec.Path, sec.Doc)
		} else {
			b.WriteString("\n### Lists\n")
		}
		b.WriteString("\n| key | type | default | variable | flag | |\n| --- | --- | --- | --- | --- | --- |\n")
		for _, k := range keys {
			doc := k.Doc
			if k.Range != "" {
				doc += " (" + k.Range + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", k.Path, k.Type, code(k.Default), code(k.Env), code(dashed(k.Flag)), cell(doc))
		}
	})
	b.WriteString(documentAliases)
	for _, a := range aliases {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(a.names, ", "), a.key, cell(a.why))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func dashed(flag string) string {
	if flag == "" {
		return ""
	}
	return "--" + flag
}

// cell escapes what would end a cell or be taken for a tag.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(s)
}
