// Command erlmcp runs a node and talks to one that runs.
//
// erlmcp --help lists the commands. Exit status: 0 done, 1 failed, 2 wrong usage, 3 node is not running, 4
// refused, 5 timed out, 6 an expression failed, 78 the configuration is wrong. Logs go to standard error, results to
// standard output.
package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/erlmcp/erlmcp/config"
)

// program is what a command gets of its process.
type program struct {
	name           string // as it was called
	args           []string
	environ        []string
	stdin          *os.File
	stdout, stderr io.Writer
	terminal       bool           // stderr is one
	sources        config.Sources // of the configuration, once it is loaded
}

func main() {
	os.Exit(mainStatus())
}

// mainStatus runs the process's command and returns its exit status.
func mainStatus() int {
	p := &program{
		name: os.Args[0], args: os.Args[1:], environ: os.Environ(),
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, terminal: isTerminal(os.Stderr),
	}
	return p.run()
}

func (p *program) run() int {
	if status, ok := p.quickPing(); ok {
		return status
	}
	if status, ok := p.quickEval(); ok {
		return status
	}
	return p.finish(p.execute())
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }
