package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/erlmcp/erlmcp/config"
)

func TestLevelsOfSubsystems(t *testing.T) {
	var b bytes.Buffer
	levels := newLogLevels("info")
	log := levels.logger(&b, false, "json").With("node", "n")
	for _, step := range []struct {
		subsystem, level string
		fails            bool
		shows            bool // a debug message of main
	}{
		{"", "info", false, false},
		{"cluster", "debug", false, false},
		{"main", "debug", false, true},
		{"main", "none", false, false},
		{"all", "debug", false, true},
		{"nothing", "info", true, true},
		{"main", "loud", true, true},
	} {
		err := levels.set(step.subsystem, step.level)
		b.Reset()
		log.Debug("message")
		if (err != nil) != step.fails || strings.Contains(b.String(), "message") != step.shows {
			t.Errorf("%s=%s: got %v, log %q; want an error: %v, the message: %v", step.subsystem, step.level, err, &b, step.fails, step.shows)
		}
	}
	if got := levels.all(); len(got) != len(subsystems) || got["cluster"] != "debug" {
		t.Errorf("got %v", got)
	}
}

func TestSubsystemOf(t *testing.T) {
	pc, _, _, _ := runtime.Caller(0)
	if got := subsystemOf(pc); got != "main" {
		t.Errorf("this package: got %s, want main", got)
	}
	if got := subsystemOf(0); got != "library" {
		t.Errorf("no code: got %s, want library", got)
	}
}

func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "erlmcp.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("log:\n  level: info\n")
	sources := config.Sources{File: file}
	c, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	o := newOperator(c, sources, newLogLevels(c.Log.Level))
	for _, step := range []struct {
		name, text       string
		applied, restart []string
		fails            bool
		level            string
	}{
		{"nothing", "log:\n  level: info\n", nil, nil, false, "info"},
		{"level", "log:\n  level: debug\n", []string{"log.level"}, nil, false, "debug"},
		{"again", "log:\n  level: debug\n", nil, nil, false, "debug"},
		{"wrong", "log:\n  level: loud\n", nil, nil, true, "debug"},
		{"both", "log:\n  level: error\nhttp:\n  port: 9999\n", []string{"log.level"}, []string{"http.port"}, false, "error"},
		{"still", "log:\n  level: error\nhttp:\n  port: 9999\n", nil, []string{"http.port"}, false, "error"},
	} {
		write(step.text)
		applied, restart, err := o.ReloadConfig(t.Context())
		if !slices.Equal(applied, step.applied) || !slices.Equal(restart, step.restart) || (err != nil) != step.fails || o.LogLevels()["mcp"] != step.level {
			t.Errorf("%s: got %v, %v, %v, level %s; want %+v", step.name, applied, restart, err, o.LogLevels()["mcp"], step)
		}
	}
	for _, v := range o.Config() {
		if v.Key == "http.port" && v.Value != "8080" || v.Key == "log.level" && v.Value != "error" {
			t.Errorf("got %+v, want what is in effect", v)
		}
	}
}
