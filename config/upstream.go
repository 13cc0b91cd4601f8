package config

import (
	"fmt"
	"net/url"

	"go.yaml.in/yaml/v3"
)

// upstreams reads the list of upstreams: each a section of name and either command or url.
func (f *file) upstreams(k *Key, n *yaml.Node, o Origin) {
	if n.Kind != yaml.SequenceNode {
		f.errs.add(o.Where, k.Path, "is to be a list, not %s", kindName(n))
		return
	}
	out := make([]Upstream, 0, len(n.Content))
	for i, item := range n.Content {
		path := fmt.Sprintf("%s[%d]", k.Path, i)
		if item.Kind != yaml.MappingNode {
			f.errs.add(f.at(item), path, "is to be a section with name and command or url, not %s", kindName(item))
			continue
		}
		out = append(out, f.upstream(item, path))
	}
	f.assign(k, out, o)
}

func (f *file) upstream(n *yaml.Node, path string) Upstream {
	var u Upstream
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, v := n.Content[i].Value, n.Content[i+1]
		switch name {
		case "name":
			u.Name = f.text(v, path+".name")
		case "url":
			u.URL = f.text(v, path+".url")
		case "command":
			u.Command, _ = f.texts(path+".command", v) // a complaint is noted
			if v.Kind == yaml.ScalarNode {
				f.errs.add(f.at(v), path+".command", `no shell runs it: write the program and each argument as an item, such as ["npx", "server"]`)
			}
		default:
			f.errs.add(f.at(n.Content[i]), "", "unknown key %s%s", quoteOdd(clip(path+"."+name)), didYouMean(name, []string{"name", "command", "url"}))
		}
	}
	return u
}

func (f *file) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		f.errs.add(f.at(n), path, "is to be a text, not %s", kindName(n))
		return ""
	}
	return n.Value
}

// checkUpstreams finds what is wrong with the list as a whole.
func (v *validator) checkUpstreams() {
	const key = "upstreams"
	lines := map[string]int{}
	for i, u := range v.c.Upstreams {
		path := fmt.Sprintf("%s[%d]", key, i)
		switch first, twice := lines[u.Name]; {
		case u.Name == "":
			v.fault(key, "%s.name: is missing", path)
		case twice:
			v.fault(key, "%s.name: %q is the name of upstreams[%d] already", path, clip(u.Name), first)
		}
		lines[u.Name] = i
		switch {
		case u.URL == "" && len(u.Command) == 0:
			v.fault(key, "%s: command or url is missing", path)
		case u.URL != "" && len(u.Command) > 0:
			v.fault(key, "%s: has both command and url", path)
		case u.URL != "":
			if parsed, err := url.Parse(u.URL); err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Host == "" {
				v.fault(key, "%s.url: is to be https://host/path (or http), not %q", path, clip(u.URL))
			}
		case u.Command[0] == "":
			v.fault(key, "%s.command: the program is empty", path)
		}
	}
	if len(v.c.Upstreams) > 0 {
		v.fault(key, "this version does not run existing MCP servers behind a node; remove the list")
	}
}
