package main

import (
	"fmt"
	"io"
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

  erlmcp pingSOCKET
  erlmcp config show --origin
  curl -s METRICS | grep ^erlmcp_

Ctrl-C drains and ends the node.

`

// writeBanner prints how to connect to the node at addr, host:port.
func writeBanner(w io.Writer, c *config.Config, addr string) {
	program, err := os.Executable()
	if err != nil {
		program = "erlmcp"
	}
	metrics := "http://" + addr + "/metrics"
	if c.Metrics.Listen != "" {
		metrics = "http://" + c.Metrics.Listen + "/metrics"
	}
	socket := ""
	if o := c.Origin("admin.socket").Source; o == config.FromFile || o == config.FromFlag {
		socket = " --admin-socket " + c.Admin.Socket
	}
	fmt.Fprint(w, strings.NewReplacer(
		"VERSION", versionName(), "PROGRAM", program, "SOCKET", socket, "METRICS", metrics,
		"URL", "http://"+addr+c.HTTP.Path, "WS", "ws://"+addr+c.HTTP.Path+"/ws", "BASE", "http://"+addr,
	).Replace(banner))
}
