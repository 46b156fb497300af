package mp

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// procs is a team of processes. Tasks and results go through two queues.
type procs struct {
	*pool
	init    starlark.Value
	args    starlark.Tuple
	added   func(*child) // called with each new worker; may be nil
	limits  *Limits      // of the workers' scripts, nil for this process's own
	most    int          // tasks a worker does before it is replaced, 0 for no limit
	tasks   *Queue
	results *Queue
	leaving *Semaphore       // a permit for each worker that is to end
	thread  *starlark.Thread // runs what is to run as script code when results are handled
	cancel  Cancel           // ends the pump
	lead    lead             // who takes results

	children map[*child]bool      // guarded by mu
	lost     map[uint32]lostChild // guarded by mu: workers that have died, by the number in their notice
	notices  uint32               // guarded by mu
	unborn   int                  // the lead's own: workers in succession that were killed before they were ready to work
}

var _ team = (*procs)(nil)

// lostChild is what a dead worker left.
type lostChild struct {
	name   string
	pid    int
	status int
	stage  uint64 // how far it had come, see wordStage
	job    uint64 // the task it was at, 0 for none
	chunk  uint32
	limit  *LimitError // what ended it, nil if that was no limit
	crash  string      // the first line of what Go's runtime wrote as it crashed, if that is known
}

// A pool gives up when workers in succession are killed before they are ready, and no task is done meanwhile: after mostUnborn that did
// not come to the initializer, or fewer if the initializer itself seems to kill them.
const (
	mostUnborn = 100
	inInit     = 20 // as many does one count that is killed in the initializer
)

// newProcs makes the team of p. The caller begins it.
func newProcs(p *pool, init starlark.Value, args starlark.Tuple, most int) (*procs, error) {
	c := &procs{pool: p, init: init, args: args, most: most, children: map[*child]bool{}, lost: map[uint32]lostChild{}}
	var err error
	if c.tasks, err = p.rt.newQueue(0); err != nil {
		return nil, err
	}
	if c.results, err = p.rt.newQueue(0); err != nil {
		return nil, err
	}
	leaving, err := prim.NewSemaphore(p.rt.member, 0, false)
	if err != nil {
		return nil, scriptError(err)
	}
	c.leaving = p.rt.wrapSemaphore(leaving)
	c.thread = p.rt.host.NewThread("Pool")
	p.team = c
	go c.pump()
	return c, nil
}

func (c *procs) pack(f starlark.Value) (function, error) {
	data, handles, err := c.rt.host.Codec().Encode(nil, "func", f)
	return function{f, data, handles}, err
}

func (c *procs) send(t task, f function, args starlark.Value) error {
	h, err := c.encode(t, f, args)
	if err != nil {
		return err
	}
	return h.give()
}

func (c *procs) hold(t task, f function, args starlark.Value) (heldTask, error) {
	h, err := c.encode(t, f, args)
	if err != nil {
		return nil, err
	}
	return &h, nil
}

// encodedTask is a task in the form in which it goes to a process.
type encodedTask struct {
	team    *procs
	buf     *[]byte // where data is, until it is kept
	data    []byte
	handles []arena.Handle // retained if kept
	kept    bool
}

func (c *procs) encode(t task, f function, args starlark.Value) (encodedTask, error) {
	root := "iterable"
	if t.kind == taskApply {
		root = "args"
	}
	t.fn = f.wire
	buf := takeBuffer()
	data, handles, err := c.rt.host.Codec().Encode(t.append((*buf)[:0]), root, args)
	if err != nil {
		giveBuffer(buf)
		return encodedTask{}, err
	}
	*buf = data
	return encodedTask{team: c, buf: buf, data: data, handles: arenaHandles(append(handles, f.handles...))}, nil
}

// number gives the task, which is not given out yet, another number.
func (e *encodedTask) number(job uint64) { binary.LittleEndian.PutUint64(e.data, job) }

func (e *encodedTask) give() error {
	err := scriptError(e.team.tasks.q.Put(e.data, e.handles, prim.Opt{}))
	e.drop()
	return err
}

func (e *encodedTask) keep() error {
	for i, h := range e.handles {
		if err := e.team.rt.member.Retain(h); err != nil {
			for _, h := range e.handles[:i] {
				e.team.rt.member.Release(h)
			}
			return scriptError(err)
		}
	}
	e.data, e.kept = slices.Clone(e.data), true
	giveBuffer(e.buf)
	e.buf = nil
	return nil
}

func (e *encodedTask) drop() {
	if e.kept {
		for _, h := range e.handles {
			e.team.rt.member.Release(h)
		}
	} else {
		giveBuffer(e.buf)
	}
	e.data, e.handles = nil, nil
}

func (c *procs) add(thread *starlark.Thread) error {
	if !c.joined() {
		return nil
	}
	self, w, err := c.rt.newProcess(thread, c.rt.work, starlark.Tuple{c.tasks, c.results, c.leaving, c.init, c.args, starlark.MakeInt(c.most)}, "PoolWorker")
	if err == nil {
		w.daemon, w.limits = true, c.limits
		w.onEnd = c.buried
		err = w.start(self)
	}
	if err != nil {
		c.left()
		return err
	}
	w.child.mu.Lock() // it is buried before, or after
	c.mu.Lock()
	gone := w.child.dead.Load()
	if !gone {
		c.children[w.child] = true
	}
	late := c.state == poolTerminate || c.broken != nil
	c.mu.Unlock()
	w.child.mu.Unlock()
	if gone {
		c.rt.forget(w.child)
	}
	if late {
		w.child.signal(sigterm)
	} else if c.added != nil {
		c.added(w.child)
	}
	return nil
}

// buried is called when a worker's process has been recovered, with its slot's task words still in place. It sends the
// one who leads a notice through the queue of results, behind all that the worker has sent itself.
func (c *procs) buried(ch *child) {
	s := c.rt.slot(ch.slot)
	l := lostChild{name: s.Name(), pid: ch.pid, status: ch.status, job: s.Task[0].Load(), chunk: uint32(s.Task[1].Load()), stage: s.Task[wordStage].Load()}
	if e := ch.outOfMemory(c.rt.limitsBelow(c.limits), s.Pos()); e != nil {
		l.limit = e
	} else if ch.status == 2 {
		l.crash, _, _ = strings.Cut(string(ch.crash), "\n")
	}
	if v := ch.violation.Load(); v != nil && v.job == l.job && ch.status == -int(sigkill) {
		l.limit = &LimitError{Limit: v.limit, Max: c.limits.max(v.limit), Pos: s.Pos()}
	}
	c.mu.Lock()
	c.notices++
	n := c.notices
	c.lost[n] = l
	delete(c.children, ch)
	c.mu.Unlock()
	c.rt.forget(ch) // nobody joins it
	c.left()        // first: who gets the notice looks how many are left
	if err := c.results.q.Put(appendResult(nil, 0, n, resultOrphans), nil, prim.Opt{}); err != nil {
		c.fail(scriptError(err)) // no memory for a few bytes: nothing of this pool can go on
	}
}

// handle takes a message of the queue of results: it stores an outcome, or replaces a worker. The caller leads.
func (c *procs) handle(msg prim.Msg) {
	id, chunk, kind := parseResult(msg.Data)
	msg.Data = msg.Data[resultHead:]
	switch kind {
	case resultOrphans:
		c.replace(chunk)
	case resultUnfit:
		c.fail(initializerError{c.unfit(msg)})
	case resultLimit:
		c.unborn = 0
		c.finish(id, chunk, failure(parseLimitError(msg.Data)))
	case resultOverdue:
		c.finish(id, chunk, failure(parseOverdue(msg.Data)))
	default:
		c.unborn = 0
		c.finish(id, chunk, outcome{failed: kind == resultError, msg: msg})
	}
}

// unfit is the error of a pool whose initializer has raised an exception. SystemExit must not end the one who asks for a result.
func (c *procs) unfit(msg prim.Msg) error {
	host := c.rt.host
	host.Enter(c.thread)
	defer host.Leave(c.thread)
	exc, err := c.rt.decoded(msg)
	if err != nil {
		return err
	}
	return c.rt.unfit(exc)
}

// initializerError is why a pool is broken whose initializer failed.
type initializerError struct{ error }

func (e initializerError) Unwrap() error { return e.error }

// unfit is what calls of a pool raise whose initializer has raised exc. The caller has the script lock.
func (rt *Runtime) unfit(exc starlark.Value) error {
	err := rt.host.ToError(exc)
	if code, _, exits := rt.host.ExitStatus(err); exits {
		return wire.Errorf("multiprocessing.ProcessError", "the initializer has ended its worker with sys.exit, status %d", code)
	}
	return err
}

// replace handles the notice of a worker's end.
func (c *procs) replace(notice uint32) {
	c.mu.Lock()
	l := c.lost[notice]
	delete(c.lost, notice)
	ending := c.endingLocked() || c.broken != nil
	c.mu.Unlock()
	switch l.stage {
	case stageReady:
		c.unborn = 0
	case stageInit:
		c.unborn += inInit
	default:
		c.unborn++
	}
	hopeless := l.stage != stageReady && (l.status >= 0 || c.unborn >= mostUnborn)
	if l.job != 0 {
		c.finish(l.job, l.chunk, failure(l.error()))
	}
	switch {
	case ending:
		return
	case hopeless, l.job == 0 && l.status > 0 && l.limit == nil:
		// It ended without a task to blame; its successors would as well.
		while := "had no task"
		switch l.stage {
		case stageStart:
			while = "started"
		case stageInit:
			while = "ran the initializer"
		}
		c.fail(wire.Errorf("multiprocessing.ProcessError", "worker %s (pid %d) %s while it %s", l.name, l.pid, l.end(), while))
		return
	}
	c.rt.host.Enter(c.thread)
	err := c.populate(c.thread)
	c.rt.host.Leave(c.thread)
	if err != nil {
		c.fail(err)
	}
}

// end says how the worker ended.
func (l lostChild) end() string {
	if l.status < 0 {
		return fmt.Sprintf("was killed by signal %s", exitName(l.status)[1:])
	}
	return fmt.Sprintf("exited with status %d", l.status)
}

// error is what the caller of the task that a dead worker was at gets.
func (l lostChild) error() error {
	if l.limit != nil {
		return l.limit
	}
	s := ""
	if l.crash != "" {
		s = ": " + l.crash
	}
	return wire.Errorf("multiprocessing.WorkerLostError", "worker %s (pid %d) %s while it ran this task%s", l.name, l.pid, l.end(), s)
}

// leave gives out permits to end, and a task that is none for each, which wakes a worker that waits for one.
func (c *procs) leave(n int) {
	for ; n > 0; n-- {
		if err := c.leaving.s.Release(); err != nil {
			return // too many are asked to leave
		}
		if err := c.tasks.q.Put((&task{chunk: chunkLook}).append(nil), nil, prim.Opt{}); err != nil {
			return // they look after their next task
		}
	}
	for ; n < 0; n++ {
		if ok, err := c.leaving.s.Acquire(prim.Opt{NoWait: true}); !ok || err != nil {
			return
		}
	}
}

func (c *procs) drain() {
	c.mu.Lock()
	n := c.live
	c.mu.Unlock()
	for range n {
		if err := c.tasks.q.Put((&task{}).append(nil), nil, prim.Opt{}); err != nil {
			c.terminate()
			return
		}
	}
}

func (c *procs) stop() {
	sig := sigterm
	if c.limits != nil {
		sig = sigkill // which ends one that is stopped, too
	}
	for _, ch := range c.processes() {
		ch.signal(sig)
	}
}

// processes lists the workers.
func (c *procs) processes() []*child {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*child, 0, len(c.children))
	for ch := range c.children {
		all = append(all, ch)
	}
	return all
}

func (c *procs) dissolve() { go c.cancel.Cancel() }
