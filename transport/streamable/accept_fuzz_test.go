package streamable

import (
	"mime"
	"net/http"
	"strings"
	"testing"
)

// FuzzNegotiation compares the reading of Accept and Content-Type with the one of package mime, which
// knows more syntax: what that reads as a plain media type, we read the same.
func FuzzNegotiation(f *testing.F) {
	for _, seed := range []string{"application/json", "application/json; charset=utf-8", "*/*;q=0.1", "text/*", "a/b, application/json;q=0", ",;=", "application/json;charset=\"latin1\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		takes := takesJSON(http.Header{"Content-Type": {value}})
		accepts := accepts(http.Header{"Accept": {value}}, "application/json")
		kind, parameters, err := mime.ParseMediaType(value)
		if err != nil || strings.ContainsAny(value, `,"\`) {
			return
		}
		charset, has := parameters["charset"]
		if want := kind == "application/json" && (!has || strings.EqualFold(charset, "utf-8")); takes != want && parameters["charset*"] == "" && !strings.Contains(value, "*") {
			t.Errorf("Content-Type %q: got %v, want %v", value, takes, want)
		}
		if _, weighed := parameters["q"]; weighed {
			return
		}
		if want := kind == "application/json" || kind == "application/*" || kind == "*/*"; accepts != want {
			t.Errorf("Accept %q: got %v, want %v", value, accepts, want)
		}
	})
}
