package lineconn

import "testing"

func TestOpenCalls(t *testing.T) {
	const (
		request  = `{"jsonrpc":"2.0","id":1,"method":"m"}`
		other    = `{"jsonrpc":"2.0","id":"1","method":"m"}`
		result   = `{"jsonrpc":"2.0","id":1,"result":{}}`
		failure  = `{"jsonrpc":"2.0","id":"1","error":{}}`
		unknown  = `{"jsonrpc":"2.0","id":null,"error":{}}`
		notified = `{"jsonrpc":"2.0","method":"m"}`
	)
	for _, tc := range []struct {
		name       string
		came, went []string
		idle       bool
	}{
		{"nothing", nil, nil, true},
		{"notification", []string{notified}, nil, true},
		{"open", []string{request}, nil, false},
		{"answered", []string{request, other}, []string{failure, result}, true},
		{"one of two", []string{request, other}, []string{result}, false},
		{"same id twice", []string{request, request}, []string{result}, false},
		{"our own requests and notifications", []string{request}, []string{request, notified}, false},
		{"their answers to us", []string{result}, nil, true},
		{"no JSON, answered", []string{"{"}, []string{unknown}, true},
		{"no JSON, open", []string{"{"}, nil, false},
		{"batch", []string{"[" + request + "," + other + ",1]"}, []string{"[" + result + "," + failure + "," + unknown + "]"}, true},
		{"empty batch", []string{"[]"}, []string{unknown}, true},
		{"answer without a question", nil, []string{result}, true},
	} {
		o := newOpenCalls()
		for _, text := range tc.came {
			o.came([]byte(text))
		}
		before := o.idle()
		for _, text := range tc.went {
			o.went([]byte(text))
		}
		idle := false
		select {
		case <-before:
			idle = true
		default:
		}
		if idle != tc.idle {
			t.Errorf("%s: got idle %v, want %v", tc.name, idle, tc.idle)
		}
	}
}
