package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unique"
)

// State is what has to be kept of a session so that another incarnation can go on with it. It is immutable:
// a change makes another State. Its strings are shared between sessions with equal clients.
type State struct {
	revision    *Revision // never nil
	initialized bool      // notifications/initialized has come
	level       level
	client      unique.Handle[clientInfo]
	caps        clientCaps
	// subscriptions are the URIs the client watches, sorted, each once; bytes is the sum of their lengths.
	subscriptions []string
	bytes         int
}

// clientInfo is what a client says of itself, within the limits of handler_initialize.go.
type clientInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Title   string `json:"title,omitempty"`
}

// clientCaps is a set of client capabilities.
type clientCaps uint16

const (
	capRoots clientCaps = 1 << iota
	capRootsListChanged
	capSampling
	capSamplingContext
	capSamplingTools
	capElicitationForm
	capElicitationURL

	capAll = capElicitationURL<<1 - 1
)

func (c clientCaps) has(want clientCaps) bool { return c&want == want }

// Revision is the revision that was negotiated.
func (st *State) Revision() *Revision { return st.revision }

// Initialized reports whether the client has sent notifications/initialized.
func (st *State) Initialized() bool { return st.initialized }

// LogLevel is the lowest level of log messages that the client wants.
func (st *State) LogLevel() LoggingLevel { return st.level.name() }

// ClientInfo is what the client said of itself in initialize.
func (st *State) ClientInfo() *Implementation {
	c := st.client.Value()
	return &Implementation{Name: c.Name, Version: c.Version, Title: c.Title}
}

// ClientCapabilities is what the client declared in initialize, without experimental capabilities and
// extensions.
func (st *State) ClientCapabilities() *ClientCapabilities {
	c := &ClientCapabilities{}
	if st.caps.has(capRoots) {
		c.Roots = &RootCapabilities{ListChanged: st.caps.has(capRootsListChanged)}
	}
	if st.caps.has(capSampling) {
		c.Sampling = &SamplingCapabilities{}
		if st.caps.has(capSamplingContext) {
			c.Sampling.Context = &struct{}{}
		}
		if st.caps.has(capSamplingTools) {
			c.Sampling.Tools = &struct{}{}
		}
	}
	if st.caps&(capElicitationForm|capElicitationURL) != 0 {
		c.Elicitation = &ElicitationCapabilities{}
		if st.caps.has(capElicitationForm) {
			c.Elicitation.Form = &struct{}{}
		}
		if st.caps.has(capElicitationURL) {
			c.Elicitation.URL = &struct{}{}
		}
	}
	return c
}

// Subscribed reports whether the client watches the resource uri.
func (st *State) Subscribed(uri string) bool {
	_, found := slices.BinarySearch(st.subscriptions, uri)
	return found
}

// Size is what the state holds in memory, in bytes, without what sessions share.
func (st *State) Size() int {
	return int(reflect.TypeFor[State]().Size()) + st.bytes + 16*len(st.subscriptions)
}

// Subscriptions lists the URIs that the client watches, sorted.
func (st *State) Subscriptions() []string { return slices.Clone(st.subscriptions) }

// withSubscription is st with uri, which it does not have, among the subscriptions.
func (st *State) withSubscription(uri string) *State {
	at, _ := slices.BinarySearch(st.subscriptions, uri)
	next := *st
	next.subscriptions = make([]string, 0, len(st.subscriptions)+1)
	next.subscriptions = append(next.subscriptions, st.subscriptions[:at]...)
	next.subscriptions = append(next.subscriptions, uri)
	next.subscriptions = append(next.subscriptions, st.subscriptions[at:]...)
	next.bytes += len(uri)
	return &next
}

// withoutSubscription is st without uri, which it has, among the subscriptions.
func (st *State) withoutSubscription(uri string) *State {
	at, _ := slices.BinarySearch(st.subscriptions, uri)
	next := *st
	next.subscriptions = slices.Delete(slices.Clone(st.subscriptions), at, at+1)
	if len(next.subscriptions) == 0 {
		next.subscriptions = nil
	}
	next.bytes -= len(uri)
	return &next
}

// stateFormat is the version of what Marshal writes. A reader refuses other versions.
const stateFormat = 1

// stateText is the encoded form of a State.
type stateText struct {
	Format        int        `json:"format"`
	Revision      string     `json:"revision"`
	Initialized   bool       `json:"initialized,omitempty"`
	Level         string     `json:"level"`
	Client        clientInfo `json:"client"`
	Capabilities  clientCaps `json:"capabilities,omitempty"`
	Subscriptions []string   `json:"subscriptions,omitempty"`
}

// Marshal encodes st as a JSON object with a format number.
func (st *State) Marshal() []byte {
	text, err := json.Marshal(stateText{
		Format:        stateFormat,
		Revision:      st.revision.Version,
		Initialized:   st.initialized,
		Level:         string(st.level.name()),
		Client:        st.client.Value(),
		Capabilities:  st.caps,
		Subscriptions: st.subscriptions,
	})
	if err != nil {
		panic("mcp: encode state: " + err.Error()) // strings and numbers always encode
	}
	return text
}

var errState = errors.New("mcp: not the state of a session")

// UnmarshalState decodes what Marshal has written. It fails for other text, for other formats, and for a
// revision that this server does not speak.
func UnmarshalState(text []byte) (*State, error) {
	var in stateText
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("%w: %v", errState, err)
	}
	revision := RevisionOf(in.Revision)
	level, levelOK := levelOf(in.Level)
	switch {
	case in.Format != stateFormat:
		return nil, fmt.Errorf("%w: format %d, want %d", errState, in.Format, stateFormat)
	case revision == nil:
		return nil, fmt.Errorf("%w: revision %q", errState, in.Revision)
	case !levelOK:
		return nil, fmt.Errorf("%w: log level %q", errState, in.Level)
	case in.Capabilities > capAll:
		return nil, fmt.Errorf("%w: capabilities %#x", errState, in.Capabilities)
	}
	slices.Sort(in.Subscriptions)
	st := &State{
		revision:      revision,
		initialized:   in.Initialized,
		level:         level,
		client:        unique.Make(in.Client),
		caps:          in.Capabilities,
		subscriptions: slices.Clip(slices.Compact(in.Subscriptions)),
	}
	if len(st.subscriptions) == 0 {
		st.subscriptions = nil
	}
	for _, uri := range st.subscriptions {
		st.bytes += len(uri)
	}
	return st, nil
}
