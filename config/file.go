package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileBytes is the largest file that is read. A configuration with every key has some 10 KB.
const maxFileBytes = 1 << 20

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, reason(err)
	case info.IsDir():
		return nil, errors.New("is a directory, not a file")
	case info.Size() > limit:
		return nil, fmt.Errorf("has %d bytes, at most %d are read", info.Size(), limit)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, reason(err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("has more than %d bytes", limit)
	}
	return text, nil
}

// reason is the bare reason of a file error: the path is in the message already.
func reason(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}

// file is a configuration file while it is read.
type file struct {
	layer
	name string // as in messages
}

// loadFile reads the file at path, YAML or JSON.
func loadFile(path string) layer {
	text, err := readFile(path, maxFileBytes)
	if err != nil {
		var l layer
		l.errs.add(path, "", "%v", err)
		return l
	}
	l := parseFile(path, text)
	l.warnOpenSecrets(path)
	return l
}

// warnOpenSecrets warns of a file that holds a secret and can be read by everybody.
func (l *layer) warnOpenSecrets(path string) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return
	}
	for _, a := range l.assignments {
		if a.key.Secret {
			l.warnings = append(l.warnings, fmt.Sprintf("%s is in %s, which everybody on this machine can read; chmod 600 it, or use %s_file", a.key.Path, path, a.key.Path))
		}
	}
}

// parseFile reads the text of a configuration file.
func parseFile(name string, text []byte) layer {
	f := &file{name: filepath.ToSlash(name)}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if looksLikeJSON(text) {
		if err := checkJSON(text); err != nil {
			f.errs.add(fmt.Sprintf("%s:%d", f.name, lineOf(text, err)), "", "syntax error in line %d: %v", lineOf(text, err), err)
			return f.layer
		}
		// JSON allows tabs between tokens where YAML does not, and none in its texts.
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file configures nothing
			f.syntax(err)
		}
		return f.layer
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		f.errs.add(f.name, "", "has more than one document")
		return f.layer
	}
	f.section(doc.Content[0], "")
	return f.layer
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)`)

// syntax notes an error of the YAML parser, which has the line in its text, mostly.
func (f *file) syntax(err error) {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		f.errs.add(f.name+":"+m[1], "", "syntax error in line %s: %s", m[1], m[2])
		return
	}
	f.errs.add(f.name, "", "syntax error: %s", quoteOdd(strings.TrimPrefix(err.Error(), "yaml: ")))
}

// looksLikeJSON recognises a text that is meant as JSON: an object whose first key is in quotes.
func looksLikeJSON(text []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("{"))
	rest = bytes.TrimSpace(rest)
	return ok && len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
}

func checkJSON(text []byte) error {
	var v any
	return json.Unmarshal(text, &v)
}

// lineOf is the line of a JSON error, from 1.
func lineOf(text []byte, err error) int {
	at := len(text)
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(min(se.Offset, int64(len(text))))
	}
	return 1 + bytes.Count(text[:at], []byte("\n"))
}

func (f *file) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", f.name, n.Line) }

// section reads a mapping of keys below the path prefix.
func (f *file) section(n *yaml.Node, prefix string) {
	name := strings.TrimSuffix(prefix, ".")
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return // a section with nothing in it
	case n.Kind == yaml.AliasNode:
		f.errs.add(f.at(n), name, "aliases are not supported")
		return
	case n.Kind != yaml.MappingNode:
		f.errs.add(f.at(n), name, "is to be a section with keys, not %s", kindName(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			f.errs.add(f.at(k), name, "a key is to be a text, not %s", kindName(k))
			continue
		}
		if line, twice := seen[k.Value]; twice {
			f.errs.add(f.at(k), prefix+clip(k.Value), "is in line %d already", line)
			continue
		}
		seen[k.Value] = k.Line
		f.entry(k, v, prefix+k.Value)
	}
}

// entry reads the value of one key, which may be a section.
func (f *file) entry(k, v *yaml.Node, path string) {
	s := table()
	if key := s.byPath[path]; key != nil {
		f.value(key, v)
		return
	}
	for _, sec := range s.sections {
		if sec.Path == path {
			f.section(v, path+".")
			return
		}
	}
	f.errs.add(f.at(k), "", "unknown key %s%s", quoteOdd(clip(path)), didYouMean(path, s.paths()))
}

// paths are all keys and sections, for suggestions.
func (s *schema) paths() []string {
	out := make([]string, 0, len(s.keys)+len(s.sections))
	for _, k := range s.keys {
		out = append(out, k.Path)
	}
	for _, sec := range s.sections {
		out = append(out, sec.Path)
	}
	return out
}

// value reads the value of a key by the key's type.
func (f *file) value(k *Key, n *yaml.Node) {
	o := Origin{FromFile, f.at(n)}
	switch k.kind {
	case typeList:
		if items, ok := f.texts(k.Path, n); ok {
			f.assign(k, items, o)
		}
		return
	case typeUpstreams:
		f.upstreams(k, n, o)
		return
	}
	if n.Kind != yaml.ScalarNode {
		f.errs.add(o.Where, k.Path, "is to be %s, not %s", k.article(), kindName(n))
		return
	}
	if !k.takes(n.Tag) {
		f.errs.add(o.Where, k.Path, "is to be %s, not %s%s", k.article(), kindName(n), k.hint(n))
		return
	}
	f.set(k, n.Value, o)
}

// takes says whether a scalar with the tag can be a value of k.
func (k *Key) takes(tag string) bool {
	switch k.kind {
	case typeInt:
		return tag == "!!int"
	case typeBool:
		return tag == "!!bool"
	case typeBytes, typeMemory:
		return tag == "!!int" || tag == "!!str"
	default:
		return tag == "!!str"
	}
}

// article is the type of k in a sentence.
func (k *Key) article() string {
	if k.kind == typeBool || k.kind == typeMemory {
		return k.Type
	}
	return "a " + k.Type
}

// hint says how to write what was probably meant.
func (k *Key) hint(n *yaml.Node) string {
	switch {
	case n.Tag == "!!null":
		return ""
	case k.kind == typeDuration:
		return "; it needs a unit, such as 30s"
	case k.kind == typeText:
		return "; put it in quotes"
	default:
		return ""
	}
}

// texts reads a sequence of texts.
func (f *file) texts(path string, n *yaml.Node) ([]string, bool) {
	if n.Kind != yaml.SequenceNode {
		f.errs.add(f.at(n), path, "is to be a list of texts, not %s", kindName(n))
		return nil, false
	}
	items := make([]string, 0, len(n.Content))
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" {
			f.errs.add(f.at(item), fmt.Sprintf("%s[%d]", path, i), "is to be a text, not %s", kindName(item))
			return nil, false
		}
		items = append(items, item.Value)
	}
	return items, true
}

// kindName says what stands in the file, without its value, which may be a secret.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section with keys"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default: // a value
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number with a fraction"
	case "!!bool":
		return "true or false"
	case "!!str":
		return "a text"
	default:
		return "a value of another type"
	}
}
