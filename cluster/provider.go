package cluster

import (
	"errors"
	"net"
	"strconv"
	"sync"

	protocluster "github.com/asynkron/protoactor-go/cluster"
)

// provider tells protoactor's cluster who its members are. protoactor bars a member id for ever once it
// has left a topology; so members other than this node get ids that only this node uses, and a new one
// each time they come back.
type provider struct {
	started chan struct{} // closed when protoactor's cluster takes topologies

	mu      sync.Mutex
	cluster *protocluster.Cluster
	self    Member
	members []Member
	kinds   []string
}

var _ protocluster.ClusterProvider = (*provider)(nil)

func newProvider(self Member, kinds []string) *provider {
	return &provider{started: make(chan struct{}), self: self, members: []Member{self}, kinds: kinds}
}

// StartMember implements protocluster.ClusterProvider.
func (p *provider) StartMember(c *protocluster.Cluster) error {
	p.mu.Lock()
	p.cluster = c
	p.publishLocked()
	p.mu.Unlock()
	close(p.started)
	return nil
}

// StartClient implements protocluster.ClusterProvider. A node is always a member.
func (p *provider) StartClient(*protocluster.Cluster) error {
	return errors.New("cluster: no client mode")
}

// Shutdown implements protocluster.ClusterProvider.
func (p *provider) Shutdown(bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cluster = nil
	return nil
}

// update makes members the topology of protoactor's cluster. Calling it again changes nothing, unless
// ids have been barred meanwhile.
func (p *provider) update(members []Member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members = members
	p.publishLocked()
}

func (p *provider) publishLocked() {
	if p.cluster == nil {
		return
	}
	barred := p.cluster.Remote.BlockList()
	list := make(protocluster.Members, 0, len(p.members))
	for _, m := range p.members {
		id := p.cluster.ActorSystem.ID
		if m.Boot != p.self.Boot {
			id = viewID(m.Boot, barred.IsBlocked)
		}
		host, port, err := net.SplitHostPort(m.Addr)
		if err != nil {
			continue // parseMeta let no such address in
		}
		n, _ := strconv.ParseInt(port, 10, 32)
		list = append(list, &protocluster.Member{Id: id, Host: host, Port: int32(n), Kinds: p.kinds})
	}
	p.cluster.MemberList.UpdateClusterTopology(list)
}

// viewID returns the first of boot, boot#1, boot#2 ... that is not barred.
func viewID(boot string, barred func(string) bool) string {
	id := boot
	for n := 1; barred(id); n++ {
		id = boot + "#" + strconv.Itoa(n)
	}
	return id
}
