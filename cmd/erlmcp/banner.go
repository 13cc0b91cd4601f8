package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/erlmcp/erlmcp/config"
)

const banner = `
erlmcp VERSION

  Streamable HTTP  URL
  WebSocket        WS
  Health           BASE/readyz
  Metrics          METRICS
  Features         tools echo, time, node, slow, panic; resource test://static/text; prompt greet

Connect a client:

  Claude Code      claude mcp add --transport http erlmcp URL
  Cursor           .cursor/mcp.json    {"mcpServers": {"erlmcp": {"url": "URL"}}}
  VS Code          .vscode/mcp.json    {"servers": {"erlmcp": {"type": "http", "url": "URL"}}}
  Claude Desktop, and others that start servers themselves:
                   {"mcpServers": {"erlmcp": {"command": "PROGRAM", "args": ["stdio"]}}}

Next:

  COMMAND pingPING
  COMMAND config show --originFLAGS
  curl -s METRICS | grep ^erlmcp_

Ctrl-C drains and ends the node.

`

// writeBanner prints how to connect to the node at addr, host:port. Commands are written so that they work
// where this one was typed.
func (p *program) writeBanner(c *config.Config, addr string) {
	program, err := os.Executable()
	if err != nil {
		program = p.name
	}
	metrics := "http://" + addr + "/metrics"
	if c.Metrics.Listen != "" {
		metrics = "http://" + c.Metrics.Listen + "/metrics"
	}
	ping, flags := "", ""
	if found, ok := quickSocket(nil, p.environ); !ok || found != c.Admin.Socket {
		ping = " --admin-socket " + shellWord(c.Admin.Socket)
	}
	if len(p.args) > 1 { // dev and config show have the same flags
		for _, a := range p.args[1:] {
			flags += " " + shellWord(a)
		}
	}
	fmt.Fprint(p.stdout, strings.NewReplacer(
		"VERSION", versionName(), "PROGRAM", program, "COMMAND", shellWord(p.name), "PING", ping, "FLAGS", flags,
		"METRICS", metrics, "URL", "http://"+addr+c.HTTP.Path, "WS", "ws://"+addr+c.HTTP.Path+"/ws", "BASE", "http://"+addr,
	).Replace(banner))
}

// shellWord is s as one word of a POSIX shell.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
