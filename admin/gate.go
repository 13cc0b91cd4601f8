package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/erlmcp/erlmcp/repl"
)

// MinToken is the least length of a token, in characters.
const MinToken = 32

// gate decides who may evaluate at an endpoint, and in which role.
type gate struct {
	role repl.Role // the most that it grants
	// admit gives who asks, or answers itself and gives false.
	admit func(http.ResponseWriter, *http.Request) (who string, ok bool)
}

// callerHandler serves a request of a caller with the parameters of its query.
type callerHandler func(http.ResponseWriter, *http.Request, repl.Caller, evalQuery)

// evalQuery is the query of a request for an evaluation, without the role.
type evalQuery struct {
	node string // empty: this one
	json bool
}

// socketGate lets everybody in who could open the socket.
func socketGate(role repl.Role) gate {
	return gate{role, func(_ http.ResponseWriter, r *http.Request) (string, bool) { return peerName(r.Context()), true }}
}

// newGate lets in who shows the token, in the header Authorization and nowhere else, and no web page.
func newGate(token string, role repl.Role, log *slog.Logger) gate {
	want := sha256.Sum256([]byte(token))
	return gate{role, func(w http.ResponseWriter, r *http.Request) (string, bool) {
		scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		sum := sha256.Sum256([]byte(strings.TrimSpace(got)))
		known := subtle.ConstantTimeCompare(sum[:], want[:]) == 1
		switch {
		case r.Header.Get("Origin") != "":
			http.Error(w, "not for web pages", http.StatusForbidden)
		case !strings.EqualFold(scheme, "Bearer") || !known || len(r.Header.Values("Authorization")) != 1:
			log.LogAttrs(r.Context(), slog.LevelWarn, "evaluation without the token refused", slog.String("from", r.RemoteAddr))
			w.Header().Set("WWW-Authenticate", `Bearer realm="erlmcp"`)
			http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
		default:
			return "token", true
		}
		return "", false
	}}
}

// guard admits a caller, reads the query and serves the request in the role asked for: at most the one that
// the endpoint grants, which it is where none is asked for.
func (g gate) guard(serve callerHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := g.admit(w, r)
		if !ok {
			return
		}
		role, q, err := g.parse(r.URL.RawQuery)
		switch {
		case errors.Is(err, errRole):
			http.Error(w, "this endpoint grants the role "+g.role.String()+" at most", http.StatusForbidden)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			serve(w, r, repl.Caller{Name: who, Role: role}, q)
		}
	})
}

var (
	errRole   = errors.New("role not granted")
	errQuery  = errors.New("parameters are role (viewer, operator, admin), node and format (term, json), each once")
	errSecret = errors.New("a token belongs into the header Authorization, never into an address")
)

// parse reads a query; the error says what is wrong.
func (g gate) parse(raw string) (role repl.Role, q evalQuery, err error) {
	role = g.role
	query, err := url.ParseQuery(raw)
	if err != nil {
		return role, q, errQuery
	}
	for key, values := range query {
		known := true
		switch key {
		case "role":
			role, known = repl.ParseRole(values[0])
		case "node":
			q.node = values[0]
		case "format":
			q.json, known = values[0] == "json", values[0] == "json" || values[0] == "term"
		case "token", "access_token":
			return role, q, errSecret
		default:
			known = false
		}
		if !known || len(values) != 1 {
			return role, q, errQuery
		}
	}
	if role > g.role {
		return role, q, errRole
	}
	return role, q, nil
}

// loopbackOnly serves requests for names of loopback.
func loopbackOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		if ip := net.ParseIP(host); !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this endpoint has names of loopback only", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
