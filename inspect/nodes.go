package inspect

import (
	"sync"

	"github.com/erlmcp/erlmcp/repl"
)

// maxNodeNames bounds the names of nodes that have a number.
const maxNodeNames = 4096

// nodeNumbers gives each name of another node a number, from 1, which pids of that node begin with here. A name
// keeps its number.
type nodeNumbers struct {
	self string

	mu      sync.Mutex
	names   []string // by number, less 1
	numbers map[string]uint64
}

var _ repl.Nodes = (*nodeNumbers)(nil)

func newNodeNumbers(self string) *nodeNumbers {
	return &nodeNumbers{self: self, numbers: map[string]uint64{self: 0}}
}

// NodeName implements repl.Nodes.
func (n *nodeNumbers) NodeName(number uint64) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case number == 0:
		return n.self, true
	case number > uint64(len(n.names)):
		return "", false
	default:
		return n.names[number-1], true
	}
}

// NodeNumber implements repl.Nodes.
func (n *nodeNumbers) NodeNumber(name string) (uint64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	number, known := n.numbers[name]
	if !known {
		if len(n.names) == maxNodeNames {
			return 0, false
		}
		n.names = append(n.names, name)
		number = uint64(len(n.names))
		n.numbers[name] = number
	}
	return number, true
}
