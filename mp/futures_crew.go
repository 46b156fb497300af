package mp

import (
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// crew is the work of an executor, and the pool that does it. It outlives the executor's object until all is done.
//
// Of what was submitted, the workers have at most window futures. The others are in the backlog, from which cancel can take
// them.
type crew struct {
	fs        *futures
	kind      crewKind
	size      int   // workers at most
	pool      *pool // nil before the first submit; guarded by the script lock until shut is set
	hired     int   // workers asked for; guarded by the script lock
	callbacks callbacks
	open      atomic.Uint32 // futex word: futures that are not settled; changed with fs.mu held
	stage     atomic.Uint32 // futex word: crewAtWork, crewGone or crewOver

	feeding sync.Mutex // held while tasks are given out, so that they are in order; comes before fs.mu

	// Guarded by fs.mu.
	backlog []*call          // some of which may have been cancelled
	given   int              // futures that the workers have
	owner   *starlark.Thread // that has submitted first
	shut    bool             // nothing is submitted any more
	broken  bool             // no task will run any more
}

// crewKind is what executors of processes and of threads do not have in common.
type crewKind struct {
	window    func(size int) int
	exception string // the class of what becomes of the futures of a broken one,
	lost      string // and its text,
	unusable  string // and the text of what submit raises
}

const (
	crewAtWork uint32 = iota
	crewGone          // all is settled and the workers have ended
	crewOver          // and the last callback has returned
)

// call is one future's task: a pool's work of one chunk.
type call struct {
	crew *crew
	f    *future
	id   uint64
	out  outcome // guarded by pool.mu: what came of it

	// Guarded by fs.mu.
	task  heldTask // until the workers have it
	given bool     // the workers have it
	over  bool     // settled
}

var _ work = (*call)(nil)

func (c *call) finishLocked(_ uint32, o outcome) (taken, last bool) {
	c.out = o
	return true, true
}

func (c *call) abortLocked(err error) { c.out = failure(&brokenCrew{&c.crew.kind, err}) }

// hasCallbacks says no: those of the future are called by the crew, after it is settled.
func (c *call) hasCallbacks() bool { return false }

func (c *call) announce(*starlark.Thread) { c.settle(c.out) }

// brokenCrew is what becomes of futures whose pool has broken.
type brokenCrew struct {
	*crewKind
	cause error
}

func (b *brokenCrew) Error() string { return b.lost }

// ExceptionClass names the class of the exception.
func (b *brokenCrew) ExceptionClass() string { return b.exception }

// exception makes the exception, with the text. Its cause is the initializer's, if that is what it was. The caller has the
// script lock.
func (b *brokenCrew) exceptionWith(host Host, text string) starlark.Value {
	exc := host.FromError(wire.Errorf(b.exception, "%s", text))
	if b.cause != errTerminated {
		// An exception takes a cause.
		_ = exc.(starlark.HasSetField).SetField("__cause__", host.FromError(b.cause))
	}
	return exc
}

// begin registers a call for f. The error says why the crew takes no more; f is then no part of it.
func (cr *crew) begin(f *future) (*call, error) {
	c := &call{crew: cr, f: f}
	fs := cr.fs
	fs.mu.Lock()
	if cr.shut {
		fs.mu.Unlock()
		return nil, errShut
	}
	cr.open.Add(1)
	fs.mu.Unlock()
	var err error
	if c.id, err = cr.pool.register(c); err != nil {
		c.abandon()
		return nil, cr.unusable(err)
	}
	return c, nil
}

// unusable is the error of submitting to a crew that is broken.
func (cr *crew) unusable(cause error) error {
	host := cr.fs.rt.host
	return host.ToError((&brokenCrew{&cr.kind, cause}).exceptionWith(host, cr.kind.unusable))
}

// abandon takes back a call of which nothing came.
func (c *call) abandon() {
	c.crew.pool.withdraw(c.id)
	c.crew.fs.mu.Lock()
	defer c.crew.fs.mu.Unlock()
	if !c.over {
		c.over = true
		c.crew.closeOneLocked()
	}
}

// settle stores what came of the call. It may be called with or without the script lock.
func (c *call) settle(out outcome) {
	cr, f := c.crew, c.f
	fs := cr.fs
	fs.mu.Lock()
	if c.over {
		fs.mu.Unlock()
		out.release(fs.rt)
		return
	}
	c.over = true
	if c.given {
		cr.given--
	}
	if b, ok := out.err.(*brokenCrew); ok && !cr.broken {
		cr.breakLocked(b)
	}
	if f.state >= futureCancelled { // a script has set its result
		out.release(fs.rt)
	} else {
		f.arriveLocked(out)
		if todo := f.settleLocked(futureFinished); len(todo) > 0 {
			cr.callbacks.add(func(thread *starlark.Thread) error { return f.callBack(thread, todo) })
		}
	}
	c.dropLocked()
	cr.closeOneLocked()
	fs.mu.Unlock()
	cr.feed()
}

// breakLocked notes that the pool has broken, and says so on standard error where it was an initializer. fs.mu must be held.
func (cr *crew) breakLocked(b *brokenCrew) {
	cr.broken = true
	if init, ok := b.cause.(initializerError); ok {
		host := cr.fs.rt.host
		cr.callbacks.add(func(*starlark.Thread) error {
			host.Stderr("Exception in initializer:\n" + host.Traceback(init.error))
			return nil
		})
	}
}

// takenBack is for a call that was cancelled, and marked over, before the workers had it.
func (c *call) takenBack() {
	c.crew.pool.withdraw(c.id)
	c.crew.fs.mu.Lock()
	defer c.crew.fs.mu.Unlock()
	c.dropLocked()
	c.crew.closeOneLocked()
}

// dropLocked forgets the task. fs.mu must be held.
func (c *call) dropLocked() {
	if c.task != nil {
		c.task.drop()
		c.task = nil
	}
}

// closeOneLocked counts a future that is settled, after all that is to follow from it has been arranged. fs.mu must be held.
func (cr *crew) closeOneLocked() {
	if cr.open.Add(^uint32(0)) == 0 && cr.shut {
		futex.Wake(&cr.open, futex.All)
	}
}

// enqueue gives the task of c to the workers, or keeps it until they have room. With an error nothing came of c.
func (cr *crew) enqueue(c *call, task heldTask) error {
	given, err := cr.giveOrKeep(c, task)
	if err != nil && !given {
		task.drop()
	}
	if err != nil {
		c.abandon()
		if given {
			cr.fs.mu.Lock()
			cr.given--
			cr.fs.mu.Unlock()
			cr.feed()
		}
	}
	return err
}

func (cr *crew) giveOrKeep(c *call, task heldTask) (given bool, err error) {
	cr.feeding.Lock()
	defer cr.feeding.Unlock()
	cr.fs.mu.Lock()
	if len(cr.backlog) == 0 && cr.given < cr.kind.window(cr.size) && !c.over {
		cr.giveLocked(c)
		cr.fs.mu.Unlock()
		return true, task.give()
	}
	defer cr.fs.mu.Unlock()
	if c.over { // the pool has just broken
		task.drop()
		return false, nil
	}
	if err := task.keep(); err != nil {
		return false, err
	}
	c.task, c.f.task = task, c
	cr.backlog = append(cr.backlog, c)
	return false, nil
}

// giveLocked notes that the workers get c. fs.mu must be held.
func (cr *crew) giveLocked(c *call) {
	cr.given++
	c.given = true
	if c.f.state == futurePending {
		c.f.state = futureRunning
	}
	c.task, c.f.task = nil, nil
}

// feed gives tasks of the backlog to the workers, as many as they have room for.
func (cr *crew) feed() {
	for {
		c, err := cr.giveNext()
		if err != nil {
			cr.pool.withdraw(c.id)
			c.settle(failure(err)) // which feeds
			return
		}
		if c == nil {
			return
		}
	}
}

// giveNext gives the workers one task, and returns nil if they have no room or there is none.
func (cr *crew) giveNext() (*call, error) {
	cr.feeding.Lock()
	defer cr.feeding.Unlock()
	cr.fs.mu.Lock()
	c := cr.dueLocked()
	if c == nil {
		cr.fs.mu.Unlock()
		return nil, nil
	}
	task := c.task
	cr.giveLocked(c)
	cr.fs.mu.Unlock()
	return c, task.give()
}

// dueLocked takes the next call out of the backlog, if the workers have room for one; else it returns nil. fs.mu must
// be held.
func (cr *crew) dueLocked() *call {
	for len(cr.backlog) > 0 && cr.given < cr.kind.window(cr.size) && !cr.broken {
		c := cr.backlog[0]
		cr.backlog[0] = nil
		cr.backlog = cr.backlog[1:]
		if !c.over {
			return c
		}
	}
	return nil
}

// shutdown closes the crew: what it has is still done, or, with cancel, what the workers do not have yet is cancelled. It
// does not wait, and returns what the caller has to call, if it has the script lock, for futures that were cancelled.
func (cr *crew) shutdown(cancel bool) (todo []func(*starlark.Thread) error) {
	fs := cr.fs
	fs.mu.Lock()
	first := !cr.shut
	cr.shut = true
	var pending []*call
	if cancel {
		pending, cr.backlog = cr.backlog, nil
	}
	fs.mu.Unlock()
	for _, c := range pending {
		if _, callbacks := c.f.cancel(); len(callbacks) > 0 {
			todo = append(todo, func(thread *starlark.Thread) error { return c.f.callBack(thread, callbacks) })
		}
	}
	if first {
		go cr.end()
	}
	return todo
}

// end waits for the end of a crew that takes no more work, stage by stage.
func (cr *crew) end() {
	for n := cr.open.Load(); n > 0; n = cr.open.Load() {
		_ = futex.Wait(&cr.open, n, 0, nil) // without a deadline or Cancel there is no error
	}
	if cr.pool != nil {
		cr.pool.close()
		_ = cr.pool.await(0, nil) // without a deadline or Cancel there is no error
	}
	cr.enter(crewGone)
	cr.callbacks.await()
	cr.fs.mu.Lock()
	delete(cr.fs.crews, cr)
	cr.fs.mu.Unlock()
	cr.enter(crewOver)
}

func (cr *crew) enter(stage uint32) {
	cr.stage.Store(stage)
	futex.Wake(&cr.stage, futex.All)
}

// await waits until the crew has come to stage.
func (cr *crew) await(stage uint32, cancel *Cancel) error {
	for s := cr.stage.Load(); s < stage; s = cr.stage.Load() {
		if err := futex.Wait(&cr.stage, s, 0, cancel); err != nil {
			return err
		}
	}
	return nil
}

// kill ends the workers, processes with sig. What they were at fails.
func (cr *crew) kill(sig syscall.Signal) {
	if cr.pool == nil {
		return
	}
	cr.pool.terminate()
	if team, ok := cr.pool.team.(*procs); ok {
		for _, c := range team.processes() {
			c.signal(sig)
		}
	}
}
