package mp

import (
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
)

// child is an operating-system process that this process started, from its fork to its burial. A spare is a child
// that has not been given anything to run yet.
type child struct {
	rt      *Runtime
	slot    arena.SlotID
	pid     int
	inbox   *prim.Queue // takes the bundle; one message in a child's life
	control *os.File    // its end of file means the child is gone; owned by watch

	confined bool   // what it writes as it crashes comes through the control socket
	crash    []byte // that; watch's own until the child is dead

	violation atomic.Pointer[violation] // why Workers has killed it, nil if it has not

	sentinel int // the number that stands for the process, 0 until asked for; guarded by the script lock

	mu     sync.Mutex
	onEnd  func(*child) // guarded by mu; called with mu held when the process is recovered and its slot not yet free
	dead   atomic.Bool  // set once, under mu, after the process was waited for and its slot recovered
	status int          // exit code as Python gives it, valid when dead
}

// spawn starts a child that waits for its bundle, which has limits of its own if these are not nil.
func (rt *Runtime) spawn(limits *Limits) (*child, error) {
	if rt.closed.Load() {
		return nil, wire.Errorf("RuntimeError", "cannot start a process: the runtime is closed")
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	if rt.parent != nil { // a child, which is ours to change: it buries the orphans that its children leave, so it must inherit them
		inherit()
	}
	slot, err := m.Arena().TakeSlot(rt.self, "")
	if err != nil {
		return nil, wire.Errorf("OSError", "[Errno 11] %w", err)
	}
	if limits == nil {
		limits = rt.below
	}
	c := &child{rt: rt, slot: slot, confined: rt.confined || limits != nil}
	abandon := func(err error) (*child, error) {
		if c.inbox != nil {
			c.inbox.Close()
		}
		m.Reap(slot, 0)
		m.Arena().FreeSlot(slot)
		return nil, err
	}
	if c.inbox, err = prim.NewQueue(m, 0); err != nil {
		return abandon(wire.Errorf("MemoryError", "%w", err))
	}
	s := rt.slot(slot)
	s.Inbox.Store(uint64(c.inbox.Handle()))
	if limits != nil && limits.Processes != 0 {
		s.Below.Store(uint32(max(limits.Processes, 0)) + 1)
	}
	if err := c.exec(m); err != nil {
		return abandon(wire.Errorf("OSError", "cannot start a process: %w", err))
	}
	s.Pid.Store(uint32(c.pid))
	go c.watch()
	return c, nil
}

var inherit = sync.OnceFunc(func() { _ = BecomeSubreaper() }) // without it they stay zombies until the root ends

// mostCrash is how much of what a crashing child writes is kept.
const mostCrash = 4 << 10

// watch buries the child when its control socket ends, which it does however the child ends.
func (c *child) watch() {
	var b [512]byte
	for {
		n, err := c.control.Read(b[:])
		c.crash = append(c.crash, b[:max(0, min(n, mostCrash-len(c.crash)))]...)
		if err != nil {
			break
		}
	}
	if len(c.crash) > 0 {
		s := c.rt.slot(c.slot)
		name, pos := s.Name(), s.Pos()
		defer func() {
			c.mu.Lock()
			told := c.onEnd != nil // a pool tells who waits for the task
			c.mu.Unlock()
			text := strings.TrimRight(string(c.crash), "\n") // if it is no limit, a fault in Go code, of which somebody should hear
			if told && outOfMemory(text) {
				return
			}
			if e := c.outOfMemory(c.rt.limitsBelow(nil), pos); e != nil {
				text = e.Error()
			}
			c.rt.host.Stderr("Process " + name + ":\n" + text + "\n")
		}()
	}
	c.collect()
	c.control.Close()
}

// outOfMemory is the error of a child that has died because it needed more memory than its limits l, which may be nil, allow; nil for
// any other. The child is dead.
func (c *child) outOfMemory(l *Limits, pos string) *LimitError {
	if l == nil || l.Memory == 0 || c.status != 2 || !outOfMemory(string(c.crash)) {
		return nil
	}
	return &LimitError{Limit: LimitMemory, Max: l.max(LimitMemory), Pos: pos}
}

// run hands the child its bundle.
func (c *child) run(bundle []byte, handles []arena.Handle) error {
	if err := c.inbox.Put(bundle, handles, prim.Opt{}); err != nil {
		return wire.Errorf("MemoryError", "%w", err)
	}
	_, err := c.control.Write([]byte{'r'})
	return err
}

// spares keeps idle children ready. How many follows demand: none until processes start in succession, then sparesLeast, or
// as many as were lately started together, shrinking to one when starts stay away. Processes that are started and joined one after
// the other need few, and each spare that is made in vain takes time from them (scripts/bench/start.star).
type spares struct {
	mu      sync.Mutex
	idle    []*child  // guarded by mu
	filling bool      // guarded by mu: a goroutine starts spares
	closed  bool      // guarded by mu
	want    int       // guarded by mu
	window  time.Time // guarded by mu: start of the current window
	last    time.Time // guarded by mu: when the last child was taken
	recent  []*child  // guarded by mu: taken in the current window
	timer   *time.Timer
}

const (
	spareWindow = 30 * time.Millisecond
	sparesLeast = 2 // one is taken while another starts
	sparesMost  = 16
	spareIdle   = 2 * time.Second
)

// take returns a child ready for a bundle: a spare if one lives, else a fresh one.
func (rt *Runtime) take() (*child, error) {
	sp := &rt.spares
	sp.mu.Lock()
	sp.demandLocked(time.Now())
	var c *child
	for c == nil && len(sp.idle) > 0 {
		last := len(sp.idle) - 1
		c, sp.idle = sp.idle[last], sp.idle[:last]
		if c.dead.Load() {
			c = nil
		}
	}
	sp.mu.Unlock()
	if c == nil {
		var err error
		if c, err = rt.spawn(nil); err != nil {
			return nil, err
		}
	}
	sp.mu.Lock()
	sp.recent = append(sp.recent, c)
	sp.mu.Unlock()
	return c, nil
}

// demandLocked is called for each start. sp.mu must be held.
func (sp *spares) demandLocked(now time.Time) {
	if now.Sub(sp.window) > spareWindow {
		sp.window, sp.want = now, max(0, sp.want-1)
		sp.recent = nil
	}
	if now.Sub(sp.last) < spareIdle {
		together := slices.DeleteFunc(sp.recent, func(c *child) bool { return c.dead.Load() })
		sp.recent, sp.want = together, max(sp.want, sparesLeast, min(len(together)+1, sparesMost))
	}
	sp.last = now
}

// refill brings the spares up to demand, in the background.
func (rt *Runtime) refill() {
	if rt.member.Arena().Limited(rt.self) {
		return // spares would take the places of others
	}
	sp := &rt.spares
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.timer == nil {
		sp.timer = time.AfterFunc(spareIdle, rt.shrink)
	} else {
		sp.timer.Reset(spareIdle)
	}
	if sp.filling || sp.closed || len(sp.idle) >= sp.want {
		return
	}
	sp.filling = true
	go func() {
		for {
			c, err := rt.spawn(nil)
			sp.mu.Lock()
			if err == nil && !sp.closed {
				sp.idle = append(sp.idle, c)
			}
			stop := err != nil || sp.closed || len(sp.idle) >= sp.want
			if stop {
				sp.filling = false
			}
			late := err == nil && sp.closed
			sp.mu.Unlock()
			if late {
				c.discard()
			}
			if stop {
				return
			}
		}
	}()
}

// shrink lets all spares but one go after a quiet time.
func (rt *Runtime) shrink() {
	sp := &rt.spares
	sp.mu.Lock()
	sp.want = min(sp.want, 1)
	var extra []*child
	if n := len(sp.idle); n > 1 {
		extra = append(extra, sp.idle[1:]...)
		sp.idle = sp.idle[:1]
	}
	sp.mu.Unlock()
	for _, c := range extra {
		c.discard()
	}
}

// close ends the spares and waits until they are gone.
func (sp *spares) close() {
	sp.mu.Lock()
	idle := sp.idle
	sp.idle, sp.closed = nil, true
	if sp.timer != nil {
		sp.timer.Stop()
	}
	sp.mu.Unlock()
	for _, c := range idle {
		c.signal(sigkill)
	}
	for _, c := range idle {
		c.collect()
	}
}

// discard ends a spare. A spare holds nothing, so killing it is the quickest clean way.
func (c *child) discard() {
	c.signal(sigkill)
	c.collect()
}
