package jsonrpc

import (
	"fmt"
	"testing"
)

func TestFields(t *testing.T) {
	for _, tc := range []struct{ object, want string }{
		{`{}`, ``},
		{` { "a" : 1 , "b":"x\"}" ,"c":{"d":[1,{"e":"]"}]}, "n":null}`, `a=1 b="x\"}" c={"d":[1,{"e":"]"}]} n=null `},
		{`{"\u0061\n":-1.5e3}`, "a\n=-1.5e3 "},
		{`{"":""}`, `="" `},
		{`[1]`, ``},
		{`null`, ``},
		{``, ``},
	} {
		got := ""
		for key, raw := range Fields([]byte(tc.object)) {
			got += fmt.Sprintf("%s=%s ", key, raw)
		}
		if got != tc.want {
			t.Errorf("Fields(%s): got %q, want %q", tc.object, got, tc.want)
		}
	}
	for key := range Fields([]byte(`{"a":1,"b":2}`)) {
		if key != "a" {
			t.Errorf("got %q after the loop was left", key)
		}
		break
	}
}

func TestFieldsDoesNotAllocate(t *testing.T) {
	object := []byte(`{"name":"echo","arguments":{"message":"x"},"_meta":{"progressToken":1}}`)
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		for key, raw := range Fields(object) {
			n += len(key) + len(raw)
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

func TestString(t *testing.T) {
	for _, tc := range []struct {
		raw, want string
		ok        bool
	}{
		{`""`, "", true},
		{`"abc"`, "abc", true},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		{`"\u00e9\u20AC\ud83d\ude00"`, "é€😀", true},
		{`1`, "", false},
		{`"`, "", false},
		{``, "", false},
		{`null`, "", false},
	} {
		got, ok := String([]byte(tc.raw))
		if got != tc.want || ok != tc.ok {
			t.Errorf("String(%s): got %q, %v, want %q, %v", tc.raw, got, ok, tc.want, tc.ok)
		}
	}
}
