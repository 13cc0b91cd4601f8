package streamable

import (
	"net/http"
	"strings"
)

// takesJSON reports whether the body of a request is declared as plain JSON.
func takesJSON(h http.Header) bool {
	if len(h["Content-Encoding"]) > 0 {
		return false
	}
	values := h["Content-Type"]
	if len(values) != 1 {
		return false
	}
	kind, parameters, _ := strings.Cut(values[0], ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return false
	}
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "charset") && !strings.EqualFold(strings.Trim(value, `"`), "utf-8") {
			return false
		}
	}
	return true
}

// accepts reports whether the Accept header allows the media type kind ("application/json"). No header
// allows each type (RFC 9110, section 12.5.1).
func accepts(h http.Header, kind string) bool {
	values := h["Accept"]
	if len(values) == 0 {
		return true
	}
	for _, v := range values {
		for v != "" {
			var item string
			item, v, _ = strings.Cut(v, ",")
			if covers(item, kind) {
				return true
			}
		}
	}
	return false
}

// covers reports whether one media range of an Accept header matches kind with a weight above 0.
func covers(item, kind string) bool {
	media, parameters, _ := strings.Cut(item, ";")
	media = strings.TrimSpace(media)
	if media != "*/*" && !strings.EqualFold(media, kind) {
		major, ok := strings.CutSuffix(media, "/*")
		if !ok || len(major) >= len(kind) || kind[len(major)] != '/' || !strings.EqualFold(major, kind[:len(major)]) {
			return false
		}
	}
	for parameters != "" {
		var p string
		p, parameters, _ = strings.Cut(parameters, ";")
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
			return strings.Trim(q, "0.") != ""
		}
	}
	return true
}

// upgradesToWebSocket reports whether the client asks to leave HTTP for WebSocket.
func upgradesToWebSocket(r *http.Request) bool {
	for _, v := range r.Header["Upgrade"] {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "websocket") {
				return true
			}
		}
	}
	return false
}
