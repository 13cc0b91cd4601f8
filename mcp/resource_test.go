package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// echoResource reads as its own URI and variables.
func echoResource(_ context.Context, req *ReadResourceRequest) (*ReadResourceResult, error) {
	variables, err := json.Marshal(req.Variables)
	return &ReadResourceResult{Contents: []*ResourceContents{{Text: string(variables)}}}, err
}

func TestWhatReadsAURI(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	for _, uri := range []string{"test://static/text", "test://a/b", "test://static/.."} {
		s.AddResource(&Resource{URI: uri, Name: uri}, echoResource)
	}
	for _, template := range []string{
		"test://one/{id}", "test://two/{id}/data", "test://path/{+path}", "test://query{?q,r}",
		"test://list{/all*}", "test://a/{x}", "test://abc/{x}", "test://abc/d{x}",
	} {
		s.AddResourceTemplate(&ResourceTemplate{URITemplate: template, Name: template}, echoResource)
	}
	for _, test := range []struct{ uri, want string }{
		{"test://static/text", `null`},
		{"test://static/..", `null`}, // a resource is found by its very URI
		{"test://a/b", `null`},       // before the template
		{"test://a/c", `{"x":"c"}`},
		{"test://one/5", `{"id":"5"}`},
		{"test://one/a%20b", `{"id":"a b"}`},
		{"test://two/5/data", `{"id":"5"}`},
		{"test://path/a/b.txt", `{"path":"a/b.txt"}`},
		{"test://query?q=1&r=2", `{"q":"1","r":"2"}`},
		{"test://list/a/b", `{"all":"a,b"}`},
		{"test://abc/dx", `{"x":"x"}`}, // the longer text before the variable comes first
		{"test://path/a..b/c", `{"path":"a..b/c"}`},
		{"", ""},
		{"test://static/text/", ""},
		{"test://static/text#f", ""},
		{"TEST://static/text", ""},
		{"test://static/%74ext", ""},
		{"test://static/x/../text", ""},
		{"test://static/..%2f..%2f..%2fetc/passwd", ""},
		{"test://two/5/data/more", ""},
		{"xtest://one/5", ""},
		{"test://one/5/6", ""},
		{"test://one/5\n", ""},
		{"test://one/..", ""},
		{"test://one/%2e%2E", ""},
		{"test://one/..%2f..%2fetc", ""},
		{"test://one/%252e%252e%252fetc", ""},
		{"test://path/../../etc/passwd", ""},
		{"test://path/a/./b", ""},
		{"test://path/a/%2e%2e/b", ""},
		{`test://one/..%5c..%5cetc`, ""},
		{"test://one/a%00b", ""},
		{"test://query?q=../x", ""},
		{"file:///etc/passwd", ""},
		{"http://169.254.169.254/latest/meta-data/", ""},
		{"test://path/" + strings.Repeat("%25", maxURIBytes), ""},
	} {
		got := ""
		if e := s.catalog().readResource(test.uri); e != nil {
			var result ReadResourceResult
			out := e.read(t.Context(), &ReadResourceRequest{Params: &ReadResourceParams{URI: test.uri}})
			if err := json.Unmarshal([]byte(outcomeText(out)), &result); err != nil {
				t.Fatalf("%s: %v", outcomeText(out), err)
			}
			got = result.Contents[0].Text
			if result.Contents[0].URI != test.uri {
				t.Errorf("%q reads as %q", test.uri, result.Contents[0].URI)
			}
		}
		if got != test.want {
			t.Errorf("%q: got %s, want %s", test.uri, got, test.want)
		}
	}
}

// FuzzReadResource checks that no URI with a dot segment gets to the handler of a template, and that what gets
// there starts as the template does.
func FuzzReadResource(f *testing.F) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://p/{+path}", Name: "p"}, echoResource)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://i/{id}/x{?q*}", Name: "i"}, echoResource)
	for _, seed := range []string{
		"test://p/a/b", "test://p/../x", "test://i/5/x?a=1", "test://p/%2e%2e/", "test://p/%25%32%65%2e", "test://p/%", "test://p/%zz..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		e := s.catalog().readResource(uri)
		if e == nil {
			return
		}
		if !strings.HasPrefix(uri, "test://p/") && !strings.HasPrefix(uri, "test://i/") {
			t.Errorf("%q is read", uri)
		}
		for name, value := range e.variables {
			for segment := range strings.SplitSeq(value, "/") {
				if segment == ".." || segment == "." || strings.ContainsRune(segment, 0) {
					t.Errorf("%q gives %s the value %q", uri, name, value)
				}
			}
		}
	})
}

func TestOutcomesOfReading(t *testing.T) {
	s := newTried(t, ServerOptions{})
	s.AddResource(&Resource{URI: "test://r", Name: "r", MIMEType: "text/plain"}, func(_ context.Context, req *ReadResourceRequest) (*ReadResourceResult, error) {
		switch req.Params.Meta["case"] {
		case "not found":
			return nil, fmt.Errorf("reading: %w", ResourceNotFound(req.Params.URI))
		case "error":
			return nil, errors.New("open /secret: no such file")
		case "panic":
			panic("secret")
		case "nothing":
			return nil, nil
		case "nil contents":
			return &ReadResourceResult{Contents: []*ResourceContents{nil}}, nil
		case "empty":
			return &ReadResourceResult{Meta: Meta{"a": true}}, nil
		case "several":
			return &ReadResourceResult{Contents: []*ResourceContents{
				{Text: "<a>"}, {URI: "test://r/b", MIMEType: "image/png", Blob: []byte{1, 2}, Meta: Meta{"k": "v"}}, {Blob: []byte{}},
			}}, nil
		}
		return nil, nil
	})
	for name, want := range map[string]string{
		"not found":    "error -32002 resource not found",
		"error":        "error -32603 internal error",
		"panic":        "error -32603 internal error",
		"nothing":      "error -32603 internal error",
		"nil contents": "error -32603 internal error",
		"empty":        `{"contents":[],"_meta":{"a":true}}`,
		"several": `{"contents":[{"uri":"test://r","mimeType":"text/plain","text":"<a>"},` +
			`{"uri":"test://r/b","mimeType":"image/png","blob":"AQI=","_meta":{"k":"v"}},` +
			`{"uri":"test://r","mimeType":"text/plain","blob":""}]}`,
	} {
		out := s.catalog().readResource("test://r").read(t.Context(), &ReadResourceRequest{
			Params: &ReadResourceParams{URI: "test://r", Meta: Meta{"case": name}},
		})
		if got := outcomeText(out); got != want {
			t.Errorf("%s\ngot:  %s\nwant: %s", name, got, want)
		}
	}
	if len(s.panics) != 1 || s.panics[0] != "resources/read test://r secret" {
		t.Errorf("reported panics: %q", s.panics)
	}
	if len(s.errs) != 3 {
		t.Errorf("reported errors: %q", s.errs)
	}
}

func TestListedResources(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.AddResource(&Resource{
		URI: "test://r?a=1&b=2", Name: "r", Title: "R", Description: "d", MIMEType: "text/plain", Size: 5,
		Annotations: &Annotations{Audience: []Role{RoleUser}, Priority: 0.5, LastModified: "2025-01-12T15:00:58Z"},
		Icons:       []Icon{{Source: "data:,"}}, Meta: Meta{"k": 1},
	}, echoResource)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{id}", Name: "t"}, echoResource)
	for want, page := range map[string]func(string) ([]byte, *Error){
		`{"resources":[{"uri":"test://r?a=1&b=2","name":"r","title":"R","description":"d","mimeType":"text/plain","size":5,` +
			`"annotations":{"audience":["user"],"priority":0.5,"lastModified":"2025-01-12T15:00:58Z"},"icons":[{"src":"data:,"}],"_meta":{"k":1}}]}`: s.catalog().resourcesPage,
		`{"resourceTemplates":[{"uriTemplate":"test://{id}","name":"t"}]}`: s.catalog().templatesPage,
	} {
		if got, err := page(""); err != nil || string(got) != want {
			t.Errorf("got:  %s, %v\nwant: %s", got, err, want)
		}
	}
}

func TestAddResourcePanicsAndNamesTheResource(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.AddResource(&Resource{URI: "test://r", Name: "r"}, echoResource)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{t}", Name: "t"}, echoResource)
	complete := map[string]CompleteFunc{"u": nil}
	for name, test := range map[string]struct {
		want string
		f    func()
	}{
		"nil resource": {"the resource is nil", func() { s.AddResource(nil, echoResource) }},
		"relative":     {`"/a"`, func() { s.AddResource(&Resource{URI: "/a", Name: "r"}, echoResource) }},
		"no URI":       {`":"`, func() { s.AddResource(&Resource{URI: ":", Name: "r"}, echoResource) }},
		"no name":      {`"test://n"`, func() { s.AddResource(&Resource{URI: "test://n"}, echoResource) }},
		"no handler":   {`"test://n"`, func() { s.AddResource(&Resource{URI: "test://n", Name: "n"}, nil) }},
		"twice":        {`"test://r" exists`, func() { s.AddResource(&Resource{URI: "test://r", Name: "r"}, echoResource) }},
		"bad meta": {`"test://n"`, func() {
			s.AddResource(&Resource{URI: "test://n", Name: "n", Meta: Meta{"a": echoResource}}, echoResource)
		}},

		"nil template":         {"the resource template is nil", func() { s.AddResourceTemplate(nil, echoResource) }},
		"no template":          {`"test://{"`, func() { s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{", Name: "t"}, echoResource) }},
		"no scheme":            {`"{+all}"`, func() { s.AddResourceTemplate(&ResourceTemplate{URITemplate: "{+all}", Name: "t"}, echoResource) }},
		"template, no name":    {`"test://n{t}"`, func() { s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://n{t}"}, echoResource) }},
		"template, no handler": {`"test://n{t}"`, func() { s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://n{t}", Name: "n"}, nil) }},
		"template twice":       {`"test://{t}" exists`, func() { s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{t}", Name: "t"}, echoResource) }},
		"unknown variable": {`no variable "u"`, func() {
			s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://n{t}", Name: "t", Complete: complete}, echoResource)
		}},
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, test.want, test.f) })
	}
}

func BenchmarkReadTemplate(b *testing.B) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://template/{id}/data", Name: "t"}, echoResource)
	b.ReportAllocs()
	for b.Loop() {
		if s.catalog().readResource("test://template/123/data") == nil {
			b.Fatal("not found")
		}
	}
}
