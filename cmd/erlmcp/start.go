package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/config"
)

// daemon says how start runs a node in the background.
type daemon struct {
	logFile, pidFile string
	timeout          time.Duration // for the node to answer
}

const (
	startTimeout = time.Minute
	logTail      = 20                    // lines of the log of a node that does not come up
	logTailBytes = 16 << 10              // at most of it
	pollPause    = 20 * time.Millisecond // between looks at a process
)

func (p *program) startCommand() *cobra.Command {
	var d daemon
	cmd := &cobra.Command{
		Use:     "start",
		Aliases: []string{"daemon"},
		GroupID: groupRun,
		Short:   "Run a node in the background",
		Long: `Starts a node that runs on after this command: a session of its own, standard input from
nowhere, logs appended to a file. Returns when the node answers on its control socket; one
that does not come up is told with the end of its log and its status. A node that runs
already is a failure, status 1. Containers and service managers want erlmcp foreground.

The log is <node name>.log in node.data_dir, else in $XDG_STATE_HOME/erlmcp or
~/.local/state/erlmcp. Nobody rotates it: what rotates has to copy and truncate. The file
with the number of the process is beside the control socket, and goes with the node.

Ctrl-C while the node comes up stops it again.`,
		Example: `  erlmcp start --config /etc/erlmcp/erlmcp.yaml
  erlmcp daemon --node-name node1@127.0.0.1 --log-file /var/log/erlmcp.log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd)
			if err != nil {
				return err
			}
			return p.start(cmd, c, d)
		},
	}
	cmd.Flags().StringVar(&d.logFile, "log-file", "", "file that the logs are appended to")
	cmd.Flags().StringVar(&d.pidFile, "pid-file", "", "file that gets the number of the process (default beside the control socket)")
	cmd.Flags().DurationVar(&d.timeout, "timeout", startTimeout, "how long to wait until the node answers")
	addSources(cmd)
	return cmd
}

// start runs erlmcp foreground with the flags of cmd in the background, and waits until it answers.
func (p *program) start(cmd *cobra.Command, c *config.Config, d daemon) error {
	client := admin.Client{Socket: c.Admin.Socket}
	ctx, cancel := context.WithTimeout(context.Background(), d.timeout)
	defer cancel()
	if client.Ping(ctx) == nil {
		return fail(exitFailed, "%s runs already%s", c.Node.Name, runningAs(ctx, client))
	}
	var err error
	if d.logFile == "" {
		if d.logFile, err = p.defaultLog(c); err != nil {
			return asFailure(err)
		}
	}
	if d.pidFile == "" {
		d.pidFile = strings.TrimSuffix(c.Admin.Socket, ".sock") + ".pid"
	}
	log, err := os.OpenFile(d.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return asFailure(err)
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return asFailure(err)
	}
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	node, err := p.launch(append(sourceArgs(cmd), "--pid-file="+d.pidFile), log)
	if err != nil {
		return asFailure(err)
	}
	err = node.await(ctx, client, interrupts)
	if errors.Is(err, errGone) {
		fmt.Fprintf(p.stderr, "erlmcp: %s did not come up; the end of its log, %s:\n%s", c.Node.Name, d.logFile, tail(d.logFile, before))
		return &failure{max(node.status, exitFailed), errSaid}
	}
	return err
}

// sourceArgs are the flags of cmd that say what the node is.
func sourceArgs(cmd *cobra.Command) []string {
	var args []string
	for _, name := range []string{"config", "vm-args"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			args = append(args, "--"+name+"="+flag.Value.String())
		}
	}
	given := config.Flags(cmd.Flags())
	for _, name := range slices.Sorted(maps.Keys(given)) {
		args = append(args, "--"+name+"="+given[name])
	}
	return args
}

// runningAs tells the number of a process that runs, where it is known.
func runningAs(ctx context.Context, client admin.Client) string {
	if pid, err := client.Process(ctx); err == nil {
		return fmt.Sprintf(", process %d", pid)
	}
	return ""
}

// defaultLog is where the log of a node is that nobody chose; its directory is made.
func (p *program) defaultLog(c *config.Config) (string, error) {
	dir := c.Node.DataDir
	if dir == "" {
		var err error
		if dir, err = p.stateDir(); err != nil {
			return "", fmt.Errorf("no --log-file, and no node.data_dir or home directory for a log: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, c.Node.Name+".log"), nil
}

// stateDir is where a user's files are that outlive processes. It need not exist.
func (p *program) stateDir() (string, error) {
	if dir := variable(p.environ, "XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "erlmcp"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "erlmcp"), err
}

// background is a process that was launched.
type background struct {
	process *os.Process
	gone    chan struct{} // closed when it has ended
	status  int           // its exit status; read after gone
}

// errGone means that the process has ended.
var errGone = errors.New("the node's process has ended")

// launch starts erlmcp foreground in a session of its own.
func (p *program) launch(args []string, log *os.File) (*background, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, append([]string{"foreground"}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.environ, log, log
	cmd.SysProcAttr = sessionAttributes()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b := &background{process: cmd.Process, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the state says more
		b.status = cmd.ProcessState.ExitCode()
		close(b.gone)
	}()
	return b, nil
}

// await waits until the process answers on the socket. An interrupt stops it, a second one kills it. The error
// is errGone if it ended by itself.
func (b *background) await(ctx context.Context, client admin.Client, interrupts <-chan os.Signal) error {
	look := time.NewTicker(pollPause)
	defer look.Stop()
	stopping := false
	for {
		select {
		case <-b.gone:
			if stopping {
				return fail(exitFailed, "interrupted; the node has been stopped")
			}
			return errGone
		case <-interrupts:
			if stopping {
				_ = b.process.Kill() // it may be gone
			}
			stopping = true
			_ = b.process.Signal(syscall.SIGTERM)
		case <-ctx.Done():
			_ = b.process.Signal(syscall.SIGTERM)
			return fail(exitTimeout, "the node did not answer in time and is told to stop; --timeout gives it longer")
		case <-look.C:
			if !stopping && b.answers(ctx, client) {
				return nil
			}
		}
	}
}

// answers says whether this process, and no other, answers on the socket.
func (b *background) answers(ctx context.Context, client admin.Client) bool {
	if client.Ping(ctx) != nil {
		return false
	}
	pid, err := client.Process(ctx)
	return errors.Is(err, admin.ErrNoProcess) || err == nil && pid == b.process.Pid
}

// tail is the end of what a log got after an offset, made printable.
func tail(path string, from int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		from = max(from, info.Size()-logTailBytes)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return ""
	}
	var lines []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		lines = append(lines, "  "+printable(scan.Text())+"\n")
	}
	return strings.Join(lines[max(0, len(lines)-logTail):], "")
}

// variable is the value of a variable of the environment.
func variable(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if key, v, _ := strings.Cut(e, "="); key == name {
			value = v
		}
	}
	return value
}
