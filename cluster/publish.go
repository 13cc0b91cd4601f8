package cluster

import "strconv"

// publish makes members the node's view and tells everybody, if that changes anything. departed are boots
// that have announced their leave; nil: this node is leaving. It reports whether somebody has failed.
func (n *Node) publish(members []Member, departed map[string]bool) (failed bool) {
	n.publishing.Lock()
	defer n.publishing.Unlock()
	before := n.view.Load()
	t := before.next(members)
	if t == nil {
		return false
	}
	n.view.Store(t)
	if d := n.dist.Load(); d != nil {
		d.apply(t)
	}
	for _, m := range t.Left {
		if m.Boot == n.boot {
			continue // the same node with its address
		}
		gone := departed != nil && !departed[m.Boot]
		failed = failed || gone
		if departed != nil {
			n.opt.Logger.Info("cluster member left", "peer", m.Name, "boot", m.Boot, "failed", gone, "members", len(t.Members))
		}
		n.opt.Events(MemberLeft{Member: m, Members: len(t.Members), Failed: gone})
		n.seen[m.Name] = true
		if departed[m.Boot] {
			n.stopped[m.Name] = true
		}
	}
	for _, m := range t.Joined {
		if m.Boot == n.boot {
			continue
		}
		delete(n.stopped, m.Name)
		text := "cluster member joined"
		if n.seen[m.Name] {
			text = "cluster member joined again, reconnected"
		}
		n.opt.Logger.Info(text, "peer", m.Name, "boot", m.Boot, "address", m.Addr, "version", m.Version,
			"members", len(t.Members))
		n.opt.Events(MemberJoined{Member: m, Members: len(t.Members)})
	}
	if departed != nil {
		n.logSize(len(before.Members), len(t.Members))
	}
	n.watchers.notify(t)
	return failed
}

// logSize says when the cluster is complete, and when this node loses or regains the majority. Members that
// left in order still count for the majority: one that comes back in another part would otherwise meet two
// majorities. That they are away is no fault, though.
func (n *Node) logSize(before, now int) {
	want := n.expected()
	of := strconv.Itoa(now) + "/" + strconv.Itoa(max(want, now))
	if now >= want && before < want && now > 1 {
		if n.complete {
			n.opt.Logger.Info("cluster recovered, all members are connected", "members", of)
		} else {
			n.opt.Logger.Info("cluster complete, all members are connected", "members", of)
		}
		n.complete = true
	}
	if 2*before > want && 2*now <= want {
		if want-now <= len(n.stopped) {
			n.opt.Logger.Info("cluster members have left in order, no majority is there", "members", of)
		} else {
			n.opt.Logger.Error("cluster majority lost", "members", of)
		}
	}
	if 2*before <= want && 2*now > want && n.complete && now < want {
		n.opt.Logger.Info("cluster majority recovered", "members", of)
	}
}

// renotify tells watchers that have come since the last view about it.
func (n *Node) renotify() {
	n.publishing.Lock()
	defer n.publishing.Unlock()
	n.watchers.notify(n.view.Load())
}
