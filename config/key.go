package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// EnvPrefix begins every environment name of the configuration.
const EnvPrefix = "ERLMCP_"

// Key describes one key: where it may stand and what it may be.
type Key struct {
	Path    string // section.key
	Env     string // environment name; empty where there is none
	Flag    string // without --; empty where there is none (secrets, upstreams)
	Type    string // text, whole number, yes or no, duration, size, ...
	Default string // in the spelling of files; empty for an empty text or list
	Doc     string
	Range   string // in words; empty where anything goes
	Secret  bool
	// FileOf is the key that the content of the file becomes the value of, for the key that ends in _file
	// which every secret has beside it; empty for other keys.
	FileOf string

	index    []int // of the field in Config; nil if FileOf
	kind     reflect.Type
	min, max string
	enum     []string
}

// section describes a group of keys.
type section struct{ Path, Doc string }

var (
	typeDuration  = reflect.TypeFor[time.Duration]()
	typeBytes     = reflect.TypeFor[Bytes]()
	typeMemory    = reflect.TypeFor[MemoryLimit]()
	typeSecret    = reflect.TypeFor[Secret]()
	typeList      = reflect.TypeFor[[]string]()
	typeUpstreams = reflect.TypeFor[[]Upstream]()
	typeText      = reflect.TypeFor[string]()
	typeInt       = reflect.TypeFor[int]()
	typeBool      = reflect.TypeFor[bool]()
)

var typeNames = map[reflect.Type]string{
	typeDuration: "duration", typeBytes: "size", typeMemory: "auto, off or a size", typeSecret: "text", typeList: "list of texts",
	typeUpstreams: "list of upstreams", typeText: "text", typeInt: "whole number", typeBool: "true or false",
}

// Keys lists all keys in the order of the struct.
func Keys() []Key { return slices.Clone(table().keys) }

// schema is Config as data.
type schema struct {
	keys     []Key
	sections []section
	byPath   map[string]*Key
	byEnv    map[string]*Key
	byFlag   map[string]*Key
}

var table = sync.OnceValue(func() *schema {
	s := &schema{byPath: map[string]*Key{}, byEnv: map[string]*Key{}, byFlag: map[string]*Key{}}
	s.walk(reflect.TypeFor[Config](), "", nil)
	for i := range s.keys {
		k := &s.keys[i]
		s.byPath[k.Path] = k
		if k.Env != "" {
			s.byEnv[k.Env] = k
		}
		if k.Flag != "" {
			s.byFlag[k.Flag] = k
		}
	}
	return s
})

func (s *schema) walk(t reflect.Type, prefix string, index []int) {
	for f := range t.Fields() {
		name, tagged := f.Tag.Lookup("key")
		if !tagged {
			continue
		}
		path, at := prefix+name, append(slices.Clone(index), f.Index...)
		if f.Type.Kind() == reflect.Struct {
			s.sections = append(s.sections, section{path, f.Tag.Get("doc")})
			s.walk(f.Type, path+".", at)
			continue
		}
		s.add(newKey(path, f, at))
	}
}

func newKey(path string, f reflect.StructField, index []int) Key {
	k := Key{
		Path: path, Type: typeNames[f.Type], Default: f.Tag.Get("default"), Doc: f.Tag.Get("doc"), Secret: f.Type == typeSecret,
		index: index, kind: f.Type, min: f.Tag.Get("min"), max: f.Tag.Get("max"),
	}
	if k.Type == "" {
		panic("config: field " + path + " has a type that no loader knows: " + f.Type.String())
	}
	if enum := f.Tag.Get("enum"); enum != "" {
		k.enum = strings.Split(enum, "|")
	}
	if f.Type != typeUpstreams {
		k.Env = EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
		k.Flag = strings.NewReplacer(".", "-", "_", "-").Replace(path)
	}
	if k.Secret {
		k.Flag = "" // everybody on the machine can read the arguments of a process
	}
	switch {
	case k.enum != nil:
		k.Range = "one of " + strings.Join(k.enum, ", ")
	case k.min != "":
		k.Range = k.min + " to " + k.max
	}
	return k
}

// add appends a key and, for a secret, the key of its file.
func (s *schema) add(k Key) {
	s.keys = append(s.keys, k)
	if !k.Secret {
		return
	}
	path := k.Path + "_file"
	s.keys = append(s.keys, Key{
		Path: path, Env: k.Env + "_FILE", Flag: strings.NewReplacer(".", "-", "_", "-").Replace(path), Type: "text",
		Doc: "File that holds " + k.Path + ", in place of it; readable by its owner (and group) only.", FileOf: k.Path, kind: typeText,
	})
}

// parse reads a text, as environment, flags and vm.args have it and as scalars of files are written.
func (k *Key) parse(text string) (any, error) {
	switch k.kind {
	case typeBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", clip(text))
		}
		return b, nil
	case typeInt:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", clip(text))
		}
		return n, inRange(k, n, strconv.Atoi)
	case typeDuration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration, such as 500ms, 30s or 1h30m", clip(text))
		}
		return d, inRange(k, d, time.ParseDuration)
	case typeBytes:
		b, err := ParseBytes(text)
		if err != nil {
			return nil, err
		}
		return b, inRange(k, b, ParseBytes)
	case typeMemory:
		return ParseMemoryLimit(text)
	case typeSecret:
		return Secret(text), nil
	case typeList:
		return splitList(text), nil
	case typeUpstreams:
		return nil, fmt.Errorf("upstreams can stand in a file only")
	default:
		return text, k.oneOf(text)
	}
}

// inRange compares v with the tags min and max, which parse cannot fail to read (a test reads them all).
func inRange[T int | time.Duration | Bytes](k *Key, v T, parse func(string) (T, error)) error {
	if k.min == "" {
		return nil
	}
	low, _ := parse(k.min)
	high, _ := parse(k.max)
	if v < low || v > high {
		return fmt.Errorf("%s is out of range, %s to %s", format(v), k.min, k.max)
	}
	return nil
}

func (k *Key) oneOf(text string) error {
	if k.enum == nil || slices.Contains(k.enum, text) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s%s", clip(text), strings.Join(k.enum, ", "), didYouMean(text, k.enum))
}

// splitList splits at commas; blanks around items and empty items do not count.
func splitList(text string) []string {
	items := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// format is a value as files spell it, secrets hidden.
func format(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return formatDuration(v)
	case []string:
		return strings.Join(v, ",")
	default:
		return fmt.Sprint(v)
	}
}

// Value returns the value of a key as files spell it; secrets and everything in them are ***.
func (c *Config) Value(path string) string {
	k := table().byPath[path]
	if k == nil || k.index == nil {
		return ""
	}
	return format(reflect.ValueOf(c).Elem().FieldByIndex(k.index).Interface())
}
