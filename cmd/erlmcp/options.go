package main

import (
	"net"
	"strconv"
	"time"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/config"
)

// httpAddr is the address of the HTTP listener.
func httpAddr(c *config.Config) string {
	return net.JoinHostPort(c.HTTP.Listen, strconv.Itoa(c.HTTP.Port))
}

// httpOptions are the options of a node with an HTTP listener.
func httpOptions(c *config.Config) erlmcp.Options {
	o := commonOptions(c)
	o.HTTP = erlmcp.HTTP{
		Addr: httpAddr(c), Path: c.HTTP.Path,
		AllowedOrigins: c.HTTP.AllowedOrigins, AllowedHosts: c.HTTP.AllowedHosts,
		AllowUnauthenticated: c.HTTP.AllowUnauthenticated,
	}
	o.Admin = adminOptions(c)
	return o
}

// stdioOptions are the options of a node that serves one client on standard input and output. Several of
// them run beside each other, so there is a control socket only where the configuration names one.
func stdioOptions(c *config.Config, p *program) erlmcp.Options {
	o := commonOptions(c)
	o.Stdio = erlmcp.Stdio{In: p.stdin, Out: p.stdout, On: true}
	if c.Origin("admin.socket").Source != config.FromDefault {
		o.Admin = adminOptions(c)
	}
	return o
}

// adminOptions are the operator's endpoints.
func adminOptions(c *config.Config) erlmcp.Admin {
	a := &c.Admin
	return erlmcp.Admin{Socket: a.Socket, Role: a.Role, Listen: a.Listen, Token: a.Token.Reveal(), ListenRole: a.ListenRole}
}

// commonOptions are what every node takes from the configuration, fitted to the machine.
func commonOptions(c *config.Config) erlmcp.Options {
	c = config.Fit(c, system())
	o := erlmcp.Options{
		Name: c.Node.Name, Version: versionName(),
		Metrics: erlmcp.Metrics{Listen: c.Metrics.Listen},
		Drain:   erlmcp.Drain{Timeout: c.Drain.Timeout, Spread: atOnce(c.Drain.Spread)},

		Intensity: c.Supervisor.Intensity, Period: c.Supervisor.Period,
	}
	conn := &o.Connections
	conn.MessageBytes, conn.FramesPerMessage = int(c.Limits.MaxMessageBytes), c.Limits.MaxFramesPerMessage
	conn.OutgoingBytes, conn.OutgoingFrames = int(c.Limits.MaxOutgoingBytes), c.Limits.MaxOutgoingFrames
	conn.WriteTimeout, conn.PingInterval, conn.PongTimeout = c.HTTP.WriteTimeout, c.Heartbeat.Interval, c.Heartbeat.Timeout
	conn.HeaderBytes, conn.ReadHeaderTimeout = int(c.HTTP.MaxHeaderBytes), c.HTTP.ReadHeaderTimeout
	conn.ReadBodyTimeout, conn.IdleTimeout = c.HTTP.ReadBodyTimeout, c.HTTP.IdleTimeout

	s := &o.Sessions
	s.Connections, s.Sessions, s.InFlight = c.Limits.MaxConnections, c.Limits.MaxSessions, c.Limits.MaxInFlight
	s.Subscriptions, s.Batch, s.EventLogBytes = c.Limits.MaxSubscriptions, c.Limits.MaxBatch, int(c.Session.EventLogBytes)
	s.CallTimeout, s.CallTime = c.Session.CallTimeout, c.Session.MaxCallTime
	s.InitializeTimeout, s.UnusedTimeout = c.Session.InitializeTimeout, c.Session.UnusedTimeout
	s.IdleTimeout, s.MaxAge = c.Session.IdleTimeout, c.Session.MaxAge
	s.JSON.Depth = c.Limits.MaxDepth
	return o
}

// atOnce is a spread as erlmcp.Drain has it: there zero is the default.
func atOnce(spread time.Duration) time.Duration {
	if spread == 0 {
		return -1
	}
	return spread
}
