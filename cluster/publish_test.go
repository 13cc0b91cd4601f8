package cluster

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// That the last nodes of a planned stop are without a majority is no fault; that a failure makes them so is.
func TestPlannedStopIsNoError(t *testing.T) {
	for _, c := range []struct {
		name  string
		order bool // the second of four leaves in order
		want  string
	}{
		{"in order", true, "INFO cluster members have left in order, no majority is there"},
		{"one fails", false, "ERROR cluster majority lost"},
	} {
		var log bytes.Buffer
		plain := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})
		o, err := Options{Name: "a@h", Cookie: []byte("c"), Expected: 4, Logger: slog.New(plain)}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		n := &Node{opt: o, boot: "a", seen: map[string]bool{}, stopped: map[string]bool{}}
		n.view.Store(&Topology{Generation: 1, Members: []Member{n.Self()}})
		others := []Member{{Name: "b@h", Boot: "b"}, {Name: "c@h", Boot: "c"}, {Name: "d@h", Boot: "d"}}
		n.publish(append([]Member{n.Self()}, others...), map[string]bool{})
		n.publish(append([]Member{n.Self()}, others[:2]...), map[string]bool{"d": true})
		n.publish(append([]Member{n.Self()}, others[:1]...), map[string]bool{"d": true, "c": c.order})
		level, text, _ := strings.Cut(c.want, " ")
		if got := log.String(); strings.Count(got, "majority") != 1 || !strings.Contains(got, "level="+level+` msg="`+text) {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
}
