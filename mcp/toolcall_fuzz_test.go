package mcp

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/internal/jsonrpc"
)

// FuzzToolArguments calls typed tools with any arguments that the envelope lets through: every outcome is a
// result that is an object, or an error of its code, and no handler sees what breaks its schema.
func FuzzToolArguments(f *testing.F) {
	type inner struct {
		Name string  `json:"name"`
		Tags []inner `json:"tags,omitempty"`
		N    float64 `json:"n"`
		P    *int8   `json:"p"`
	}
	s := NewServer(&Implementation{Name: "s", Version: "1"}, &ServerOptions{
		OnPanic: func(_, name string, value any, stack []byte) { panic(string(stack)) },
	})
	addEcho(s)
	schema := json.RawMessage(`{"type":"object","$defs":{"i":{"type":"object","properties":{"name":{"type":"string"},
		"tags":{"type":"array","items":{"$ref":"#/$defs/i"}}}}},"$ref":"#/$defs/i","properties":{"n":{"default":1.5}}}`)
	AddTool(s, &Tool{Name: "tree", InputSchema: schema},
		func(_ context.Context, _ *CallToolRequest, in inner) (*CallToolResult, any, error) {
			return nil, in, nil
		})
	for _, seed := range []string{
		`{}`, `{"message":"x"}`, `{"message":1}`, `{"Message":"x"}`, `{"name":"a","tags":[{"name":"b","tags":[]}],"n":1e3,"p":null}`,
		`{"p":300}`, `{"tags":[{"NAME":1}]}`, `{"n":1e400}`, `{ "name" : "\u0000" }`, `{"tags":[ ]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, arguments []byte) {
		text := slices.Concat([]byte(`{"jsonrpc":"2.0","method":"m","params":`), arguments, []byte("}"))
		m, failure := jsonrpc.Scan(text, jsonrpc.Limits{})
		if failure != nil || len(m.Params) == 0 || m.Params[0] != '{' {
			return
		}
		for _, tool := range []string{"echo", "tree"} {
			out := s.catalog().tool(tool).call(t.Context(), &CallToolRequest{Params: &CallToolParamsRaw{Name: tool, Arguments: m.Params}})
			if out.Fault != nil {
				t.Fatalf("%s %s: %+v\n%s", tool, m.Params, out.Fault, out.Fault.Stack)
			}
			if out.Err != nil {
				t.Fatalf("%s %s: %v", tool, m.Params, out.Err)
			}
			reply := jsonrpc.AppendResult(nil, "1", out.Result)
			if _, failure := jsonrpc.Scan(reply, jsonrpc.Limits{}); failure != nil {
				t.Fatalf("%s %s: %s: %v", tool, m.Params, reply, failure)
			}
			if tool == "echo" && !strings.Contains(string(out.Result), "isError") {
				var in map[string]any
				if err := json.Unmarshal(m.Params, &in); err != nil || len(in) != 1 || in["message"] == nil {
					t.Fatalf("echo took %s", m.Params)
				}
			}
		}
	})
}
