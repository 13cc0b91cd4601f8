package mcp

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ServerOptions configure a Server. The zero value works.
type ServerOptions struct {
	// Instructions tell the client's model how to use the server. They go to every client in the answer
	// to initialize; empty means none.
	Instructions string
	// PageSize is the most entries of one page of a list. 0 means 1,000; a negative one panics in
	// NewServer. Small pages cost clients round trips.
	PageSize int
	// CompletionHandler completes arguments that have no CompleteFunc of their own; nil if there are none.
	CompletionHandler func(context.Context, *CompleteRequest) (*CompleteResult, error)
	// CallTimeout is how long a handler may take without reporting progress. 0 leaves it to the node that
	// runs the server.
	CallTimeout time.Duration
	// OnPanic is told of a handler that panicked: the method (such as "tools/call"), the name of the tool
	// or prompt or the URI, the value and the stack. The client only gets to know that the call failed. It
	// runs on the goroutine of the call; nil means nobody is told.
	OnPanic func(method, name string, value any, stack []byte)
	// OnError is told of what a handler did wrong that clients get no details of: an error that is no
	// *Error from a handler of prompts, resources or completions, or a result that cannot be encoded or
	// that breaks the tool's output schema. It runs on the goroutine of the call; nil means nobody is told.
	OnError func(method, name string, err error)
}

// DefaultPageSize is the default of ServerOptions.PageSize.
const DefaultPageSize = 1000

// Server is what a node offers to its clients: tools, resources, prompts and completions. They may be added
// and removed at any time, also while clients are connected. All its methods are safe for concurrent
// use.
//
// Readers see one immutable snapshot, which a change replaces; so a list is encoded once for all clients,
// and a call never waits for a change.
type Server struct {
	impl    Implementation
	opts    ServerOptions
	cursors *cursorKey
	current atomic.Pointer[catalog]

	mu       sync.Mutex // held by changes
	watchers []*watcher // replaced, never changed
}

type watcher struct{ f func(Input) }

// NewServer makes a server without features. impl, which is copied, needs a name and a version; it panics
// without, since nobody can connect to such a server.
func NewServer(impl *Implementation, opts *ServerOptions) *Server {
	if impl == nil || impl.Name == "" || impl.Version == "" {
		panic("mcp: NewServer: the implementation needs Name and Version")
	}
	s := &Server{impl: *impl, cursors: newCursorKey()}
	if opts != nil {
		s.opts = *opts
	}
	switch {
	case s.opts.PageSize < 0:
		panic("mcp: NewServer: PageSize is negative")
	case s.opts.PageSize == 0:
		s.opts.PageSize = DefaultPageSize
	}
	s.current.Store(newCatalog(s))
	return s
}

// Implementation is what the server tells of itself. It is the caller's to keep.
func (s *Server) Implementation() *Implementation {
	impl := s.impl
	impl.Icons = slices.Clone(impl.Icons)
	return &impl
}

// ResourceUpdated says that the content of the resource uri has changed, for the clients that watch it.
func (s *Server) ResourceUpdated(uri string) { s.notify(ResourceUpdated{URI: uri}) }

// Watch calls f with FeaturesChanged, ResourceUpdated and LogMessage inputs from then on, on the goroutine of the change
// and after it. f must not block; it may use the server. Calls of f may overlap where changes do. After
// stop, f is called no more, except by changes that were already under way.
func (s *Server) Watch(f func(Input)) (stop func()) {
	w := &watcher{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(slices.Clip(s.watchers), w)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watchers = slices.DeleteFunc(slices.Clone(s.watchers), func(o *watcher) bool { return o == w })
	}
}

func (s *Server) notify(in Input) {
	s.mu.Lock()
	watchers := s.watchers
	s.mu.Unlock()
	for _, w := range watchers {
		w.f(in)
	}
}

// update replaces the snapshot by what f makes of a copy, and tells the watchers unless f says that nothing
// has changed. f may panic: then nothing has.
func (s *Server) update(change Change, f func(next *catalog) bool) {
	if s.replace(f) {
		s.notify(FeaturesChanged{Change: change})
	}
}

func (s *Server) replace(f func(next *catalog) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.current.Load()
	if !f(&next) {
		return false
	}
	s.current.Store(&next)
	return true
}

// catalog is the current snapshot.
func (s *Server) catalog() *catalog { return s.current.Load() }

func (s *Server) callTimeout() time.Duration { return s.opts.CallTimeout }
