package mcp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func rawTool(s *Server, name string) {
	s.AddTool(&Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *CallToolRequest) (*CallToolResult, error) { return &CallToolResult{}, nil })
}

// toolNames walks the pages of the list of tools.
func toolNames(t interface{ Fatalf(string, ...any) }, c *catalog) (names []string, pages int) {
	for cursor := ""; ; {
		text, failure := c.toolsPage(cursor)
		if failure != nil {
			t.Fatalf("page %d: %v", pages, failure)
		}
		var page ListToolsResult
		if err := json.Unmarshal(text, &page); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		pages++
		for _, tool := range page.Tools {
			names = append(names, tool.Name)
		}
		if cursor = page.NextCursor; cursor == "" {
			return names, pages
		}
	}
}

func TestListIsSortedAndPaged(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: 2})
	for _, name := range []string{"d", "b", "e", "a", "c"} {
		rawTool(s, name)
	}
	names, pages := toolNames(t, s.catalog())
	if got, want := strings.Join(names, ""), "abcde"; got != want || pages != 3 {
		t.Errorf("got %s in %d pages, want %s in 3", got, pages, want)
	}
	s.RemoveTools("c", "none", "e", "d")
	names, pages = toolNames(t, s.catalog())
	if got, want := strings.Join(names, ""), "ab"; got != want || pages != 1 {
		t.Errorf("got %s in %d pages, want %s in 1", got, pages, want)
	}
}

func TestEmptyListsAreArrays(t *testing.T) {
	c := NewServer(&Implementation{Name: "s", Version: "1"}, nil).catalog()
	for want, page := range map[string]func(string) ([]byte, *Error){
		`{"tools":[]}`:             c.toolsPage,
		`{"prompts":[]}`:           c.promptsPage,
		`{"resources":[]}`:         c.resourcesPage,
		`{"resourceTemplates":[]}`: c.templatesPage,
	} {
		if got, err := page(""); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// TestListKeepsWhatWasAdded compares the list with a plain map under random changes.
func TestListKeepsWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: rapid.IntRange(1, 5).Draw(t, "page")})
		want := map[string]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			name := string('a' + rune(rapid.IntRange(0, 9).Draw(t, "name")))
			if want[name] {
				s.RemoveTools(name)
				delete(want, name)
			} else {
				rawTool(s, name)
				want[name] = true
			}
		}
		got, _ := toolNames(t, s.catalog())
		if !slices.IsSorted(got) || len(got) != len(want) {
			t.Fatalf("got %q, want %v", got, want)
		}
		for _, name := range got {
			if !want[name] || s.catalog().tool(name) == nil {
				t.Fatalf("got %q, want %v", got, want)
			}
		}
	})
}

func TestForeignAndOldCursorsAreRefused(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: 1})
	other := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: 1})
	prompt := func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return &GetPromptResult{}, nil }
	for _, name := range []string{"a", "b", "c"} {
		rawTool(s, name)
		rawTool(other, name)
		s.AddPrompt(&Prompt{Name: name}, prompt)
	}
	next := func(page func(string) ([]byte, *Error)) string {
		text, failure := page("")
		if failure != nil {
			t.Fatal(failure)
		}
		var in struct{ NextCursor string }
		if err := json.Unmarshal(text, &in); err != nil || in.NextCursor == "" {
			t.Fatalf("%s: %v", text, err)
		}
		return in.NextCursor
	}
	c := s.catalog()
	good := next(c.toolsPage)
	if _, failure := c.toolsPage(good); failure != nil {
		t.Fatal(failure)
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	raw[cursorBytes-1]++ // another page
	cursors := map[string]string{
		"another page":          base64.RawURLEncoding.EncodeToString(raw),
		"another list":          next(c.promptsPage),
		"another server":        next(other.catalog().toolsPage),
		"a page behind the end": s.cursors.seal("tools", c.tools.generation, 9),
		"padding":               good + "=",
		"cut":                   good[:len(good)-1],
		"a number":              "1",
		"another alphabet":      strings.Repeat("+", len(good)),
		"a long text":           strings.Repeat("a", 1<<16),
	}
	rawTool(s, "d")
	if _, failure := s.catalog().toolsPage(good); failure == nil || failure.Code != CodeInvalidParams {
		t.Errorf("a cursor of an older list: got %v, want %d", failure, CodeInvalidParams)
	}
	if _, failure := c.toolsPage(good); failure != nil {
		t.Errorf("the older list itself: %v", failure)
	}
	for name, cursor := range cursors {
		if _, failure := c.toolsPage(cursor); failure == nil || failure.Code != CodeInvalidParams {
			t.Errorf("%s: got %v, want %d", name, failure, CodeInvalidParams)
		}
	}
}

// FuzzCursor checks that no text but the server's own opens a page.
func FuzzCursor(f *testing.F) {
	key := &cursorKey{}
	f.Add("")
	f.Add(key.seal("tools", 3, 1))
	f.Add(key.seal("tools", 4, 1))
	f.Add(key.seal("prompts", 3, 1))
	f.Fuzz(func(t *testing.T, cursor string) {
		if page, ok := key.open("tools", 3, cursor); ok && cursor != key.seal("tools", 3, page) {
			t.Errorf("%q opens page %d", cursor, page)
		}
	})
}

func TestWatchTellsOfChanges(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	var got []string
	stop := s.Watch(func(in Input) {
		if _, ok := in.(FeaturesChanged); ok && s.catalog().tool("none") != nil {
			t.Error("the server cannot be used from a watcher")
		}
		got = append(got, fmt.Sprintf("%T%v", in, in))
	})
	read := func(context.Context, *ReadResourceRequest) (*ReadResourceResult, error) { return nil, nil }
	rawTool(s, "t")
	s.AddPrompt(&Prompt{Name: "p"}, func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil })
	s.AddResource(&Resource{URI: "test://r", Name: "r"}, read)
	s.AddResourceTemplate(&ResourceTemplate{URITemplate: "test://{t}", Name: "t"}, read)
	s.ResourceUpdated("test://r")
	s.RemoveTools("none")
	s.RemoveTools("t")
	s.RemovePrompts("p")
	s.RemoveResources("test://r")
	s.RemoveResourceTemplates("test://{t}")
	stop()
	stop()
	rawTool(s, "t")
	want := []string{
		"mcp.FeaturesChanged{1}", "mcp.FeaturesChanged{2}", "mcp.FeaturesChanged{4}", "mcp.FeaturesChanged{4}",
		"mcp.ResourceUpdated{test://r}",
		"mcp.FeaturesChanged{1}", "mcp.FeaturesChanged{2}", "mcp.FeaturesChanged{4}", "mcp.FeaturesChanged{4}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestChangesAndReadersAtOnce is for the race detector.
func TestChangesAndReadersAtOnce(t *testing.T) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: 3})
	addEcho(s)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			stop := s.Watch(func(Input) { s.catalog().tool("echo") })
			defer stop()
			for i := range 50 {
				name := fmt.Sprintf("t%d-%d", w, i)
				rawTool(s, name)
				s.ResourceUpdated("test://r")
				if i%2 == 0 {
					s.RemoveTools(name)
				}
			}
		})
		wg.Go(func() {
			for range 50 {
				c := s.catalog()
				names, _ := toolNames(t, c)
				for _, name := range names {
					if c.tool(name) == nil {
						t.Errorf("the list has %s, the catalog has not", name)
					}
				}
				out := c.tool("echo").call(t.Context(), toolRequest("echo", `{"message":"hi"}`))
				if out.Err != nil {
					t.Error(out.Err)
				}
			}
		})
	}
	wg.Wait()
	if names, _ := toolNames(t, s.catalog()); len(names) != 4*25+1 {
		t.Errorf("got %d tools, want %d", len(names), 4*25+1)
	}
}

func TestInitializeResultPerRevision(t *testing.T) {
	s := NewServer(&Implementation{
		Name: "s", Version: "1", Title: "S", Description: "d", WebsiteURL: "https://example.com",
		Icons: []Icon{{Source: "https://example.com/i.png", Sizes: []string{"48x48"}}},
	}, &ServerOptions{Instructions: "be <kind>"})
	const features = `"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}}`
	for version, want := range map[string]string{
		"2025-03-26": `{"protocolVersion":"2025-03-26","capabilities":{"logging":{},` + features +
			`,"serverInfo":{"name":"s","version":"1"},"instructions":"be <kind>"}`,
		"2025-06-18": `{"protocolVersion":"2025-06-18","capabilities":{"logging":{},` + features +
			`,"serverInfo":{"name":"s","title":"S","version":"1"},"instructions":"be <kind>"}`,
		"2025-11-25": `{"protocolVersion":"2025-11-25","capabilities":{"logging":{},` + features +
			`,"serverInfo":{"name":"s","title":"S","version":"1","description":"d","websiteUrl":"https://example.com",` +
			`"icons":[{"src":"https://example.com/i.png","sizes":["48x48"]}]},"instructions":"be <kind>"}`,
	} {
		if got := string(s.initializeResult(RevisionOf(version))); got != want {
			t.Errorf("%s\ngot:  %s\nwant: %s", version, got, want)
		}
	}
	s.AddPrompt(&Prompt{Name: "p", Arguments: []*PromptArgument{{
		Name: "a", Complete: func(context.Context, string, map[string]string) ([]string, error) { return nil, nil },
	}}}, func(context.Context, *GetPromptRequest) (*GetPromptResult, error) { return nil, nil })
	if got := string(s.initializeResult(LatestRevision())); !strings.Contains(got, `"completions":{}`) {
		t.Errorf("got %s, want completions in it", got)
	}
}

func TestNewServerPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"no implementation":  func() { NewServer(nil, nil) },
		"no name":            func() { NewServer(&Implementation{Version: "1"}, nil) },
		"no version":         func() { NewServer(&Implementation{Name: "s"}, nil) },
		"negative page size": func() { NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{PageSize: -1}) },
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, "mcp: NewServer", f) })
	}
}

// wantPanic checks that f panics with a text that has the part.
func wantPanic(t *testing.T, part string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, part) {
			t.Errorf("got panic %q, want one with %q", got, part)
		}
	}()
	f()
}

func BenchmarkListTools(b *testing.B) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	for i := range 200 {
		rawTool(s, fmt.Sprintf("tool-%03d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.catalog().toolsPage(""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindTool(b *testing.B) {
	s := NewServer(&Implementation{Name: "s", Version: "1"}, nil)
	for i := range 200 {
		rawTool(s, fmt.Sprintf("tool-%03d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if s.catalog().tool("tool-117") == nil {
			b.Fatal("not found")
		}
	}
}
