package mp

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// pool is what stands behind a Pool, a ThreadPool and everything else that has a team do tasks: it knows the calls that
// are not finished, and when it is over. The value that scripts have only leads here, so that a dropped one is noticed
// while the team still works.
//
// A user of it registers a work, packs a function with team.pack, and sends tasks with team.send; each outcome comes to
// work.finishLocked. All of its methods may be called from any goroutine.
type pool struct {
	rt   *Runtime
	team team
	over atomic.Uint32 // futex word, 1 when the pool has ended and no worker is left

	mu        sync.Mutex
	state     poolState        // guarded by mu
	size      int              // guarded by mu: how many workers there are to be
	live      int              // guarded by mu: how many there are
	stopped   bool             // guarded by mu: closed, drained, and the workers told to end
	broken    error            // guarded by mu: why no task can run any more
	jobs      map[uint64]work  // guarded by mu: unfinished
	lastJob   uint64           // guarded by mu
	told      []work           // guarded by mu: finished, their callbacks are still to be called
	telling   bool             // guarded by mu: a goroutine calls callbacks
	callbacks *starlark.Thread // guarded by mu: the thread that it calls them in
	unhook    func()           // guarded by mu: forgets to end the pool at shutdown
}

type poolState int

const (
	poolRun poolState = iota
	poolClose
	poolTerminate
)

func (s poolState) String() string { return [...]string{"RUN", "CLOSE", "TERMINATE"}[s] }

// team is the workers of a pool. Its methods may be called from any goroutine, and do not block.
type team interface {
	// pack makes f ready to be given out in many tasks. An error says why it cannot be. The caller has the script lock.
	pack(f starlark.Value) (function, error)
	// send gives out a task: call f, as t.kind says, with args. The caller has the script lock.
	send(t task, f function, args starlark.Value) error
	// hold makes a task ready that is to be given out later. What cannot be sent is an error now. The caller has the script lock.
	hold(t task, f function, args starlark.Value) (heldTask, error)
	// add starts a worker and counts it with pool.joined. The caller has the script lock.
	add(thread *starlark.Thread) error
	// leave has n workers end, each when it is done with the task that it is at, or n fewer of them if n is negative.
	leave(n int)
	// drain has all workers end when they have done what was sent.
	drain()
	// stop ends all workers at once.
	stop()
	// await waits until word is not old. The caller does not have the script lock.
	await(word *atomic.Uint32, old uint32, deadline futex.Deadline, cancel *Cancel) error
	// wake tells those who await word that it has changed.
	wake(word *atomic.Uint32)
	// attend tells that outcomes are to be stored as they come, though nobody awaits them.
	attend()
	// dissolve gives up what the team holds. There are no workers any more.
	dissolve()
}

// heldTask is a task that has not been given out. Its methods may be called from any goroutine, and do not block.
type heldTask interface {
	// give gives it out, or drops it with an error.
	give() error
	// keep makes it independent of what its maker has, for a task that is not given out before the maker returns.
	keep() error
	// drop gives up a task that is not given out.
	drop()
}

// function is a task's function, ready to be given out.
type function struct {
	value   starlark.Value // also keeps alive what the handles refer to
	wire    []byte
	handles []wire.Handle
}

// work is what a pool keeps of a call until it is finished.
type work interface {
	// finishLocked stores the outcome of one chunk. It reports whether the work took it, and whether it was the last one.
	// pool.mu must be held.
	finishLocked(chunk uint32, o outcome) (taken, last bool)
	// abortLocked makes err the outcome of what is unfinished. pool.mu must be held.
	abortLocked(err error)
	// hasCallbacks reports whether announce runs script code.
	hasCallbacks() bool
	// announce tells of the finished work; in thread, if there are callbacks. The caller does not have the script lock then.
	announce(thread *starlark.Thread)
}

// outcome is what came of a chunk: a value or an error, of a process or of a thread.
type outcome struct {
	failed bool
	msg    prim.Msg       // from a process: the value or the exception, still encoded
	value  starlark.Value // from a thread
	err    error          // from a thread, or the pool's own
}

// failure is the outcome of what failed with err.
func failure(err error) outcome { return outcome{failed: true, err: err} }

// release gives up what an outcome that nobody asks for refers to.
func (o *outcome) release(rt *Runtime) { o.msg.Release(rt.member) }

// open decodes an outcome. The caller has the script lock.
func (o *outcome) open(rt *Runtime) (starlark.Value, error) {
	switch {
	case o.err != nil:
		return nil, o.err
	case o.value != nil:
		return o.value, nil
	}
	v, err := rt.decodedFrom(&o.msg.Data, o.msg)
	if err == nil && o.failed {
		err = rt.host.ToError(v)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// appendTo decodes the outcome of items and appends it to all. The caller has the script lock.
func (o *outcome) appendTo(rt *Runtime, all []starlark.Value) ([]starlark.Value, error) {
	if o.failed || o.value != nil {
		v, err := o.open(rt)
		if err != nil {
			return nil, err
		}
		l, ok := v.(*starlark.List)
		if !ok {
			return nil, fmt.Errorf("BUG: pool: results are a %s", v.Type())
		}
		return append(all, elements(l)...), nil
	}
	all, err := rt.host.Codec().AppendElements(all, o.msg.Data)
	o.msg.Release(rt.member)
	return all, err
}

// waitFor blocks while the word, which the pool's work changes, holds the value old, or until the timeout is over.
func (p *pool) waitFor(thread *starlark.Thread, w *atomic.Uint32, old uint32, timeout seconds) error {
	return p.rt.sleep(thread, timeout, func(deadline futex.Deadline, cancel *Cancel) error {
		return p.team.await(w, old, deadline, cancel)
	})
}

// newPool makes a pool without workers; the caller, which has the script lock, gives it a team.
func (rt *Runtime) newPool(size int) *pool {
	p := &pool{rt: rt, size: size, jobs: map[uint64]work{}, callbacks: rt.host.NewThread("Pool callbacks")}
	if by := rt.host.Current(); by != nil {
		rt.host.Partake(p.callbacks, by)
	}
	return p
}

// begin starts the workers. If that fails there are none. The caller has the script lock.
func (p *pool) begin(thread *starlark.Thread) error {
	unhook := p.rt.atShutdown(func() {
		p.terminate()
		p.await(futex.After(poolEnd), nil)
	})
	p.mu.Lock()
	p.unhook = unhook
	p.mu.Unlock()
	err := p.populate(thread)
	if err != nil {
		p.terminate()
		p.rt.host.Block(thread, func() { p.await(0, nil) })
	}
	return err
}

// poolEnd is how long the end of a process waits for that of its pools, which takes that long only if a worker cannot be ended.
const poolEnd = 2 * endGrace

// populate starts workers up to the pool's size. The caller has the script lock.
func (p *pool) populate(thread *starlark.Thread) error {
	for p.short() {
		if err := p.team.add(thread); err != nil {
			return err
		}
	}
	return nil
}

// short reports whether a worker is missing.
func (p *pool) short() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live < p.size && !p.endingLocked() && p.broken == nil
}

// endingLocked reports whether no more workers are started. p.mu must be held.
func (p *pool) endingLocked() bool { return p.stopped || p.state == poolTerminate }

// joined counts a new worker. It reports false if the pool needs none any more.
func (p *pool) joined() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endingLocked() || p.live >= p.size {
		return false
	}
	p.live++
	return true
}

// left counts a worker that has ended.
func (p *pool) left() {
	p.mu.Lock()
	p.live--
	p.mu.Unlock()
	p.checkOver()
}

// checkOver notices when the pool has ended.
func (p *pool) checkOver() {
	p.mu.Lock()
	over := p.live == 0 && p.endingLocked() && p.over.Load() == 0
	var unhook func()
	if over {
		p.over.Store(1)
		unhook, p.unhook = p.unhook, nil
	}
	p.mu.Unlock()
	if !over {
		return
	}
	futex.Wake(&p.over, futex.All)
	if unhook != nil {
		unhook()
	}
	p.team.dissolve()
}

// register makes w known, so that outcomes find it, and returns its number. A broken pool, which would never finish it,
// gives its error.
func (p *pool) register(w work) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, p.broken
	}
	p.lastJob++
	p.jobs[p.lastJob] = w
	return p.lastJob, nil
}

// withdraw makes the work with that number unknown again: outcomes that still come are dropped. It reports false if it was over.
func (p *pool) withdraw(id uint64) bool {
	p.mu.Lock()
	_, known := p.jobs[id]
	delete(p.jobs, id)
	p.mu.Unlock()
	p.stopIfDrained()
	return known
}

// finish stores the outcome of one chunk. The caller does not have the script lock.
func (p *pool) finish(id uint64, chunk uint32, o outcome) {
	p.mu.Lock()
	w := p.jobs[id]
	taken, last := false, false
	if w != nil {
		taken, last = w.finishLocked(chunk, o)
	}
	if last {
		delete(p.jobs, id)
	}
	p.mu.Unlock()
	if !taken { // of a job that was taken back, or of a worker that died after it had sent it
		o.release(p.rt)
	}
	if last {
		p.tell(w)
	}
}

// settle ends the work with that number: err is the outcome of what is unfinished.
func (p *pool) settle(id uint64, err error) {
	p.mu.Lock()
	w := p.jobs[id]
	delete(p.jobs, id)
	if w != nil {
		w.abortLocked(err)
	}
	p.mu.Unlock()
	if w != nil {
		p.tell(w)
	}
}

// tell announces finished work. Callbacks are called one after the other, by a goroutine that exists as long as there are
// some: one that takes its time holds up other callbacks and join, but no results.
func (p *pool) tell(w work) {
	if !w.hasCallbacks() {
		w.announce(nil)
		p.stopIfDrained()
		return
	}
	p.mu.Lock()
	p.told = append(p.told, w)
	start := !p.telling
	p.telling = true
	p.mu.Unlock()
	if start {
		go p.tellAll()
	}
}

func (p *pool) tellAll() {
	for {
		p.mu.Lock()
		if len(p.told) == 0 {
			p.told, p.telling = nil, false
			p.mu.Unlock()
			p.stopIfDrained()
			return
		}
		w, thread := p.told[0], p.callbacks
		p.told = slices.Delete(p.told, 0, 1)
		p.mu.Unlock()
		w.announce(thread)
	}
}

// inCallback reports whether thread is the one that callbacks run in.
func (p *pool) inCallback(thread *starlark.Thread) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.callbacks == thread
}

// fail ends the pool's work: every unfinished and every later call raises err.
func (p *pool) fail(err error) {
	p.mu.Lock()
	if p.broken == nil {
		p.broken = err
	}
	var ended []work
	for id, w := range p.jobs {
		delete(p.jobs, id)
		w.abortLocked(err)
		ended = append(ended, w)
	}
	p.mu.Unlock()
	p.team.stop()
	for _, w := range ended {
		p.tell(w)
	}
	p.checkOver()
}

// stopIfDrained tells the workers of a closed pool to end once there is nothing left to do.
func (p *pool) stopIfDrained() {
	p.mu.Lock()
	stop := p.state == poolClose && len(p.jobs) == 0 && !p.telling && !p.stopped
	p.stopped = p.stopped || stop
	p.mu.Unlock()
	if stop {
		p.team.drain()
		p.checkOver()
	}
}

// close takes no more work. The workers end when what there is has been done.
func (p *pool) close() {
	p.mu.Lock()
	if p.state == poolRun {
		p.state = poolClose
	}
	p.mu.Unlock()
	p.stopIfDrained()
}

// errTerminated is why a pool is broken that was terminated.
var errTerminated = wire.Errorf("multiprocessing.ProcessError", "the pool was terminated")

// terminate ends the workers at once; unfinished calls raise. It does not wait for the workers.
func (p *pool) terminate() {
	p.mu.Lock()
	p.state = poolTerminate
	p.mu.Unlock()
	p.fail(errTerminated)
}

// await waits until a pool that was closed or terminated has ended.
func (p *pool) await(deadline futex.Deadline, cancel *Cancel) error {
	for p.over.Load() == 0 {
		if err := futex.Wait(&p.over, 0, deadline, cancel); err != nil {
			return err
		}
	}
	return nil
}

// errNotRunning is the error of calls on a pool that was closed or terminated.
var errNotRunning = wire.Errorf("ValueError", "Pool not running")

// check is the error of a call on a pool that takes no more work.
func (p *pool) check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state != poolRun:
		return errNotRunning
	case p.broken != nil:
		return p.broken
	}
	return nil
}

// workers is how many workers there are to be.
func (p *pool) workers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size
}

// resize changes the number of workers. The caller has the script lock.
func (p *pool) resize(thread *starlark.Thread, n int) error {
	p.mu.Lock()
	more := n - p.size
	p.size = n
	p.mu.Unlock()
	p.team.leave(-more)
	return p.populate(thread)
}

// submit gives out the chunks of the work with number id. If one cannot be sent, that is the outcome. The caller has the script
// lock.
func (p *pool) submit(id uint64, t task, f starlark.Value, chunks ...starlark.Value) {
	fn, err := p.team.pack(f)
	for i := 0; err == nil && i < len(chunks); i++ {
		t.job, t.chunk = id, uint32(i)
		err = p.team.send(t, fn, chunks[i])
	}
	switch {
	case err != nil:
		p.settle(id, err)
	case len(chunks) == 0:
		p.settle(id, nil)
	}
}
