package badinput

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// body describes bytes; exactly one member is set.
type body struct {
	Text   *string `json:"text"`
	B64    *string `json:"b64"`
	Rep    *rep    `json:"rep"`
	Rep2   *rep2   `json:"rep2"`
	Keys   *keys   `json:"keys"`
	RepB64 *repB64 `json:"rep_b64"`
	Seq    *seq    `json:"seq"`
}

type rep struct {
	Pre  string `json:"pre"`
	Unit string `json:"unit"`
	N    count  `json:"n"`
	Post string `json:"post"`
}

type rep2 struct {
	Pre   string `json:"pre"`
	Open  string `json:"open"`
	Mid   string `json:"mid"`
	Close string `json:"close"`
	N     count  `json:"n"`
	Post  string `json:"post"`
}

type keys struct {
	Pre  string `json:"pre"`
	N    count  `json:"n"`
	Post string `json:"post"`
}

type repB64 struct {
	Unit string `json:"unit"`
	N    count  `json:"n"`
}

// seq is N messages; each %d of the template is a running number.
type seq struct {
	N        count  `json:"n"`
	Template string `json:"template"`
}

// count is a number, or "limit.NAME", "limit.NAME+1", "limit.NAME-1" of the documented limits.
type count int

// documented are the defaults of the limits that cases refer to by name.
var documented = map[string]int{
	"max_message_bytes":      4 << 20,
	"max_depth":              128,
	"max_in_flight":          64,
	"max_outgoing_bytes":     1 << 20,
	"max_outgoing_frames":    1000,
	"max_subscriptions":      1024,
	"max_batch":              32,
	"max_frames_per_message": 1024,
	"max_header_bytes":       32 << 10,
	"max_id_bytes":           256,
	"max_method_bytes":       128,
	"max_keys":               10000,
}

// UnmarshalJSON reads a number or the name of a limit with an optional sum.
func (c *count) UnmarshalJSON(text []byte) error {
	var n int
	if json.Unmarshal(text, &n) == nil {
		*c = count(n)
		return nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("count %s: %v", text, err)
	}
	name, ok := strings.CutPrefix(s, "limit.")
	if !ok {
		return fmt.Errorf("count %q", s)
	}
	plus := 0
	if i := strings.LastIndexAny(name, "+-"); i > 0 {
		n, err := strconv.Atoi(name[i:])
		if err != nil {
			return fmt.Errorf("count %q: %v", s, err)
		}
		plus, name = n, name[:i]
	}
	limit, ok := documented[name]
	if !ok {
		return fmt.Errorf("limit %q is not documented", name)
	}
	*c = count(limit + plus)
	return nil
}

// messages expands a body into the messages it stands for: one, except for a sequence.
func (b *body) messages(v *vars) ([][]byte, error) {
	if b == nil {
		return [][]byte{nil}, nil
	}
	if b.Seq == nil {
		text, err := b.bytes(v)
		return [][]byte{text}, err
	}
	all := make([][]byte, b.Seq.N)
	for i := range all {
		all[i] = []byte(v.expand(strings.ReplaceAll(b.Seq.Template, "%d", strconv.Itoa(i+1))))
	}
	return all, v.err()
}

// bytes expands a body into its bytes. The caller owns them.
func (b *body) bytes(v *vars) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	var out bytes.Buffer
	add := func(s string) { out.WriteString(v.expand(s)) }
	many := func(s string, n count) {
		s = v.expand(s)
		out.Grow(len(s) * int(n))
		for range int(n) {
			out.WriteString(s)
		}
	}
	switch {
	case b.Text != nil:
		add(*b.Text)
	case b.B64 != nil:
		return decode64(*b.B64)
	case b.Rep != nil:
		add(b.Rep.Pre)
		many(b.Rep.Unit, b.Rep.N)
		add(b.Rep.Post)
	case b.Rep2 != nil:
		add(b.Rep2.Pre)
		many(b.Rep2.Open, b.Rep2.N)
		add(b.Rep2.Mid)
		many(b.Rep2.Close, b.Rep2.N)
		add(b.Rep2.Post)
	case b.Keys != nil:
		add(b.Keys.Pre)
		for i := range int(b.Keys.N) {
			fmt.Fprintf(&out, `,"k%d":0`, i)
		}
		add(b.Keys.Post)
	case b.RepB64 != nil:
		unit, err := decode64(b.RepB64.Unit)
		return bytes.Repeat(unit, int(b.RepB64.N)), err
	}
	return out.Bytes(), v.err()
}

func decode64(s string) ([]byte, error) {
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("badinput: base64 body: %v", err)
	}
	return text, nil
}
