package jsonrpc

import (
	"fmt"
	"strings"
	"testing"
)

func TestScanReadsEachKind(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       Message
	}{
		{"request", `{"jsonrpc":"2.0","id":7,"method":"ping"}`, Message{Kind: Request, ID: "7", Method: "ping"}},
		{"request with params", ` { "params" : {"a":[1]} , "method":"m","id":"x","jsonrpc":"2.0"} ` + "\n",
			Message{Kind: Request, ID: `"x"`, Method: "m", Params: []byte(`{"a":[1]}`)}},
		{"params array", `{"jsonrpc":"2.0","id":-3,"method":"m","params":[]}`,
			Message{Kind: Request, ID: "-3", Method: "m", Params: []byte(`[]`)}},
		{"id with escapes is kept", `{"jsonrpc":"2.0","id":"\u0061\/","method":"m"}`, Message{Kind: Request, ID: `"\u0061\/"`, Method: "m"}},
		{"escaped member names count", `{"json\u0072pc":"2\u002e0","id":1,"m\u0065thod":"p\u0069ng"}`,
			Message{Kind: Request, ID: "1", Method: "ping"}},
		{"notification", `{"jsonrpc":"2.0","method":"n"}`, Message{Kind: Notification, Method: "n"}},
		{"result", `{"jsonrpc":"2.0","id":1,"result":null}`, Message{Kind: Result, ID: "1", Result: []byte("null")}},
		{"failure", `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`,
			Message{Kind: Failure, ID: "1", Error: []byte(`{"code":1,"message":"x"}`)}},
		{"failure of no request", `{"jsonrpc":"2.0","id":null,"error":{}}`, Message{Kind: Failure, ID: Null, Error: []byte(`{}`)}},
		{"further members", `{"jsonrpc":"2.0","id":1,"method":"m","x-trace":"a","Meth":1,"":2}`, Message{Kind: Request, ID: "1", Method: "m"}},
		{"surrogate pair", `{"jsonrpc":"2.0","id":1,"method":"\ud83d\ude00"}`, Message{Kind: Request, ID: "1", Method: "😀"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Scan([]byte(tc.text), Limits{})
			if err != nil {
				t.Fatalf("Scan(%s): got %v, want a message", tc.text, err)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) {
				t.Errorf("Scan(%s): got %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestScanRefuses(t *testing.T) {
	request := func(rest string) string { return `{"jsonrpc":"2.0","id":1,"method":"m"` + rest + `}` }
	for _, tc := range []struct {
		name, text string
		code       int
		id         ID
	}{
		{"nothing", "", CodeParse, ""},
		{"white space", " \n", CodeParse, ""},
		{"byte order mark", "\uFEFF" + request(""), CodeParse, ""},
		{"vertical tab as space", "\v" + request(""), CodeParse, ""},
		{"NUL after the text", request("") + "\x00", CodeParse, ""},
		{"invalid UTF-8", request(",\"x\":\"\xff\""), CodeParse, ""},
		{"surrogate as UTF-8", request(",\"x\":\"\xed\xa0\x80\""), CodeParse, ""},
		{"overlong UTF-8", request(",\"x\":\"\xc0\x80\""), CodeParse, ""},
		{"invalid UTF-8 in a name", request(",\"\xff\":1"), CodeParse, ""},
		{"lone high surrogate", request(`,"x":"\ud800"`), CodeParse, ""},
		{"high surrogate before a letter", request(`,"x":"\ud800\u0041"`), CodeParse, ""},
		{"lone low surrogate", request(`,"x":"\udc00"`), CodeParse, ""},
		{"short escape", request(`,"x":"\u00g0"`), CodeParse, ""},
		{"unknown escape", request(`,"x":"\x41"`), CodeParse, ""},
		{"line feed in a string", request(",\"x\":\"a\nb\""), CodeParse, ""},
		{"plus sign", request(`,"x":+1`), CodeParse, ""},
		{"minus alone", request(`,"x":-`), CodeParse, ""},
		{"exponent without digits", request(`,"x":1e`), CodeParse, ""},
		{"point first", request(`,"x":.5`), CodeParse, ""},
		{"NaN", request(`,"x":NaN`), CodeParse, ""},
		{"literal in capitals", request(`,"x":True`), CodeParse, ""},
		{"half a literal", request(`,"x":tru`), CodeParse, ""},
		{"missing colon", request(`,"x" 1`), CodeParse, ""},
		{"comma in an array", request(`,"x":[1,]`), CodeParse, ""},
		{"wrong bracket", request(`,"x":[1}`), CodeParse, ""},

		{"same name, one with an escape", request(`,"\u006dethod":"n"`), CodeInvalidRequest, ""},
		{"same name in params", request(`,"params":{"name":"a","arguments":{"x":1,"x":2}}`), CodeInvalidRequest, ""},
		{"same name in an array's object", request(`,"params":[[{"":1,"":2}]]`), CodeInvalidRequest, ""},
		{"capital member", `{"jsonrpc":"2.0","Id":1,"method":"m"}`, CodeInvalidRequest, ""},
		{"long s for s", request(`,"paramſ":{}`), CodeInvalidRequest, "1"},
		{"long s, escaped", request(`,"param\u017f":{}`), CodeInvalidRequest, "1"},
		{"right and wrong case", request(`,"Method":"n"`), CodeInvalidRequest, "1"},
		{"version 1.0", `{"jsonrpc":"1.0","id":1,"method":"m"}`, CodeInvalidRequest, "1"},
		{"version with a space", `{"jsonrpc":"2.0 ","id":1,"method":"m"}`, CodeInvalidRequest, "1"},
		{"null method", `{"jsonrpc":"2.0","id":1,"method":null}`, CodeInvalidRequest, "1"},
		{"null params", request(`,"params":null`), CodeInvalidRequest, "1"},
		{"fraction id", `{"jsonrpc":"2.0","id":1.0,"method":"m"}`, CodeInvalidRequest, ""},
		{"exponent id", `{"jsonrpc":"2.0","id":1e3,"method":"m"}`, CodeInvalidRequest, ""},
		{"true id", `{"jsonrpc":"2.0","id":true,"method":"m"}`, CodeInvalidRequest, ""},
		{"object id", `{"jsonrpc":"2.0","id":{},"method":"m"}`, CodeInvalidRequest, ""},
		{"long id", `{"jsonrpc":"2.0","id":"` + strings.Repeat("i", 255) + `","method":"m"}`, CodeInvalidRequest, ""},
		{"long method", `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("m", 129) + `"}`, CodeInvalidRequest, "1"},
		{"method and error", request(`,"error":{}`), CodeInvalidRequest, "1"},
		{"response without id", `{"jsonrpc":"2.0","result":{}}`, CodeInvalidRequest, ""},
		{"result for null", `{"jsonrpc":"2.0","id":null,"result":{}}`, CodeInvalidRequest, ""},
		{"error is a string", `{"jsonrpc":"2.0","id":1,"error":"x"}`, CodeInvalidRequest, ""},
		{"response of another version", `{"jsonrpc":"1.0","id":1,"result":{}}`, CodeInvalidRequest, ""},
		{"null", "null", CodeInvalidRequest, ""},
		{"empty object", "{}", CodeInvalidRequest, ""},
		{"batch", "[" + request("") + "]", CodeInvalidRequest, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Scan([]byte(tc.text), Limits{})
			if err == nil {
				t.Fatalf("Scan(%q): got a message, want code %d", tc.text, tc.code)
			}
			if err.Code != tc.code || err.ID != tc.id {
				t.Errorf("Scan(%q): got %v, id %q, want code %d, id %q", tc.text, err, err.ID, tc.code, tc.id)
			}
		})
	}
}

func TestLimitsHoldToTheUnit(t *testing.T) {
	nested := func(n int) string { // n levels, the message counted
		return `{"jsonrpc":"2.0","id":1,"method":"m","x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	members := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"jsonrpc":"2.0","id":1,"method":"m","params":{`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"k%d":0`, i)
		}
		return b.String() + "}}"
	}
	id := func(n int) string { return `{"jsonrpc":"2.0","id":` + strings.Repeat("1", n) + `,"method":"m"}` }
	method := func(n int) string { return `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("m", n) + `"}` }
	for _, tc := range []struct {
		name string
		text func(int) string
		most int
		id   ID
	}{
		{"depth", nested, 128, "1"},
		{"members", members, 10_000, "1"},
		{"id", id, 256, ""},
		{"method", method, 128, "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Scan([]byte(tc.text(tc.most)), Limits{}); err != nil {
				t.Errorf("%d: got %v, want a message", tc.most, err)
			}
			_, err := Scan([]byte(tc.text(tc.most+1)), Limits{})
			if err == nil || err.Code != CodeInvalidRequest || err.ID != tc.id {
				t.Errorf("%d: got %v, want code %d, id %q", tc.most+1, err, CodeInvalidRequest, tc.id)
			}
		})
	}
	if _, err := Scan([]byte(nested(4)), Limits{Depth: 3}); err == nil {
		t.Error("Depth 3: got a message with 4 levels, want an error")
	}
}

func TestScanBatch(t *testing.T) {
	one := `{"jsonrpc":"2.0","id":1,"method":"m"}`
	for _, tc := range []struct {
		name, text string
		most       int
		entries    int
		code       int
	}{
		{"one", "[" + one + "]", 0, 1, 0},
		{"two, spaced", " [ " + one + " , " + one + " ] ", 2, 2, 0},
		{"one bad entry", "[" + one + `,{"id":2}]`, 0, 2, 0},
		{"nested batch", "[[]]", 0, 1, 0},
		{"empty", "[ ]", 0, 0, CodeInvalidRequest},
		{"empty, then more", "[] x", 0, 0, CodeParse},
		{"too many", "[" + one + "," + one + "]", 1, 0, CodeInvalidRequest},
		{"default limit", "[" + strings.Repeat("1,", 32) + "1]", 0, 0, CodeInvalidRequest},
		{"no array", one, 0, 0, CodeInvalidRequest},
		{"trailing comma", "[" + one + ",]", 0, 0, CodeParse},
		{"unfinished", "[" + one, 0, 0, CodeParse},
		{"nothing", "", 0, 0, CodeInvalidRequest},
		{"after the end", "[1] 2", 0, 0, CodeParse},
		{"byte order mark", "\uFEFF[1]", 0, 0, CodeParse},
		{"name twice", `[{"id":1,"id":2}]`, 0, 0, CodeInvalidRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			entries, err := ScanBatch([]byte(tc.text), Limits{}, tc.most)
			code := 0
			if err != nil {
				code = err.Code
			}
			if len(entries) != tc.entries || code != tc.code {
				t.Errorf("ScanBatch(%s): got %d entries, error %v, want %d entries, code %d", tc.text, len(entries), err, tc.entries, tc.code)
			}
		})
	}
	entries, _ := ScanBatch([]byte("["+one+`,{"jsonrpc":"2.0","id":2}]`), Limits{}, 0)
	if entries[0].Message.Method != "m" || entries[1].Err.ID != "2" {
		t.Errorf("got %v, want method m and an error for id 2", entries)
	}
}

func TestIsBatch(t *testing.T) {
	for text, want := range map[string]bool{"[]": true, " \n[": true, "{}": false, "": false, "x[": false} {
		if got := IsBatch([]byte(text)); got != want {
			t.Errorf("IsBatch(%q): got %v, want %v", text, got, want)
		}
	}
}
