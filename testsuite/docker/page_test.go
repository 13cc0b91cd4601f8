package docker

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// block is a shell block of docs/deployment.md.
type block struct {
	name   string // the heading above it, and its number there
	text   string
	notRun string // why it is not executed
}

// blocks reads the shell blocks of a page of Markdown.
func blocks(page string) []block {
	var out []block
	heading, note, number := "", "", 0
	var open *block
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		reason, marked := strings.CutPrefix(line, "<!-- not run: ")
		switch {
		case open != nil && line == "```":
			out = append(out, *open)
			open, note = nil, ""
		case open != nil:
			open.text += line + "\n"
		case line == "```bash":
			number++
			open = &block{name: fmt.Sprintf("%s %d", heading, number), notRun: note}
		case marked:
			note = strings.TrimSuffix(reason, " -->")
		case strings.HasPrefix(line, "#"):
			heading, number = strings.TrimLeft(line, "# "), 0
		}
	}
	return out
}

func deploymentPage(t *testing.T) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "deployment.md"))
	if err != nil {
		t.Fatal(err)
	}
	return blocks(string(text))
}

// TestDeploymentPageParses: each block is a shell's, and those that are not run are the ones that cannot be.
func TestDeploymentPageParses(t *testing.T) {
	all, notRun := deploymentPage(t), 0
	for _, b := range all {
		if out, err := exec.Command("sh", "-n", "-c", b.text).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", b.name, err, out)
		}
		if b.notRun != "" {
			notRun++
		}
	}
	if len(all) < 20 || notRun != 6 {
		t.Errorf("got %d blocks, %d of them not run; want 6, each with its reason", len(all), notRun)
	}
}

// TestDeploymentPage executes the blocks of docs/deployment.md in order, with the stages of the script in short form.
func TestDeploymentPage(t *testing.T) {
	onlyLong(t)
	sh := newShell(t)
	claim(t, sh)
	build(t, sh)
	sh.environ = append(sh.environ, short...)
	sh.environ = append(sh.environ, "PATH="+withJQ(t)+string(os.PathListSeparator)+sh.path())
	t.Cleanup(func() {
		sh.must(t, script+" --clean")
		sh.must(t, compose+" down -v --remove-orphans")
	})
	for _, b := range deploymentPage(t) {
		t.Run(b.name, func(t *testing.T) {
			if b.notRun != "" {
				t.Skip("SKIP: " + b.notRun)
			}
			o := sh.run(t, "set -e\n"+b.text)
			if strings.Contains(b.text, "eval") && (strings.Contains(o.all(), "undefined function") || strings.Contains(o.all(), "denied")) {
				t.Skipf("SKIP: this version of eval does not have it: %s", lastLine(o.all()))
			}
			if o.status != 0 {
				t.Errorf("status %d\n%s\n%s", o.status, b.text, o.all())
			}
			if strings.Contains(o.stdout, "[]\n") && strings.Contains(b.text, "nodes()") {
				t.Errorf("a node is alone\n%s\n%s", b.text, o.all())
			}
		})
	}
}

// path is the PATH of the shell.
func (sh *shell) path() string {
	path := ""
	for _, e := range sh.environ {
		if p, ok := strings.CutPrefix(e, "PATH="); ok {
			path = p
		}
	}
	return path
}

// withJQ is a folder with a jq for hosts that have none: it prints what it reads.
func withJQ(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := exec.LookPath("jq"); err == nil {
		return dir
	}
	if err := os.WriteFile(filepath.Join(dir, "jq"), []byte("#!/bin/sh\nexec cat\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return dir
}
