package badinput

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// outcome is one right answer to a case; all its members have to hold.
type outcome struct {
	Grade string `json:"grade"` // weak, or nothing

	Error        []int            `json:"error"`
	ID           string           `json:"id"` // null, any, or the request's own
	DataHas      []string         `json:"data_has"`
	Result       bool             `json:"result"`
	IDText       *string          `json:"id_text"`
	IDRaw        *string          `json:"id_raw"`
	FieldIn      map[string][]any `json:"field_in"`
	TextContains *string          `json:"text_contains"`
	ToolError    bool             `json:"tool_error"`
	NoReply      bool             `json:"no_reply"`

	BatchErrors  *int            `json:"batch_errors"`
	Codes        []int           `json:"codes"`
	BatchResults *int            `json:"batch_results"`
	Replies      []outcome       `json:"replies"`
	RepliesForID json.RawMessage `json:"replies_for_id"`
	Counts       []int           `json:"counts"`
	CodesInclude []int           `json:"codes_include"`
	All          *outcome        `json:"all"`
	Some         *outcome        `json:"some"`

	HTTP           []int             `json:"http"`
	Headers        map[string]string `json:"headers"`
	HeadersContain map[string]string `json:"headers_contain"`
	AbsentHeaders  []string          `json:"absent_headers"`
	JSONHas        []string          `json:"json_has"`
	HTTPCount      *int              `json:"http_count"`

	SSEFirst json.RawMessage `json:"sse_first"` // true, or a text in the first event
	IDs      json.RawMessage `json:"ids"`       // anything: the collected session ids are sound

	WSClose []int  `json:"ws_close"`
	Conn    string `json:"conn"` // closed
	Alive   bool   `json:"alive"`

	Exit        []int    `json:"exit"`
	Starts      bool     `json:"starts"`
	ReadsStdin  bool     `json:"reads_stdin"`
	StderrNames []string `json:"stderr_names"`
	StdoutNames []string `json:"stdout_names"`

	ReplyMaxBytes *int `json:"reply_max_bytes"`

	Eval          string   `json:"eval"` // value, exception, denied or syntax
	ClassOrReason []string `json:"class_or_reason"`
	Prints        *string  `json:"prints"`
	PrintsNot     *string  `json:"prints_not"`

	// Outcomes of other transports: read, so that their files load; no transport of this build has them.
	TLSAlert  json.RawMessage `json:"tls_alert"`
	Refused   json.RawMessage `json:"refused"`
	GRPCError json.RawMessage `json:"grpc_error"`
	Gateway   string          `json:"gateway"`
}

// scene is what a judge needs beside the observation.
type scene struct {
	transport string
	own       []string // raw ids of the requests sent; empty: unknown, any id fits
	vars      *vars    // for outcomes with placeholders
	quiet     bool     // nothing more will come: the deadline has passed or the server is done
}

func (s scene) isHTTP() bool {
	return strings.HasPrefix(s.transport, "http") || s.transport == "ws-upgrade"
}

func (s scene) isCluster() bool { return strings.HasPrefix(s.transport, clusterTransport) }

// needsQuiet says whether the outcome is about what does not happen, so that it holds only at the end.
func (oc outcome) needsQuiet() bool {
	return oc.NoReply || oc.RepliesForID != nil || oc.All != nil || oc.Starts || oc.ReadsStdin
}

// fits says whether the outcome holds. The caller holds the observation's lock.
func (oc *outcome) fits(o *observation, s scene) bool {
	if !oc.askedOn(s) {
		return false
	}
	return oc.fitsReplies(o, s) && oc.fitsHTTP(o, s) && oc.fitsConnection(o, s) && oc.fitsProcess(o, s) && oc.fitsEval(o, s)
}

// askedOn says whether the outcome asks anything of this transport: one that only names HTTP statuses
// says nothing about a WebSocket.
func (oc *outcome) askedOn(s scene) bool {
	other := oc.Error != nil || oc.Result || oc.ToolError || oc.NoReply || oc.BatchErrors != nil ||
		oc.BatchResults != nil || oc.Replies != nil || oc.RepliesForID != nil || oc.All != nil || oc.Some != nil ||
		oc.SSEFirst != nil || oc.IDs != nil ||
		oc.WSClose != nil || oc.Conn != "" || oc.Alive || oc.Exit != nil || oc.Starts || oc.ReadsStdin ||
		oc.ReplyMaxBytes != nil || oc.Eval != "" || s.isCluster() && (oc.TLSAlert != nil || oc.GRPCError != nil)
	if other {
		return true
	}
	return s.isHTTP() && (oc.HTTP != nil || oc.HTTPCount != nil || oc.Headers != nil || oc.HeadersContain != nil ||
		oc.AbsentHeaders != nil || oc.JSONHas != nil)
}

func (oc *outcome) fitsReplies(o *observation, s scene) bool {
	if oc.NoReply && (len(o.replies) > 0 || !s.quiet) {
		return false
	}
	if (oc.Error != nil || oc.Result || oc.ToolError) &&
		!slices.ContainsFunc(o.replies, func(r reply) bool { return oc.matches(r, s) }) {
		return false
	}
	if (oc.BatchErrors != nil || oc.BatchResults != nil) && !slices.ContainsFunc(o.replies, oc.matchesBatch) {
		return false
	}
	if oc.Replies != nil && !matchDistinct(oc.Replies, o.replies, s) {
		return false
	}
	if oc.RepliesForID != nil && !oc.matchesCount(o.replies, s) {
		return false
	}
	if oc.All != nil && (!s.quiet || !oc.All.holdsFor(o, s, true)) {
		return false
	}
	return oc.Some == nil || oc.Some.holdsFor(o, s, false)
}

// holdsFor applies an outcome to each answer of many: to the HTTP statuses if it names some, and to the
// responses if it names a kind of response. It wants all of them, or at least one.
func (oc *outcome) holdsFor(o *observation, s scene, all bool) bool {
	if oc.HTTP != nil && s.isHTTP() {
		n := 0
		for _, a := range o.answers {
			if slices.Contains(oc.HTTP, a.status) {
				n++
			}
		}
		if n == 0 || (all && n < len(o.answers)) {
			return false
		}
	}
	if oc.Error == nil && !oc.Result && !oc.ToolError {
		return oc.HTTP != nil
	}
	n := 0
	for _, r := range o.replies {
		if oc.matches(r, s) {
			n++
		}
	}
	return n > 0 && (!all || n == len(o.replies))
}

// matches says whether one response is the error, the result or the tool error that the outcome names.
func (oc *outcome) matches(r reply, s scene) bool {
	if r.isList {
		return false
	}
	switch {
	case oc.Error != nil:
		return r.code != nil && slices.Contains(oc.Error, *r.code) && oc.idFits(r, s) && hasMembers(r.data, oc.DataHas)
	case oc.ToolError:
		return r.isToolError() && oc.idFits(r, s)
	case oc.Result:
		return r.result != nil && !r.isToolError() && oc.idFits(r, s) && fieldsIn(r.result, oc.FieldIn) &&
			(oc.TextContains == nil || strings.Contains(r.texts(), *oc.TextContains))
	}
	return false
}

func (oc *outcome) idFits(r reply, s scene) bool {
	switch {
	case oc.IDRaw != nil:
		return r.id == *oc.IDRaw
	case oc.IDText != nil:
		var text string
		return json.Unmarshal([]byte(r.id), &text) == nil && text == *oc.IDText
	case oc.ID == "any":
		return true
	case oc.ID == "null":
		return r.id == "null"
	}
	return len(s.own) == 0 || slices.Contains(s.own, r.id)
}

func (oc *outcome) matchesBatch(r reply) bool {
	if !r.isList {
		return false
	}
	failed, fine := 0, 0
	for _, one := range r.batch {
		if one.code == nil {
			fine++
			continue
		}
		failed++
		if oc.Codes != nil && !slices.Contains(oc.Codes, *one.code) {
			return false
		}
	}
	return (oc.BatchErrors == nil || failed == *oc.BatchErrors) && (oc.BatchResults == nil || fine == *oc.BatchResults)
}

// matchDistinct wants a response of its own for each expectation; order is free.
func matchDistinct(want []outcome, got []reply, s scene) bool {
	used := make([]bool, len(got))
	for i := range want {
		at := slices.IndexFunc(got, func(r reply) bool { return want[i].matches(r, s) })
		for at >= 0 && used[at] {
			next := slices.IndexFunc(got[at+1:], func(r reply) bool { return want[i].matches(r, s) })
			if next < 0 {
				return false
			}
			at += 1 + next
		}
		if at < 0 {
			return false
		}
		used[at] = true
	}
	return true
}

func (oc *outcome) matchesCount(replies []reply, s scene) bool {
	n, codes := 0, []int{}
	for _, r := range replies {
		if r.id != string(bytes.TrimSpace(oc.RepliesForID)) {
			continue
		}
		n++
		if r.code != nil {
			codes = append(codes, *r.code)
		}
	}
	for _, c := range oc.CodesInclude {
		if !slices.Contains(codes, c) {
			return false
		}
	}
	return s.quiet && (oc.Counts == nil || slices.Contains(oc.Counts, n))
}

func (oc *outcome) fitsHTTP(o *observation, s scene) bool {
	if !s.isHTTP() {
		return true
	}
	if oc.HTTPCount != nil && len(o.answers) != *oc.HTTPCount {
		return false
	}
	if oc.HTTP == nil && oc.Headers == nil && oc.HeadersContain == nil && oc.AbsentHeaders == nil && oc.JSONHas == nil {
		return true
	}
	if len(o.answers) == 0 {
		return false
	}
	// Over a raw connection the first answer decides: a second one belongs to smuggled bytes.
	a := o.answers[len(o.answers)-1]
	if s.transport == "http-raw" {
		a = o.answers[0]
	}
	if oc.HTTP != nil && !slices.Contains(oc.HTTP, a.status) {
		return false
	}
	for name, want := range oc.Headers {
		if a.header.Get(name) != want {
			return false
		}
	}
	for name, want := range oc.HeadersContain {
		if !strings.Contains(strings.Join(a.header.Values(name), "\n"), want) {
			return false
		}
	}
	for _, name := range oc.AbsentHeaders {
		if a.header.Get(name) != "" {
			return false
		}
	}
	return hasMembers(o.text.Bytes(), oc.JSONHas)
}

func (oc *outcome) fitsConnection(o *observation, s scene) bool {
	if oc.WSClose != nil && !slices.Contains(oc.WSClose, o.closeCode) {
		return false
	}
	if oc.Conn != "" && !o.closed {
		return false
	}
	if oc.TLSAlert != nil && !o.tlsAlert || oc.GRPCError != nil && !o.grpcError {
		return false
	}
	if oc.ReplyMaxBytes != nil && s.isCluster() && !s.quiet && !o.closed {
		return false // a later byte would be one too many
	}
	if oc.SSEFirst != nil && !o.firstEventHas(oc.SSEFirst) {
		return false
	}
	if oc.IDs != nil && !soundIDs(o.sessions) {
		return false
	}
	return oc.ReplyMaxBytes == nil || o.text.Len() <= *oc.ReplyMaxBytes
}

func (oc *outcome) fitsProcess(o *observation, s scene) bool {
	if oc.Exit != nil && !(o.exited && slices.Contains(oc.Exit, o.exit)) {
		return false
	}
	if oc.Starts && (o.exited && !o.background || !s.quiet) || oc.ReadsStdin && (o.exited || !s.quiet) {
		return false
	}
	return namesOne(o.stderr.Bytes(), oc.StderrNames) && namesOne(o.stdout.Bytes(), oc.StdoutNames)
}

// firstEventHas says whether there was an event, and if want is a string, whether the first one has it.
func (o *observation) firstEventHas(want json.RawMessage) bool {
	var text string
	if json.Unmarshal(want, &text) != nil {
		return o.events > 0
	}
	return o.events > 0 && strings.Contains(o.firstEvent, text)
}

// soundIDs says whether session ids are distinct, visible ASCII, and long enough for 128 random bits.
func soundIDs(ids []string) bool {
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] || len(id) < 22 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
			return false
		}
		seen[id] = true
	}
	return len(ids) > 0
}

// namesOne says whether a text has any of the words, in any case of letters.
func namesOne(text []byte, words []string) bool {
	low := bytes.ToLower(text)
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool {
		return bytes.Contains(low, []byte(strings.ToLower(w)))
	})
}

func hasMembers(object []byte, names []string) bool {
	if len(names) == 0 {
		return true
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) != nil {
		return false
	}
	return !slices.ContainsFunc(names, func(n string) bool { _, ok := m[n]; return !ok })
}

func fieldsIn(object []byte, want map[string][]any) bool {
	if len(want) == 0 {
		return true
	}
	var m map[string]any
	if json.Unmarshal(object, &m) != nil {
		return false
	}
	for name, values := range want {
		if !slices.ContainsFunc(values, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(m[name]) }) {
			return false
		}
	}
	return true
}
