package erlmcp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/internal/testutil"
)

// operatorStub is the process around a node, as far as the node can tell.
type operatorStub struct{ levels map[string]string }

func (o *operatorStub) LogLevels() map[string]string { return o.levels }

func (o *operatorStub) SetLogLevel(subsystem, level string) error {
	if subsystem == "nowhere" {
		return errors.New("no such subsystem")
	}
	o.levels[subsystem] = level
	return nil
}

func (o *operatorStub) Config() []erlmcp.ConfigValue {
	return []erlmcp.ConfigValue{{Key: "http.port", Value: "8080", Origin: "default"}}
}

func (o *operatorStub) ReloadConfig(context.Context) (applied, needsRestart []string, err error) {
	return []string{"log.level"}, []string{"http.port"}, nil
}

func TestClientsAreSeenAndSentAway(t *testing.T) {
	n := inspectedNode(t)
	clients := make([]*wire, 20)
	for i := range clients {
		clients[i] = n.session()
	}
	n.want("20", "length(erlmcp:sessions()).")
	n.want("#{ws => 20}", "erlmcp:connections().")
	n.want("7", "length(erlmcp:sessions([ws, 7])).")
	n.want("[]", "erlmcp:sessions(http).")
	n.want("{20, 20, up}", "#{sessions := S, connections := C, state := X} = erlmcp:status(), {S, C, X}.")
	n.want("true", "[#{id := I, pid := P} = S | _] = erlmcp:sessions(), [lists:member(P, processes()), maps:get(id, erlmcp:session(P)) =:= I, maps:get(connected, S), maps:get(revision, S) =/= <<>>] =:= [true, true, true, true].")

	n.want("ok", "erlmcp:kick(maps:get(id, hd(erlmcp:sessions()))).")
	if code, text := clients[0].readClose(); code != 1008 || !strings.Contains(text, "operator") {
		t.Errorf("the client that was sent away is told %d %q", code, text)
	}
	testutil.Eventually(t, 10*time.Second, func() bool { return n.ask("length(erlmcp:sessions()).").Value == "19" })
	n.want("{error,not_found}", `erlmcp:kick(<<"nobody">>).`)
	n.want("undefined", `erlmcp:session("nobody").`)
	clients[1].exchange(ping, `"result"`)
}

func TestNodeTellsWhatItOffersAndHowItIsSet(t *testing.T) {
	n := inspected{tb: t, client: admin.Client{Socket: filepath.Join(t.TempDir(), "s")}}
	stub := &operatorStub{levels: map[string]string{"cluster": "info"}}
	n.addr = startNode(t, erlmcp.Options{Name: "a@h", Admin: erlmcp.Admin{Socket: n.client.Socket}, Operator: stub})
	testutil.Eventually(t, 10*time.Second, func() bool { return n.client.Ping(context.Background()) == nil })
	for expression, want := range map[string]string{
		`lists:member(<<"echo">>, erlmcp:tools()).`: "true",
		`erlmcp:config("http.port").`:               `{<<"8080">>,<<"default">>}`,
		`erlmcp:config().`:                          `[{<<"http.port">>,<<"8080">>,<<"default">>}]`,
		`erlmcp:reload_config().`:                   `#{applied => [<<"log.level">>],needs_restart => [<<"http.port">>]}`,
		`erlmcp:log_level().`:                       `#{cluster => info}`,
		`erlmcp:log_level({nowhere, debug}).`:       `{error,<<"no such subsystem">>}`,
		`is_integer(erlmcp:uptime()).`:              "true",
	} {
		n.want(want, "%s", expression)
	}
	n.want("ok", "erlmcp:log_level({cluster, debug}).")
	n.want("#{cluster => debug}", "erlmcp:log_level().")
	if got := n.ask("erlmcp:config(nothing)."); !strings.Contains(got.Error, "bad argument") {
		t.Errorf("an unknown key: got %q", got.Error)
	}
}

// readClose reads up to the frame that closes the connection and returns its code and reason.
func (w *wire) readClose() (int, string) {
	w.tb.Helper()
	for {
		head, err := w.in.Peek(1)
		if err != nil {
			w.tb.Fatal(err)
		}
		opcode := head[0] & 0xf
		if body := w.readFrame(); opcode == 8 && len(body) >= 2 {
			return int(binary.BigEndian.Uint16(body)), string(body[2:])
		}
	}
}

func TestDrainLeavesTheNodeRunning(t *testing.T) {
	n := inspectedNode(t)
	client := n.session()
	n.want("ok", "erlmcp:drain().")
	if code, _ := client.readClose(); code != 1012 {
		t.Errorf("the client is told %d, want 1012", code)
	}
	n.want("draining", "maps:get(state, erlmcp:status()).")
	body, err := n.client.Get(context.Background(), "/readyz")
	if err == nil || !slices.Contains(strings.Fields(string(body)), "failed:") {
		t.Errorf("a drained node is ready: %s", body)
	}
	n.want("ok", "erlmcp:drain().")
}
