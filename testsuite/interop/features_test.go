package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/erlmcp/erlmcp/mcp"
)

// Every feature over every medium. A feature gets a node and a client of its own.
func TestFeatures(t *testing.T) {
	features := []struct {
		name string
		run  func(*testing.T, *peer)
	}{
		{"tools are listed in pages", listsTools},
		{"tools are called", callsTools},
		{"structured output", structuredOutput},
		{"errors of tools", toolErrors},
		{"a panic costs one call", panics},
		{"resources", resources},
		{"subscriptions", subscriptions},
		{"prompts", prompts},
		{"completion", completion},
		{"log level", logging},
		{"progress", progress},
		{"cancellation", cancellation},
		{"lists change", listsChange},
		{"ping both ways", pings},
		{"many calls at a time", manyCalls},
	}
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range features {
				t.Run(f.name, func(t *testing.T) { f.run(t, dial(t, m.open(t), "2025-11-25", nil)) })
			}
		})
	}
}

// failure is the JSON-RPC error in err, with code 0 if there is none.
func failure(err error) *jsonrpc.Error {
	if e := (*jsonrpc.Error)(nil); errors.As(err, &e) {
		return e
	}
	return &jsonrpc.Error{Message: fmt.Sprint(err)}
}

func listsTools(t *testing.T, p *peer) {
	ctx := patiently(t)
	var names []string
	pages, params := 0, &sdk.ListToolsParams{}
	for {
		page, err := p.ListTools(ctx, params)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Tools) > pageSize {
			t.Errorf("got a page of %d tools, want at most %d", len(page.Tools), pageSize)
		}
		for _, tool := range page.Tools {
			names = append(names, tool.Name)
		}
		pages++
		if page.NextCursor == "" {
			break
		}
		params.Cursor = page.NextCursor
	}
	if want := (len(names) + pageSize - 1) / pageSize; pages != want {
		t.Errorf("got %d pages for %d tools, want %d", pages, len(names), want)
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(sorted) != len(names) || !slices.Contains(sorted, "echo") || !slices.Contains(sorted, "unregister") {
		t.Errorf("got tools %q, want each once", names)
	}
	_, err := p.ListTools(ctx, &sdk.ListToolsParams{Cursor: "nonsense"})
	if e := failure(err); e.Code != jsonrpc.CodeInvalidParams {
		t.Errorf("unknown cursor: got %d %v, want %d", e.Code, err, jsonrpc.CodeInvalidParams)
	}
}

func callsTools(t *testing.T, p *peer) {
	for _, message := range []string{"hello", "", "a \"quoted\"\nline\u2028 \x00 ü 😀", strings.Repeat("long ", 50_000)} {
		if got := p.call("echo", args{"message": message}); got != message {
			t.Errorf("got %.40q, want %.40q", got, message)
		}
	}
	if got, want := p.call("whoami", nil), "client of "+t.Name()+" 2025-11-25 "; !strings.HasPrefix(got, want) || len(got) == len(want) {
		t.Errorf("whoami: got %q, want %q and an id", got, want)
	}
}

func structuredOutput(t *testing.T, p *peer) {
	result, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "sum", Arguments: args{"a": 40, "b": 2}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := result.StructuredContent, (map[string]any{"sum": 42.0}); !jsonEqual(got, want) {
		t.Errorf("structured content: got %v, want %v", got, want)
	}
	if got := textOf(result); got != `{"sum":42}` {
		t.Errorf("text: got %q", got)
	}
}

func jsonEqual(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func toolErrors(t *testing.T, p *peer) {
	for _, c := range []struct {
		name, tool string
		arguments  any
		code       int    // of the protocol; 0: a result with isError
		text       string // part of the message
	}{
		{"wrong type", "echo", args{"message": 1}, 0, "message"},
		{"missing argument", "echo", args{}, 0, "message"},
		{"unknown argument", "echo", args{"message": "x", "other": 1}, 0, "other"},
		{"unknown tool", "nothing", args{}, jsonrpc.CodeInvalidParams, "nothing"},
		{"failed", "fail", args{}, 0, "it did not work"},
		{"refused", "refuse", args{}, 4711, "not today"},
	} {
		result, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: c.tool, Arguments: c.arguments})
		switch {
		case c.code == 0 && (err != nil || !result.IsError || !strings.Contains(textOf(result), c.text)):
			t.Errorf("%s: got %+v, %v, want a result with isError about %q", c.name, result, err, c.text)
		case c.code != 0 && (failure(err).Code != int64(c.code) || !strings.Contains(failure(err).Message, c.text)):
			t.Errorf("%s: got %v, want error %d about %q", c.name, err, c.code, c.text)
		}
	}
	_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "refuse"})
	if got := string(failure(err).Data); got != `{"when":"tomorrow"}` {
		t.Errorf("data of the error: got %s", got)
	}
}

func panics(t *testing.T, p *peer) {
	_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "panic"})
	e := failure(err)
	if e.Code != jsonrpc.CodeInternalError || strings.Contains(e.Message+string(e.Data), "secret") {
		t.Errorf("got %d %q %s, want %d without details", e.Code, e.Message, e.Data, jsonrpc.CodeInternalError)
	}
	if got := p.call("echo", args{"message": "still here"}); got != "still here" {
		t.Errorf("got %q after the panic", got)
	}
}

func resources(t *testing.T, p *peer) {
	ctx := patiently(t)
	var uris []string
	for r, err := range p.Resources(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		uris = append(uris, r.URI)
	}
	slices.Sort(uris)
	if want := []string{"mem:///a", "mem:///b", "mem:///blob", "mem:///c"}; !slices.Equal(uris, want) {
		t.Errorf("list: got %q, want %q", uris, want)
	}
	templates, err := p.ListResourceTemplates(ctx, nil)
	if err != nil || len(templates.ResourceTemplates) != 1 || templates.ResourceTemplates[0].URITemplate != "user://{id}/profile" {
		t.Errorf("templates: got %+v, %v", templates, err)
	}
	for uri, want := range map[string]string{"mem:///a": "text of mem:///a", "user://7/profile": "user 7"} {
		got, err := p.ReadResource(ctx, &sdk.ReadResourceParams{URI: uri})
		if err != nil || len(got.Contents) != 1 || got.Contents[0].Text != want || got.Contents[0].URI != uri {
			t.Errorf("read %s: got %+v, %v, want %q", uri, got, err, want)
		}
	}
	blob, err := p.ReadResource(ctx, &sdk.ReadResourceParams{URI: "mem:///blob"})
	if err != nil || len(blob.Contents) != 1 || string(blob.Contents[0].Blob) != "\x00\x01\xff" {
		t.Errorf("read blob: got %+v, %v", blob, err)
	}
	for _, uri := range []string{"mem:///nothing", "user://nobody/profile"} {
		_, err := p.ReadResource(ctx, &sdk.ReadResourceParams{URI: uri})
		if e := failure(err); e.Code != mcp.CodeResourceNotFound {
			t.Errorf("read %s: got %v, want %d", uri, err, mcp.CodeResourceNotFound)
		}
	}
}

func subscriptions(t *testing.T, p *peer) {
	ctx := patiently(t)
	for _, uri := range []string{"mem:///a", "mem:///b"} {
		if err := p.Subscribe(ctx, &sdk.SubscribeParams{URI: uri}); err != nil {
			t.Fatal(err)
		}
	}
	p.call("touch", args{"message": "mem:///a"})
	if got := within(t, p.updated, "resources/updated"); got != "mem:///a" {
		t.Errorf("got %q", got)
	}
	if err := p.Unsubscribe(ctx, &sdk.UnsubscribeParams{URI: "mem:///a"}); err != nil {
		t.Fatal(err)
	}
	p.call("touch", args{"message": "mem:///a"})
	p.call("touch", args{"message": "mem:///c"})
	p.call("touch", args{"message": "mem:///b"})
	if got := within(t, p.updated, "resources/updated"); got != "mem:///b" {
		t.Errorf("got %q, want the one that is still watched", got)
	}
}

func prompts(t *testing.T, p *peer) {
	ctx := patiently(t)
	var names []string
	for prompt, err := range p.Prompts(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, prompt.Name)
	}
	slices.Sort(names)
	if want := []string{"greet", "one", "two"}; !slices.Equal(names, want) {
		t.Errorf("list: got %q, want %q", names, want)
	}
	got, err := p.GetPrompt(ctx, &sdk.GetPromptParams{Name: "greet", Arguments: map[string]string{"city": "Rome"}})
	if err != nil || got.Description != "a greeting" || len(got.Messages) != 1 {
		t.Fatalf("get: got %+v, %v", got, err)
	}
	if c, ok := got.Messages[0].Content.(*sdk.TextContent); !ok || c.Text != "greet Rome" || got.Messages[0].Role != "user" {
		t.Errorf("get: got %+v", got.Messages[0])
	}
	for name, arguments := range map[string]map[string]string{"greet": nil, "nothing": nil} {
		_, err := p.GetPrompt(ctx, &sdk.GetPromptParams{Name: name, Arguments: arguments})
		if e := failure(err); e.Code != jsonrpc.CodeInvalidParams {
			t.Errorf("get %s without what it needs: got %v, want %d", name, err, jsonrpc.CodeInvalidParams)
		}
	}
}

func completion(t *testing.T, p *peer) {
	got, err := p.Complete(patiently(t), &sdk.CompleteParams{
		Ref:      &sdk.CompleteReference{Type: "ref/prompt", Name: "greet"},
		Argument: sdk.CompleteParamsArgument{Name: "city", Value: "par"},
	})
	if err != nil || !slices.Equal(got.Completion.Values, []string{"paris", "parma"}) || got.Completion.Total != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func logging(t *testing.T, p *peer) {
	ctx := patiently(t)
	for _, c := range []struct {
		level sdk.LoggingLevel
		want  []string
	}{
		{"debug", []string{"debug", "info", "error"}},
		{"warning", []string{"error"}},
	} {
		if err := p.SetLoggingLevel(ctx, &sdk.SetLoggingLevelParams{Level: c.level}); err != nil {
			t.Fatal(err)
		}
		p.call("speak", args{"message": "at " + string(c.level)})
		for _, want := range c.want {
			got := within(t, p.logs, "a log message")
			if string(got.Level) != want || got.Logger != "speak" || got.Data != "at "+string(c.level) {
				t.Errorf("at %s: got %+v, want level %s", c.level, got, want)
			}
		}
	}
	if err := p.SetLoggingLevel(ctx, &sdk.SetLoggingLevelParams{Level: "loud"}); failure(err).Code != jsonrpc.CodeInvalidParams {
		t.Errorf("unknown level: got %v", err)
	}
}

func progress(t *testing.T, p *peer) {
	params := &sdk.CallToolParams{Name: "steps", Arguments: args{"steps": 3}}
	params.SetProgressToken("token-1")
	result, err := p.CallTool(patiently(t), params)
	if err != nil || textOf(result) != "3 steps" {
		t.Fatalf("got %+v, %v", result, err)
	}
	for i := 1; i <= 3; i++ {
		got := within(t, p.progress, "progress")
		if got.ProgressToken != "token-1" || got.Progress != float64(i) || got.Total != 3 || got.Message != fmt.Sprint("step ", i) {
			t.Errorf("got %+v, want step %d", got, i)
		}
	}
	p.call("steps", args{"steps": 2}) // without a token
	if n := p.wire.count(`"notifications/progress"`); n != 3 {
		t.Errorf("got %d notifications, want those with a token only", n)
	}
}

func cancellation(t *testing.T, p *peer) {
	ctx, cancel := context.WithCancel(patiently(t))
	call := p.begin(ctx, "wait", args{"name": "gate-1"})
	p.call("begun", args{"name": "gate-1"})
	cancel()
	if got := within(t, call, "the cancelled call"); !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %+v, want %v", got, context.Canceled)
	}
	if got := p.call("ended", args{"name": "gate-1"}); got != context.Canceled.Error() {
		t.Errorf("the handler's context ended with %q, want %q", got, context.Canceled)
	}
	p.call("echo", args{"message": "a request later"})
	if n := p.wire.count("gate-1"); n != 0 {
		t.Errorf("got an answer to a cancelled request")
	}
	if n := p.wire.count("context canceled"); n != 1 {
		t.Errorf("got the context's end %d times, want only the answer of ended", n)
	}
}

func listsChange(t *testing.T, p *peer) {
	p.call("register", args{"name": "fresh"})
	changed := map[string]bool{}
	for len(changed) < 3 {
		changed[within(t, p.lists, "list_changed")] = true
	}
	if want := []string{"prompts", "resources", "tools"}; !slices.Equal(slices.Sorted(maps.Keys(changed)), want) {
		t.Errorf("got %v, want %q", changed, want)
	}
	if got := p.call("fresh", nil); got != "this is fresh" {
		t.Errorf("got %q", got)
	}
	p.call("unregister", args{"name": "fresh"})
	if got := within(t, p.lists, "list_changed"); got != "tools" {
		t.Errorf("got %s, want tools", got)
	}
	_, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: "fresh"})
	if failure(err).Code != jsonrpc.CodeInvalidParams {
		t.Errorf("call of a removed tool: got %v", err)
	}
}

func pings(t *testing.T, p *peer) {
	if err := p.Ping(patiently(t), nil); err != nil {
		t.Error(err)
	}
	if got := p.call("ping", nil); got != "pong" {
		t.Errorf("got %q", got)
	}
}

// manyCalls checks that calls of one client do not wait for each other and are not mixed up.
func manyCalls(t *testing.T, p *peer) {
	const n = 20
	ctx := patiently(t)
	waiting := p.begin(ctx, "wait", args{"name": "gate-2"})
	p.call("begun", args{"name": "gate-2"})
	var calls [n]<-chan answer
	for i := range calls {
		calls[i] = p.begin(ctx, "echo", args{"message": fmt.Sprint("call ", i)})
	}
	for i, call := range calls {
		if got := within(t, call, "an echo"); got.err != nil || got.text != fmt.Sprint("call ", i) {
			t.Errorf("call %d: got %+v", i, got)
		}
	}
	p.call("release", args{"name": "gate-2"})
	if got := within(t, waiting, "the call that waited"); got.err != nil || got.text != "released gate-2" {
		t.Errorf("got %+v", got)
	}
}
