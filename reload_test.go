package erlmcp_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp"
)

// reloads is a process whose configuration is read with this outcome.
type reloads struct{ err error }

func (r *reloads) LogLevels() map[string]string  { return nil }
func (r *reloads) SetLogLevel(_, _ string) error { return nil }
func (r *reloads) Config() []erlmcp.ConfigValue  { return nil }
func (r *reloads) ReloadConfig(context.Context) (applied, needsRestart []string, err error) {
	return []string{"log.level"}, []string{"http.port"}, r.err
}

func TestReloadsAreSeenInTheMetrics(t *testing.T) {
	o := &reloads{}
	n := run(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}, Operator: o})
	const name = "\nerlmcp_config_last_reload_successful "
	for _, step := range []struct {
		err  error
		want string
	}{{nil, "1\n"}, {errors.New("wrong"), "0\n"}, {nil, "1\n"}} {
		o.err = step.err
		applied, later, err := n.ReloadConfig(t.Context())
		if !errors.Is(err, step.err) || err == nil && (len(applied) != 1 || len(later) != 1) {
			t.Errorf("got %v, %v, %v; want the error %v", applied, later, err, step.err)
		}
		if got := get(t, "http://"+n.Addr()+"/metrics"); !strings.Contains(got, name+step.want) {
			t.Errorf("after %v: the scrape lacks %s%s", step.err, name, step.want)
		}
	}
	if _, _, err := run(t, erlmcp.Options{HTTP: erlmcp.HTTP{Addr: "127.0.0.1:0"}}).ReloadConfig(t.Context()); err == nil {
		t.Error("a node without an operator reloads")
	}
}
