package mcp

import (
	"maps"
	"strings"
	"testing"

	"github.com/yosida95/uritemplate/v3"
	"pgregory.net/rapid"
)

// TestTemplatesMatchAsTheLibraryDoes compares the quick match with the library's on random templates and URIs.
func TestTemplatesMatchAsTheLibraryDoes(t *testing.T) {
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		text := "t://" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
			"{a}", "{b}", "{c_1}", "{+d}", "{?q}", "/", "/x", ".json", "-", "?k=", "#", "a", "(", "{a}/",
		}), 1, 5).Draw(t, "template"), "")
		own, err := newURITemplate(text)
		if err != nil {
			t.Skip("not a template")
		}
		if own.names != nil {
			quick++
		}
		uri := text
		for _, name := range []string{"{a}", "{b}", "{c_1}", "{+d}", "{?q}"} {
			value := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
				"x", "yz", "%20", "%2F", "%e4", "%C3%A4", ".", "~", "-", "/", "a", "%", "%zz", ",", "=", "\n", "ä", "",
			}), 0, 3).Draw(t, "value"), "")
			uri = strings.ReplaceAll(uri, name, value)
		}
		library, err := uritemplate.New(text)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]string
		if values := library.Match(uri); values != nil {
			want = map[string]string{}
			for name, v := range values {
				want[name] = strings.Join(v.List(), ",")
				if v.T == uritemplate.ValueTypeString {
					want[name] = v.String()
				}
			}
		}
		got := own.match(uri)
		if (got == nil) != (want == nil) || !maps.Equal(got, want) {
			t.Fatalf("template %q, URI %q, quick %v\ngot  %q\nwant %q", text, uri, own.names != nil, got, want)
		}
	})
	if quick == 0 {
		t.Error("no template was of the usual form")
	}
}

func TestTemplatesOfTheUsualForm(t *testing.T) {
	for text, usual := range map[string]bool{
		"t://{a}":            true,
		"t://{a}/{b_2}/data": true,
		"t://{a}?x={b}":      true,
		"t://a":              false, // no variable
		"t://{a}{b}":         false,
		"t://{a}.json":       false,
		"t://{a}/{a}":        false,
		"t://{+a}":           false,
		"t://{a*}":           false,
		"t://{a:3}":          false,
		"t://{a,b}":          false,
		"t://ä/{a}":          false,
		"t://%41/{a}":        false,
	} {
		got, err := newURITemplate(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if (got.names != nil) != usual {
			t.Errorf("%s: got %v, want %v", text, got.names != nil, usual)
		}
	}
}
