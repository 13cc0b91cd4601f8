package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/config"
)

// clusterOptions makes the node a member of the cluster that the configuration describes; nil if it
// describes none.
func clusterOptions(c *config.Config, log *slog.Logger) (*erlmcp.Cluster, error) {
	if !c.Clustered() {
		return nil, nil
	}
	cookie := []byte(c.Cluster.Cookie.Reveal())
	if len(cookie) == 0 {
		path, err := cookiePath(c)
		if err != nil {
			return nil, err
		}
		made := false
		if cookie, made, err = erlmcp.CookieFile(path); err != nil {
			return nil, err
		}
		if made {
			log.Warn("cluster cookie generated; every node of the cluster needs the same", slog.String("path", path))
		}
	}
	host := c.Cluster.Listen
	bind := func(port int) string {
		if host == "" {
			if ip := nodeAddress(c.Node.Name); ip != "" {
				return net.JoinHostPort(ip, strconv.Itoa(port))
			}
		}
		return net.JoinHostPort(host, strconv.Itoa(port))
	}
	return &erlmcp.Cluster{
		Cookie: cookie, Gossip: bind(c.EPMD.Port), Dist: bind(c.Cluster.Port), Advertise: c.Cluster.Advertise,
		Seeds: c.Cluster.Seeds, Expected: c.Cluster.Expected, PauseMinority: c.Cluster.PauseMinority,
		TLS: erlmcp.ClusterTLS{Cert: c.Cluster.TLS.Cert, Key: c.Cluster.TLS.Key, CA: c.Cluster.TLS.CA},
	}, nil
}

// nodeAddress is the host of a node's name if it is an address.
func nodeAddress(name string) string {
	for i := range len(name) {
		if name[i] == '@' && net.ParseIP(name[i+1:]) != nil {
			return name[i+1:]
		}
	}
	return ""
}

// cookiePath is where a generated cookie is kept.
func cookiePath(c *config.Config) (string, error) {
	dir := c.Node.DataDir
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no cluster.cookie, and no node.data_dir or home directory to keep a generated one in: %w", err)
		}
		dir = home
	}
	return filepath.Join(dir, ".erlmcp.cookie"), nil
}
