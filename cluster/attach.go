package cluster

// attach builds what runs on membership and distribution: it registers handlers and adds children. New
// calls it once.
func (n *Node) attach() error {
	n.pings = newPings(n)
	n.attachServices(n.secrets.session)
	return nil
}
