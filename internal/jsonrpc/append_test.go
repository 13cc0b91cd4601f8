package jsonrpc

import (
	"encoding/json"
	"testing"
)

func TestAppend(t *testing.T) {
	for _, tc := range []struct{ name, got, want string }{
		{"result", string(AppendResult(nil, "1", []byte(`{"a":1}`))), `{"jsonrpc":"2.0","id":1,"result":{"a":1}}`},
		{"empty result", string(AppendResult(nil, `"x"`, nil)), `{"jsonrpc":"2.0","id":"x","result":{}}`},
		{"error", string(AppendError(nil, "1", &Error{Code: -1, Message: "a\"b"})), `{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"a\"b"}}`},
		{"error with data, no id", string(AppendError(nil, "", &Error{Code: 2, Data: []byte("[]")})), `{"jsonrpc":"2.0","id":null,"error":{"code":2,"message":"","data":[]}}`},
		{"request", string(AppendRequest(nil, "3", "m", []byte("[1]"))), `{"jsonrpc":"2.0","id":3,"method":"m","params":[1]}`},
		{"notification", string(AppendNotification([]byte(" "), "n", nil)), ` {"jsonrpc":"2.0","method":"n"}`},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, tc.got, tc.want)
		}
	}
}

func TestWhatIsAppendedScans(t *testing.T) {
	for _, text := range [][]byte{
		AppendResult(nil, "1", nil),
		AppendError(nil, "", &Error{Code: 1, Message: "m"}),
		AppendRequest(nil, `"a"`, "x/y", []byte("{}")),
		AppendNotification(nil, "n", nil),
	} {
		if _, err := Scan(text, Limits{}); err != nil {
			t.Errorf("Scan(%s): got %v", text, err)
		}
	}
}

func TestAppendStringAgreesWithEncodingJSON(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, s := range []string{"", "plain", "é€😀\u2028", string(all), "\xed\xa0\x80", "tail\xf0\x9f"} {
		var got, want string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Errorf("AppendString(%q): %v", s, err)
		}
		encoded, _ := json.Marshal(s)
		if err := json.Unmarshal(encoded, &want); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("AppendString(%q): got %q, want %q", s, got, want)
		}
		if back, ok := String(AppendString(nil, s)); !ok || back != want {
			t.Errorf("String(AppendString(%q)): got %q, want %q", s, back, want)
		}
	}
}
