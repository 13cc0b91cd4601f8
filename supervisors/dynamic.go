package supervisors

import (
	"context"
	"hash/maphash"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// DynamicSpec describes a partitioned dynamic supervisor: a supervisor over Partitions supervisors of
// strategy SimpleOneForOne, each with its own mailbox and its own restart intensity.
type DynamicSpec struct {
	// Name is the id of the supervisor in its tree. Mandatory.
	Name string
	// Template is what each child is made from. Its id is for reports; empty means Name.
	Template ChildSpec
	// Intensity and Period are those of each partition. 0 means DefaultIntensity and DefaultPeriod.
	Intensity int
	Period    time.Duration
	// Partitions is the number of partitions. 0 means 16.
	Partitions int
	// MaxChildren limits the children of all partitions together. 0 means no limit.
	MaxChildren int
	// Ended, where set, is called when a child has ended and is not restarted: by itself, by
	// TerminateChild, or with its supervisor. It is called once for each child that StartChild returned,
	// in a turn of a supervisor, so it must not block, must not panic and must not call operations.
	Ended func(key string, arg any, reason ExitReason)
}

// Dynamic is the handle of a partitioned dynamic supervisor. It exists before the tree runs and across
// restarts of its supervisors. It is safe for concurrent use.
type Dynamic struct {
	spec  DynamicSpec
	seed  maphash.Seed
	parts []atomic.Pointer[supervisor]
	count atomic.Int64
}

// NewDynamic makes the handle. The supervisor runs once ChildSpec is part of a running tree.
func NewDynamic(spec DynamicSpec) *Dynamic {
	if spec.Name == "" {
		panic("supervisors: NewDynamic: Name is empty")
	}
	if spec.Template.ID == "" {
		spec.Template.ID = spec.Name
	}
	if spec.Intensity == 0 {
		spec.Intensity = DefaultIntensity
	}
	if spec.Period == 0 {
		spec.Period = DefaultPeriod
	}
	if spec.Partitions <= 0 {
		spec.Partitions = 16
	}
	return &Dynamic{spec: spec, seed: maphash.MakeSeed(), parts: make([]atomic.Pointer[supervisor], spec.Partitions)}
}

// DynamicOf starts the supervisor of d. A Dynamic runs in one place at a time.
func DynamicOf(d *Dynamic) Start {
	children := make([]ChildSpec, d.spec.Partitions)
	for i := range children {
		children[i] = ChildSpec{ID: strconv.Itoa(i), Start: SupervisorOf(Spec{
			Strategy: SimpleOneForOne, Intensity: d.spec.Intensity, Period: d.spec.Period,
			Children: []ChildSpec{d.spec.Template}, dynamic: d, position: i,
		})}
	}
	return SupervisorOf(Spec{Intensity: DefaultIntensity, Period: DefaultPeriod, Children: children})
}

// ChildSpec returns the specification that puts the supervisor of d into a tree.
func (d *Dynamic) ChildSpec() ChildSpec { return ChildSpec{ID: d.spec.Name, Start: DynamicOf(d)} }

// StartChild starts a child in the partition of key. key is the last part of its PID and unique among the
// children that run; empty means a random one. Errors: ErrNoProc while the partition does not run,
// ErrMaxChildren, *AlreadyStartedError or ErrAlreadyPresent if the key is taken, *ExitError if the
// partition ends meanwhile, or the error of the start function.
func (d *Dynamic) StartChild(key string, arg any) (Child, error) {
	s := d.partition(key)
	if s == nil {
		return Child{}, ErrNoProc
	}
	if n := d.count.Add(1); d.spec.MaxChildren > 0 && n > int64(d.spec.MaxChildren) {
		d.count.Add(-1)
		return Child{}, ErrMaxChildren
	}
	c, err := s.startDynamic(context.Background(), key, arg)
	if err != nil || c.PID == nil {
		d.count.Add(-1)
	}
	return c, err
}

// TerminateChild stops the child with this PID and waits for its end. It is no error if the process has
// ended. ErrNotFound: it is no child of d. ErrNoProc: its partition does not run.
func (d *Dynamic) TerminateChild(pid *actor.PID) error {
	for i := range d.parts {
		if s := d.parts[i].Load(); s != nil && strings.HasPrefix(pid.GetId(), s.self.Id+"/") {
			return s.call(context.Background(), &call{op: opTerminateChild, proc: s.target(pid)})
		}
	}
	if d.running() == 0 {
		return ErrNoProc
	}
	return ErrNotFound
}

// Count returns the number of children, those that are being started or restarted included.
func (d *Dynamic) Count() int { return int(d.count.Load()) }

// Partitions returns the handles of the partitions that run.
func (d *Dynamic) Partitions() []*Supervisor {
	var list []*Supervisor
	for i := range d.parts {
		if s := d.parts[i].Load(); s != nil {
			list = append(list, &Supervisor{sys: s.sys, pid: s.self, sup: s, ended: s.done})
		}
	}
	return list
}

func (d *Dynamic) running() int {
	n := 0
	for i := range d.parts {
		if d.parts[i].Load() != nil {
			n++
		}
	}
	return n
}

func (d *Dynamic) partition(key string) *supervisor {
	if key == "" {
		return d.parts[int(d.count.Load())%len(d.parts)].Load()
	}
	return d.parts[maphash.String(d.seed, key)%uint64(len(d.parts))].Load()
}

func (d *Dynamic) attach(s *supervisor) { d.parts[s.core.spec.position].Store(s) }

func (d *Dynamic) detach(s *supervisor) { d.parts[s.core.spec.position].CompareAndSwap(s, nil) }

// gone takes note of a child that has ended for good.
func (d *Dynamic) gone(ch *child, reason ExitReason) {
	d.count.Add(-1)
	if d.spec.Ended != nil {
		d.spec.Ended(ch.key, ch.arg, reason)
	}
}
