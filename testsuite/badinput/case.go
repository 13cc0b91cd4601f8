package badinput

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

// Format is the value of a group file's format member that this package reads.
const Format = "erlmcp-badinput/1"

// Group is one file of cases.
type Group struct {
	Format string `json:"format"`
	Name   string `json:"group"`
	About  string `json:"about"`
	Cases  []Case `json:"cases"`
}

// Case is one hostile input and the outcomes that are right for it.
type Case struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Level      string            `json:"level"` // must or should
	Era        string            `json:"era"`   // legacy, modern or any
	Transports []string          `json:"transports"`
	Setup      string            `json:"setup"`
	Needs      []string          `json:"needs"`
	Send       []json.RawMessage `json:"send"`
	Expect     struct {
		Any      []json.RawMessage `json:"any"`
		Never    []string          `json:"never"`
		WithinMS int               `json:"within_ms"`
	} `json:"expect"`
	After struct {
		Liveness string `json:"liveness"`
	} `json:"after"`
	Limits map[string]float64 `json:"limits"`
	Ports  []string           `json:"ports"` // of a cluster: membership, distribution; all if empty

	// steps and outcomes are the decoded Send and Expect.Any; unknown says which words of the case the
	// runner does not understand, "" if none.
	steps    []step
	outcomes []outcome
	unknown  string
}

// step is one action of a case; which members count depends on kind.
type step struct {
	Kind           string              `json:"kind"`
	Method         string              `json:"method"`
	Path           string              `json:"path"`
	Headers        map[string]string   `json:"headers"`
	WithoutHeaders []string            `json:"without_headers"`
	Body           *body               `json:"body"`
	Fragment       int                 `json:"fragment"` // bytes of a frame
	MS             int                 `json:"ms"`
	MaxMS          int                 `json:"max_ms"`
	N              count               `json:"n"`
	Times          count               `json:"times"`
	Parallel       int                 `json:"parallel"`
	Step           *step               `json:"step"`
	Steps          []step              `json:"steps"`
	Argv           []string            `json:"argv"`
	ArgvB64        []string            `json:"argv_b64"`
	Env            map[string]*string  `json:"env"` // nil unsets
	Signals        [][]json.RawMessage `json:"signals"`
	CloseStdout    bool                `json:"close_stdout"`
	Content        *content            `json:"content"`
	Cookie         string              `json:"cookie"`      // of a handshake: right or wrong
	Version        int64               `json:"version"`     // of a protocol, or of what gossip says
	Member         string              `json:"member"`      // whom gossip is about
	State          string              `json:"state"`       // that gossip says it is in
	ClientCert     string              `json:"client_cert"` // of a TLS handshake: expired
	Expr           *string             `json:"expr"`
	ExprB64        *string             `json:"expr_b64"`
	Rep            *rep                `json:"rep"` // Rep and Rep2 are generated expressions
	Rep2           *rep2               `json:"rep2"`
	Service        string              `json:"service"`     // of a gRPC call
	MessageB64     string              `json:"message_b64"` // of a gRPC call

	// Other builds: a case with them has needs that this one lacks.
	Node json.RawMessage `json:"node"`
	JWT  json.RawMessage `json:"jwt"`
}

// content says what stands at the path of a configuration file.
type content struct {
	body
	Absent    bool   `json:"absent"`
	Directory bool   `json:"directory"`
	Mode      string `json:"mode"` // octal
	Path      string `json:"path"`
	Template  string `json:"template"`
}

// message is the message of a gRPC call.
func (s *step) message() ([]byte, error) {
	m, err := base64.StdEncoding.DecodeString(s.MessageB64)
	if err != nil {
		return nil, fmt.Errorf("badinput: message_b64: %v", err)
	}
	return m, nil
}

// stepKinds are the kinds that the runner performs.
var stepKinds = []string{
	"message", "http", "raw", "ws-text", "ws-fragments", "drip", "wait", "half-close", "reset",
	"repeat", "repeat-http", "initialize-flood", "collect-session-ids", "connect-hold", "config", "argv", evalTransport, "handshake", "grpc", "tls", "gossip",
}

// Load reads every group file of a folder, in the order of their names.
func Load(dir string) ([]Group, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("badinput: list %s: %v", dir, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("badinput: no group file in %s", dir)
	}
	sort.Strings(names)
	groups := make([]Group, 0, len(names))
	for _, name := range names {
		g, err := loadGroup(name)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func loadGroup(name string) (Group, error) {
	var g Group
	text, err := os.ReadFile(name)
	if err != nil {
		return g, fmt.Errorf("badinput: %v", err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return g, fmt.Errorf("badinput: %s: %v", name, err)
	}
	if g.Format != Format {
		return g, fmt.Errorf("badinput: %s: format %q, want %q", name, g.Format, Format)
	}
	for i := range g.Cases {
		g.Cases[i].decode()
	}
	return g, nil
}

// decode fills steps and outcomes and notes what it does not understand.
func (c *Case) decode() {
	note := func(where string, err error) {
		if err != nil && c.unknown == "" {
			c.unknown = fmt.Sprintf("%s: %v", where, err)
		}
	}
	for _, raw := range c.Send {
		var s step
		err := strict(raw, &s)
		if err == nil && !slices.Contains(stepKinds, s.Kind) {
			err = fmt.Errorf("kind %s", s.Kind)
		}
		note("step", err)
		c.steps = append(c.steps, s)
	}
	for _, raw := range c.Expect.Any {
		var o outcome
		note("outcome", strict(raw, &o))
		c.outcomes = append(c.outcomes, o)
	}
	for _, n := range c.Expect.Never {
		note("never", checkNever(n))
	}
	for name := range c.Limits {
		if !slices.Contains(growthNames, name) {
			note("limits", fmt.Errorf("name %s", name))
		}
	}
}

// strict decodes JSON and refuses members that the target does not have.
func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Build says what the server under test can do, so that other cases are skipped.
type Build struct {
	Transports []string
	Features   []string // names of needs
	Eras       []string
}

// DefaultBuild is what the daemon of this tree has.
func DefaultBuild() Build {
	return Build{
		Transports: []string{"http", "http-raw", "ws", "ws-raw", "ws-upgrade", "stdio", "config", "cli", evalTransport, "cluster-tcp"},
		Features:   []string{"tool:slow", "tool:panic", "tool:echo", "prompt:greet", "actor remoting over gRPC", needsCluster, "cluster-tls", needsInsider},
		Eras:       []string{"legacy", "any"},
	}
}

// skip says why a case cannot run on a transport, "" if it can.
func (b Build) skip(c *Case, transport string) string {
	if !slices.Contains(b.Transports, transport) {
		return "no transport " + transport
	}
	if !slices.Contains(b.Eras, c.Era) {
		return "no era " + c.Era
	}
	for _, n := range c.Needs {
		if !slices.Contains(b.Features, n) {
			return "needs " + n
		}
	}
	switch c.Setup {
	case "none", "raw-open", "session", "ws-session", "ws-session-deflate", "stopped", "running", "admin", "viewer", "":
	default:
		return "setup " + c.Setup
	}
	if c.unknown != "" {
		return "not understood: " + c.unknown
	}
	return ""
}
