//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/load/report"
)

// reportFlags say what a report of several runs tells beside them; each is a file that need not be there.
type reportFlags struct {
	out, facts, metrics, overhead string
}

func (p *program) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "report FOLDER...", Short: "Write the reports of results again, and sum them up",
		Long: `Reads results.json of each folder and writes the reports beside it. With --out it writes one report of
all of them as well: the deployment guide's acceptance criteria, each with what was measured or "not run",
and every run. The name of a folder is the name of its run. Ends with status 1 if a run failed.`,
		Example: `  erlmcp bench report bench
  erlmcp bench report --out docker/logs/report docker/logs/load docker/logs/sustained`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return p.report(f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "folder for report.md, report.html and results.json of all runs")
	fl.StringVar(&f.facts, "facts", "", "deploy.json of docker/docker-benchmark.sh")
	fl.StringVar(&f.metrics, "metrics", "", "metrics.json of erlmcp bench metrics")
	fl.StringVar(&f.overhead, "overhead", "", "compare.json of testsuite/dockerbench")
	return cmd
}

func (p *program) report(f reportFlags, args []string) error {
	failed := 0
	all := &report.Summary{}
	for _, dir := range args {
		r, err := report.Read(dir)
		if err != nil {
			return asFailure(err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			dir = filepath.Dir(dir)
		}
		if err := report.Write(dir, r); err != nil {
			return asFailure(err)
		}
		if r.Failed() {
			failed++
		}
		all.Runs = append(all.Runs, report.NamedRun{Name: filepath.Base(dir), Results: r})
		fmt.Fprintf(p.stdout, "%s (%s)\n", dir, r.Profile.Name)
		if err := p.summary(r); err != nil {
			return err
		}
	}
	if f.out != "" {
		if err := f.write(all); err != nil {
			return asFailure(err)
		}
		fmt.Fprintf(p.stderr, "report: %s\n", filepath.Join(f.out, "report.html"))
	}
	if failed > 0 {
		return fail(exitFailed, "bench: %d of %d runs failed", failed, len(args))
	}
	return nil
}

// write writes the report of all runs, with what the files tell.
func (f reportFlags) write(all *report.Summary) error {
	return errors.Join(readJSON(f.facts, &all.Facts), readJSON(f.metrics, &all.Metrics), readJSON(f.overhead, &all.Overhead),
		report.WriteSummary(f.out, all))
}

// readJSON reads a file into what into points to; a file that is not there leaves it nil.
func readJSON[T any](path string, into **T) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	*into = new(T)
	if err := json.Unmarshal(text, *into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
