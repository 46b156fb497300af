package mp

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Runtime is one process's part of a family: its view of the arena, the processes it started and the objects of the
// multiprocessing module made for one interpreter. All methods are safe for concurrent use.
type Runtime struct {
	host Host
	opts Options

	attach sync.Once // makes the arena in a root at first use, so that scripts without processes pay nothing
	member *arena.Member
	self   arena.SlotID
	err    error

	module       *starlarkstruct.Module
	modules      starlark.StringDict // beside it
	futures      futures
	logger       *Logger
	methodSet    bool     // the start method was asked for or set; guarded by the script lock
	lockTypes    []*Class // of the module synchronize, first the base of others
	queueTypes   []*Class
	context      *Context       // made at first use; guarded by the script lock
	baseProcess  starlark.Value // the classes of processes
	processClass starlark.Value
	spawnOnce    sync.Once // makes the next two at first use
	spawnClass   starlark.Value
	spawnErr     error
	mainClass    starlark.Value // of the root's current_process()
	parentClass  starlark.Value // of a child's parent_process()

	parent  *parentLink // nil in a root
	current starlark.Value

	counter atomic.Int64                // names Process-N
	bar     atomic.Pointer[progressBar] // that is shown

	threads    uint32           // numbers script threads; guarded by the script lock, as are the next two
	lastThread *starlark.Thread // the last one that was asked for, spares a look into its table
	lastID     uint32

	mu       sync.Mutex
	identity []int64             // guarded by mu: current process's place in the family, empty in a root
	name     string              // guarded by mu
	daemon   bool                // guarded by mu
	authkey  string              // guarded by mu: bytes
	logs     logSettings         // guarded by mu
	children map[*child]*process // guarded by mu: started and not yet collected
	finish   []*finisher         // guarded by mu: run at shutdown, last first
	hooked   int64               // guarded by mu: how many there have been
	spares   spares

	sentinels sentinels
	parcels   parcels
	sharing   sharing
	paths     map[string]bool // guarded by mu: files of listeners that are open

	adopting sync.WaitGroup
	adopted  sync.Map // pids of the orphans that adopting waits for

	confined bool    // the process was started for scripts with limits; what crashes write goes to its parent
	limits   *Limits // of the scripts of this process, and those below; nil for none. Set before any runs
	below    *Limits // a root's, of the processes that it starts; nil for none
	fences   fences

	closed atomic.Bool // no process is started any more
	deaf   atomic.Bool // interrupts mean nothing to this process

	links   links
	remotes remotes
	classes *managerClasses // guarded by the script lock
	texts   texts
	pacer   pacer
	serving *server        // what this process serves as a manager; guarded by the script lock
	serve   starlark.Value // the target of a manager's process
	work    starlark.Value // the target of a pool's processes
}

// Options are what a family gets from its root.
type Options struct {
	Setup        string // which interpreter a child makes around its Runtime, see Runtime.Setup
	Processes    int    // how many processes may exist at a time beside the root; 0 for as many as the family's table has room for
	Limits       Limits // of each process that the root starts, and what that starts; those of its pools' tasks hold for each task
	SharedMemory int64  // bytes of the arena; 0 for what STARMP_ARENA says, else half of the machine's memory
}

// New returns the runtime of a root process. The family's arena is made when the first shared object or process is.
// In a process that was started as a child it returns an error: there main should have called Child.
func New(host Host, o Options) (*Runtime, error) {
	if unclaimedChild() {
		return nil, errNoChild
	}
	if err := o.Limits.check(); err != nil {
		return nil, err
	}
	if o.Processes < 0 || o.SharedMemory < 0 {
		return nil, fmt.Errorf("mp: a negative number of processes or bytes: %d, %d", o.Processes, o.SharedMemory)
	}
	rt := &Runtime{host: host, opts: o, name: "MainProcess", children: map[*child]*process{}}
	if o.Limits != (Limits{}) {
		rt.below = &rt.opts.Limits
	}
	return rt, rt.init()
}

func (rt *Runtime) init() error {
	rt.registerWire()
	rt.serve = starlark.NewBuiltin("_serve", rt.serveManager)
	rt.work = starlark.NewBuiltin("_worker", rt.runWorker)
	if err := rt.makeProcessClass(); err != nil {
		return err
	}
	rt.makeFutures()
	rt.makeModule() // before the first message is read: what it has travels by name
	return nil
}

// mem returns this process's member of the arena.
func (rt *Runtime) mem() (*arena.Member, error) {
	rt.attach.Do(func() {
		if rt.member != nil {
			return // a child attached at its entry
		}
		var slot arena.SlotID
		a, err := arena.New(arena.Options{Size: rt.opts.SharedMemory})
		if err == nil {
			slot, err = a.TakeSlot(arena.NoSlot, rt.Name())
		}
		if err != nil {
			rt.err = wire.Errorf("OSError", "cannot make the family's shared memory: %w", err)
			return
		}
		s := a.Slot(slot)
		s.Pid.Store(uint32(os.Getpid()))
		if rt.opts.Processes > 0 {
			s.Below.Store(uint32(rt.opts.Processes) + 1)
		}
		s.SetState(arena.SlotRunning)
		rt.adoptMember(a.Join(slot), slot)
	})
	return rt.member, rt.err
}

func (rt *Runtime) adoptMember(m *arena.Member, slot arena.SlotID) {
	rt.member, rt.self = m, slot
	// Objects that scripts dropped hold cells until Go's collector has seen them.
	m.Pressure = rt.pacer.collect
	rt.pacer.setStep(m.Arena().Chunks())
}

// threadKey is the thread-local key of a thread's number.
const threadKey = "starmp.thread"

// threadID numbers the script threads of this process, for the owners of locks. The caller has the script lock.
func (rt *Runtime) threadID(thread *starlark.Thread) uint32 {
	if rt.lastThread == thread {
		return rt.lastID
	}
	id, ok := thread.Local(threadKey).(uint32)
	if !ok {
		rt.threads++
		id = rt.threads
		thread.SetLocal(threadKey, id)
	}
	rt.lastThread, rt.lastID = thread, id
	return id
}

// finisher is what is to be done at shutdown.
type finisher struct {
	f     func()
	n     int64            // it was the nth to be registered
	owner *starlark.Thread // that had the script lock then
}

// atShutdown registers f to run when the process ends in order, last registered first, unless forget is called before.
func (rt *Runtime) atShutdown(f func()) (forget func()) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.hooked++
	entry := &finisher{f, rt.hooked, rt.host.Current()}
	rt.finish = append(rt.finish, entry)
	return func() {
		rt.mu.Lock()
		defer rt.mu.Unlock()
		if i := slices.Index(rt.finish, entry); i >= 0 {
			rt.finish = slices.Delete(rt.finish, i, i+1)
		}
	}
}

// nextIdentity is the place in the family of the next Process made here.
func (rt *Runtime) nextIdentity() []int64 {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return append(append([]int64(nil), rt.identity...), rt.counter.Add(1))
}

func identityString(id []int64) string {
	parts := make([]string, len(id))
	for i, n := range id {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, ":")
}

// Name is the name of the current process, as current_process().name.
func (rt *Runtime) Name() string {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.name
}

// slot is the slot id of the process table.
func (rt *Runtime) slot(id arena.SlotID) *arena.Slot { return rt.member.Arena().Slot(id) }

// Started reports whether this process has an arena, so whether anything of a family can exist.
func (rt *Runtime) Started() bool { return rt.member != nil }

// Setup is Options.Setup of the family's root.
func (rt *Runtime) Setup() string { return rt.opts.Setup }

// childCalled says that this process has called Child, so that its children, the same program again, will.
var childCalled atomic.Bool

// errNoChild is what New and whatever starts a process return in a program that has not called Child: its children would run its
// main function, and their children in turn.
var errNoChild = wire.Errorf("RuntimeError", "this program cannot start processes: its main function must call interp.Child first, before anything else")
