package interop

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// able is a client that can do all that handlers may ask for. Its user answers with yes as long as the
// question has no "no".
func able() *sdk.ClientOptions {
	return &sdk.ClientOptions{
		CreateMessageHandler: func(_ context.Context, r *sdk.CreateMessageRequest) (*sdk.CreateMessageResult, error) {
			said := r.Params.Messages[0].Content.(*sdk.TextContent).Text
			if r.Params.SystemPrompt != "be brief" || r.Params.MaxTokens != 7 || r.Params.Messages[0].Role != "user" {
				return nil, errors.New("the params have changed on the way")
			}
			if strings.Contains(said, "no") {
				return nil, &jsonrpc.Error{Code: -1, Message: "the user said no"}
			}
			return &sdk.CreateMessageResult{Model: "model-1", Role: "assistant", StopReason: "endTurn", Content: &sdk.TextContent{Text: "I heard " + said}}, nil
		},
		ElicitationHandler: func(_ context.Context, r *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
			if strings.Contains(r.Params.Message, "no") {
				return &sdk.ElicitResult{Action: "decline"}, nil
			}
			return &sdk.ElicitResult{Action: "accept", Content: map[string]any{"color": "blue"}}, nil
		},
	}
}

// Handlers ask the client from within a call.
func TestHandlersAskTheClient(t *testing.T) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			open := m.open(t)
			for _, revision := range []string{"2025-03-26", "2025-06-18", "2025-11-25"} {
				t.Run(revision, func(t *testing.T) {
					p := dial(t, open, revision, able())
					p.client.AddRoots(&sdk.Root{URI: "file:///one"}, &sdk.Root{URI: "file:///two"})
					if got := p.call("sample", args{"message": "hello"}); got != "model-1: I heard hello (endTurn)" {
						t.Errorf("sampling: got %q", got)
					}
					if got := p.call("roots", nil); got != "file:///one file:///two" {
						t.Errorf("roots: got %q", got)
					}
					refuses(t, p, "sample", "no, thanks", "the user said no")
					if revision == "2025-03-26" {
						refuses(t, p, "elicit", "color?", "does not support")
						return
					}
					if got := p.call("elicit", args{"message": "which color?"}); got != "accept blue" {
						t.Errorf("elicitation: got %q", got)
					}
					if got := p.call("elicit", args{"message": "say no"}); got != "decline <nil>" {
						t.Errorf("elicitation: got %q", got)
					}
				})
			}
		})
	}
}

// A client that cannot be asked is not asked.
func TestHandlersDoNotAskWhatTheClientCannotDo(t *testing.T) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := dial(t, m.open(t), "2025-11-25", &sdk.ClientOptions{Capabilities: &sdk.ClientCapabilities{}})
			for _, tool := range []string{"sample", "elicit", "roots"} {
				refuses(t, p, tool, "hello", "does not support")
			}
			for _, method := range []string{"sampling/createMessage", "elicitation/create", "roots/list"} {
				if p.wire.count(`"method":"`+method) != 0 {
					t.Errorf("the client was asked for %s", method)
				}
			}
		})
	}
}

// refuses calls a tool that fails: with an error of the protocol or one of the tool, about want.
func refuses(t *testing.T, p *peer, tool, message, want string) {
	t.Helper()
	arguments := args{"message": message}
	if tool == "roots" {
		arguments = args{}
	}
	result, err := p.CallTool(patiently(t), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	switch {
	case err != nil:
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", tool, err, want)
		}
	case !result.IsError || !strings.Contains(textOf(result), want):
		t.Errorf("%s: got %+v, want an error about %q", tool, result, want)
	}
}
