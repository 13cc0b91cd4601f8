package lineconn

import "testing"

func TestOpenCalls(t *testing.T) {
	const (
		request   = `{"jsonrpc":"2.0","id":1,"method":"m"}`
		other     = `{"jsonrpc":"2.0","id":"1","method":"m"}`
		batch     = `[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","id":"1","method":"m"}]`
		cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"reason":"late","requestId":1}}`
		vain      = `{"jsonrpc":"2.0","method":"notifications/cancelled"}`
		odd       = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":[1]}`
		answer    = `{"jsonrpc":"2.0","id":1,"result":{}}`
		failure   = `{"jsonrpc":"2.0","id":"1","error":{"code":1,"message":"x"}}`
		broken    = `{`
		refusal   = `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}`
	)
	for _, c := range []struct {
		name       string
		came, went []string
		want       int
	}{
		{"nothing", nil, nil, 0},
		{"request", []string{request}, nil, 1},
		{"answered", []string{request}, []string{answer}, 0},
		{"another's answer", []string{other}, []string{answer}, 1},
		{"batch", []string{batch}, []string{"[" + answer + "," + failure + "]"}, 0},
		{"text without id", []string{broken}, []string{refusal}, 0},
		{"cancelled", []string{request, other, cancelled}, nil, 1},
		{"cancelled and answered all the same", []string{request, cancelled}, []string{answer}, 0},
		{"cancelled for nothing", []string{request, vain, odd}, nil, 1},
		{"same id again", []string{request, cancelled, request}, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOpenCalls()
			for _, text := range c.came {
				o.came([]byte(text))
			}
			for _, text := range c.went {
				o.went([]byte(text))
			}
			if got := len(o.open); got != c.want {
				t.Errorf("got %d open, want %d: %v", got, c.want, o.open)
			}
			select {
			case <-o.idle():
				if c.want != 0 {
					t.Error("idle with open requests")
				}
			default:
				if c.want == 0 {
					t.Error("not idle")
				}
			}
		})
	}
}
