package mp

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Pool is multiprocessing.Pool: processes that work through tasks.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.Pool
//
// Unlike CPython's, the death of a worker costs the task it was at (its caller gets WorkerLostError) and nothing else;
// an initializer that fails is an error of every call, not an endless restart; functions may be lambdas and closures.
type Pool struct {
	rt      *Runtime
	size    int
	init    starlark.Value
	args    starlark.Tuple
	most    int // tasks a worker does before it is replaced, 0 for no limit
	tasks   *Queue
	results *Queue
	thread  *starlark.Thread // runs what the pool's goroutine must run as script code
	methods map[string]*starlark.Builtin
	cancel  Cancel        // ends the pool's goroutine
	live    atomic.Uint32 // futex word: number of workers

	mu      sync.Mutex
	state   poolState            // guarded by mu
	stopped bool                 // guarded by mu: closed, drained, and the workers told to end
	broken  error                // guarded by mu: why no task can run any more
	workers map[*child]*process  // guarded by mu
	jobs    map[uint64]work      // guarded by mu: unfinished
	lastJob uint64               // guarded by mu
	lost    map[uint32]lostChild // guarded by mu: workers that have died, by the number in their notice
	notices uint32               // guarded by mu
}

type poolState int

const (
	poolRun poolState = iota
	poolClose
	poolTerminate
)

// lostChild is what a dead worker left.
type lostChild struct {
	name   string
	pid    int
	status int
	job    uint64 // the task it was at, 0 for none
	chunk  uint32
}

// makePool is Pool(processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None).
func (rt *Runtime) makePool(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var processes, initializer, most, context starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None
	var initargs starlark.Value = starlark.Tuple(nil)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "processes?", &processes, "initializer?", &initializer,
		"initargs?", &initargs, "maxtasksperchild?", &most, "context?", &context); err != nil {
		return nil, err
	}
	size, limit := runtime.NumCPU(), 0
	if processes != starlark.None {
		n, err := starlark.AsInt32(processes)
		if err != nil {
			return nil, wire.Errorf("TypeError", "Pool: processes: %v", err)
		}
		if n < 1 {
			return nil, wire.Errorf("ValueError", "Number of processes must be at least 1")
		}
		size = n
	}
	if most != starlark.None {
		n, err := starlark.AsInt32(most)
		if err != nil || n < 1 {
			return nil, wire.Errorf("ValueError", "maxtasksperchild must be a positive int or None")
		}
		limit = n
	}
	if _, ok := initializer.(starlark.Callable); !ok && initializer != starlark.None {
		return nil, wire.Errorf("TypeError", "initializer must be a callable")
	}
	spreadArgs, err := spread(initargs)
	if err != nil {
		return nil, err
	}
	p, err := rt.newPool(size, initializer, spreadArgs, limit)
	if err != nil {
		return nil, err
	}
	for range size {
		if err := p.startWorker(thread); err != nil {
			p.terminate()
			p.await(nil)
			return nil, err
		}
	}
	rt.atShutdown(func() {
		p.terminate()
		p.await(nil)
	})
	return p, nil
}

// newPool makes a pool for size workers, none of which is there yet: startWorker adds them. It is the caller's to end it
// before the process ends.
func (rt *Runtime) newPool(size int, initializer starlark.Value, initargs starlark.Tuple, most int) (*Pool, error) {
	p := &Pool{
		rt: rt, size: size, init: initializer, args: initargs, most: most,
		workers: map[*child]*process{}, jobs: map[uint64]work{}, lost: map[uint32]lostChild{},
	}
	var err error
	if p.tasks, err = rt.newQueue(0); err != nil {
		return nil, err
	}
	if p.results, err = rt.newQueue(0); err != nil {
		return nil, err
	}
	p.thread = rt.host.NewThread("Pool")
	go p.pump()
	return p, nil
}

// startWorker adds a worker. The caller has the script lock.
func (p *Pool) startWorker(thread *starlark.Thread) error {
	rt := p.rt
	self, w, err := rt.newProcess(thread, rt.work, starlark.Tuple{p.tasks, p.results, p.init, p.args, starlark.MakeInt(p.most)}, "PoolWorker")
	if err != nil {
		return err
	}
	w.daemon = true
	p.live.Add(1)
	w.onEnd = p.buried
	if err := w.start(self); err != nil {
		p.live.Add(^uint32(0))
		return err
	}
	p.mu.Lock()
	p.workers[w.child] = w
	late := p.state == poolTerminate
	p.mu.Unlock()
	if late {
		w.child.signal(sigterm)
	}
	return nil
}

// buried is called when a worker's process has been recovered, with its slot's task words still in place. It sends the
// pool's goroutine a notice through the queue of results, behind all that the worker has sent itself.
func (p *Pool) buried(c *child) {
	s := p.rt.member.Arena().Slot(c.slot)
	l := lostChild{name: s.Name(), pid: c.pid, status: c.status, job: s.Task[0].Load(), chunk: uint32(s.Task[1].Load())}
	p.mu.Lock()
	p.notices++
	n := p.notices
	p.lost[n] = l
	delete(p.workers, c)
	p.mu.Unlock()
	if err := p.results.q.Put(appendResult(nil, 0, n, resultOrphans), nil, prim.Opt{}); err != nil {
		p.fail(scriptError(err)) // no memory for a few bytes: nothing of this pool can go on
	}
	p.live.Add(^uint32(0))
	futex.Wake(&p.live, futex.All)
}

// pump is the pool's goroutine: it takes results, replaces workers, and finishes jobs.
func (p *Pool) pump() {
	for {
		msg, err := p.results.q.Get(prim.Opt{Cancel: &p.cancel})
		if err != nil {
			return
		}
		id, chunk, kind := parseResult(msg.Data)
		switch kind {
		case resultOrphans:
			p.replace(chunk)
		case resultUnfit:
			msg.Data = msg.Data[resultHead:]
			p.rt.host.Enter(p.thread)
			exc, err := p.rt.decoded(msg)
			if err == nil {
				err = p.rt.host.ToError(exc)
			}
			p.rt.host.Leave(p.thread)
			p.fail(initializerError{err})
		default:
			msg.Data = msg.Data[resultHead:]
			fail := failure{set: kind == resultError}
			if fail.set {
				fail.msg, msg = msg, prim.Msg{}
			}
			p.finish(id, chunk, msg, fail)
		}
	}
}

// finish stores the outcome of one chunk, on the pool's goroutine.
func (p *Pool) finish(id uint64, chunk uint32, msg prim.Msg, fail failure) {
	p.mu.Lock()
	j := p.jobs[id]
	taken, last := false, false
	if j != nil {
		taken, last = j.finishLocked(chunk, msg, fail)
	}
	if last {
		delete(p.jobs, id)
	}
	p.mu.Unlock()
	if !taken { // of a job that was taken back, or of a worker that died after it had sent it
		msg.Release(p.rt.member)
		fail.msg.Release(p.rt.member)
	}
	if last {
		j.announce(p.thread)
		p.stopIfDrained()
	}
}

// replace handles the notice of a worker's end.
func (p *Pool) replace(notice uint32) {
	p.mu.Lock()
	l := p.lost[notice]
	delete(p.lost, notice)
	again := p.state != poolTerminate && !p.stopped && p.broken == nil
	p.mu.Unlock()
	if l.job != 0 {
		p.finish(l.job, l.chunk, prim.Msg{}, failure{set: true, err: l.error()})
	}
	switch {
	case !again:
		return
	case l.job == 0 && l.status > 0:
		// It ended without a task to blame, before its first one or between two; its successors would as well.
		p.fail(wire.Errorf("multiprocessing.ProcessError", "worker %s (pid %d) exited with status %d while it had no task", l.name, l.pid, l.status))
		return
	}
	p.rt.host.Enter(p.thread)
	err := p.startWorker(p.thread)
	p.rt.host.Leave(p.thread)
	if err != nil {
		p.fail(err)
	}
}

// initializerError is why a pool is broken whose initializer failed.
type initializerError struct{ error }

func (e initializerError) Unwrap() error { return e.error }

// error is what the caller of the task that a dead worker was at gets.
func (l lostChild) error() error {
	how := fmt.Sprintf("exited with status %d", l.status)
	if l.status < 0 {
		how = fmt.Sprintf("was killed by signal %s", exitName(l.status)[1:])
	}
	return wire.Errorf("multiprocessing.WorkerLostError", "worker %s (pid %d) %s while it ran this task", l.name, l.pid, how)
}

// fail ends the pool's work: every unfinished and every later call raises err.
func (p *Pool) fail(err error) {
	p.mu.Lock()
	if p.broken == nil {
		p.broken = err
	}
	var ended []work
	for id, j := range p.jobs {
		delete(p.jobs, id)
		j.abortLocked(err)
		ended = append(ended, j)
	}
	workers := p.processes()
	p.mu.Unlock()
	for _, j := range ended {
		j.announceLater()
	}
	for _, c := range workers {
		c.signal(sigterm)
	}
}

// processes lists the workers. p.mu must be held.
func (p *Pool) processes() []*child {
	var all []*child
	for c := range p.workers {
		all = append(all, c)
	}
	return all
}

// stopIfDrained tells the workers of a closed pool to end once there is nothing left to do.
func (p *Pool) stopIfDrained() {
	p.mu.Lock()
	stop := p.state == poolClose && len(p.jobs) == 0 && !p.stopped
	p.stopped = p.stopped || stop
	p.mu.Unlock()
	if !stop {
		return
	}
	for range p.size {
		if err := p.tasks.q.Put((&task{}).append(nil), nil, prim.Opt{}); err != nil {
			p.terminate()
			return
		}
	}
}

// close implements Pool.close.
func (p *Pool) close() {
	p.mu.Lock()
	if p.state == poolRun {
		p.state = poolClose
	}
	p.mu.Unlock()
	p.stopIfDrained()
}

// terminate ends the workers at once; unfinished calls raise. It does not wait for the workers.
func (p *Pool) terminate() {
	p.mu.Lock()
	p.state = poolTerminate
	p.mu.Unlock()
	p.fail(wire.Errorf("multiprocessing.ProcessError", "the pool was terminated"))
}

// await waits until no worker is left, then ends the pool's goroutine.
func (p *Pool) await(cancel *Cancel) error {
	for n := p.live.Load(); n > 0; n = p.live.Load() {
		if err := futex.Wait(&p.live, n, 0, cancel); err != nil {
			return err
		}
	}
	p.cancel.Cancel()
	return nil
}
