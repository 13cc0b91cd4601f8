package config

import (
	"fmt"

	"github.com/spf13/pflag"
)

// once is the value of a flag that may be given once: a second, different value is a mistake and not a
// correction.
type once struct {
	key  *Key
	text string
	set  bool
}

var _ pflag.Value = (*once)(nil)

// Set notes the text; Load reads it.
func (o *once) Set(text string) error {
	if o.set && o.text != text {
		return fmt.Errorf("is given twice, as %q and %q", clip(o.text), clip(text))
	}
	o.text, o.set = text, true
	return nil
}

func (o *once) String() string { return o.text }

// Type is what help shows in place of the value.
func (o *once) Type() string {
	switch o.key.kind {
	case typeInt:
		return "number"
	case typeBool:
		return "bool"
	case typeDuration:
		return "duration"
	case typeBytes, typeMemory:
		return "size"
	case typeList:
		return "list"
	default:
		return "text"
	}
}

// AddFlags defines a flag for each key that has one. Secrets have none: everybody on a machine can read the
// arguments of its processes.
func AddFlags(fs *pflag.FlagSet) {
	for i := range table().keys {
		k := &table().keys[i]
		if k.Flag == "" {
			continue
		}
		usage := k.Doc
		if k.Default != "" {
			usage += " (default " + k.Default + ")"
		}
		f := fs.VarPF(&once{key: k}, k.Flag, "", usage)
		if k.kind == typeBool {
			f.NoOptDefVal = "true"
		}
	}
}

// Flags are the flags of AddFlags that were given, for Sources.
func Flags(fs *pflag.FlagSet) map[string]string {
	given := map[string]string{}
	fs.Visit(func(f *pflag.Flag) {
		if o, ok := f.Value.(*once); ok {
			given[f.Name] = o.text
		}
	})
	return given
}

// loadFlags reads flags by name. An empty text is a value: it was written on purpose.
func loadFlags(flags map[string]string) layer {
	var l layer
	for i := range table().keys {
		k := &table().keys[i]
		if text, ok := flags[k.Flag]; ok && k.Flag != "" {
			l.set(k, text, Origin{FromFlag, "--" + k.Flag})
		}
	}
	for name := range flags {
		if table().byFlag[name] == nil {
			l.errs.add("--"+quoteOdd(clip(name)), "", "unknown flag")
		}
	}
	return l
}
