package mp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// PoolOptions say what a pool of Go code's is. The zero value is one without limits, of as many workers as the machine has processors.
type PoolOptions struct {
	Workers     int            // processes, 0 for as many as the machine has processors
	Limits      Limits         // of each worker and its tasks; zero fields do not limit
	Initializer starlark.Value // a function that each worker calls first, within the limits of a task; nil for none
	InitArgs    starlark.Tuple // its arguments
	MaxTasks    int            // that a worker does before a new one takes its place, 0 for no limit
}

// Workers are processes that call functions for Go code: what is in an interp.Pool. All methods may be called from any goroutine, outside of
// scripts only.
type Workers struct {
	rt     *Runtime
	pool   *pool
	procs  *procs
	places chan struct{} // as many as tasks may be given out at a time

	mu      sync.Mutex
	dropped map[uint64]bool // guarded by mu: given out, not wanted any more and not over
	threads []*starlark.Thread
	calls   int  // guarded by mu: that were given out and are not over
	guarded bool // guarded by mu: a goroutine is in guard
}

// ErrClosed is returned by the methods of Workers that were closed, or whose Runtime was.
var ErrClosed = errors.New("the pool is closed")

// stopBackstop is how long a worker gets to stop a task that is not wanted any more, or end, before it is killed from outside.
const stopBackstop = 5 * taskGrace

// NewWorkers starts workers. It blocks until they have been started, not until they are ready.
func (rt *Runtime) NewWorkers(o PoolOptions) (*Workers, error) {
	if err := o.Limits.check(); err != nil {
		return nil, err
	}
	if o.Workers < 0 || o.MaxTasks < 0 {
		return nil, fmt.Errorf("mp: a negative number of workers or tasks: %d, %d", o.Workers, o.MaxTasks)
	}
	if o.Workers == 0 {
		o.Workers = rt.host.CPUCount()
	}
	var init starlark.Value = starlark.None
	if o.Initializer != nil {
		init = o.Initializer
	}
	if _, err := initArgs(init, o.InitArgs); err != nil {
		return nil, err
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	// More than there are workers, so that one that is done finds the next task there.
	w := &Workers{rt: rt, places: make(chan struct{}, 2*o.Workers), dropped: map[uint64]bool{}}
	thread := rt.host.NewThread("Workers")
	rt.host.Enter(thread)
	defer rt.host.Leave(thread)
	w.pool = rt.newPool(o.Workers)
	var err error
	if w.procs, err = newProcs(w.pool, init, o.InitArgs, o.MaxTasks); err != nil {
		return nil, err
	}
	limits := o.Limits
	w.procs.limits = &limits
	w.procs.added = w.orderDropped
	if err := w.pool.begin(thread); err != nil {
		return nil, err
	}
	return w, nil
}

// hostCall is a call of a function by Workers.
type hostCall struct {
	id   uint64
	done chan struct{}
	told atomic.Uint32 // 1 when done: a futex word
	out  outcome       // valid when done

	of      *Workers
	dropped bool // guarded by pool.mu: nobody waits for it
}

var _ work = (*hostCall)(nil)

func (c *hostCall) finishLocked(_ uint32, o outcome) (taken, last bool) {
	if c.dropped {
		return false, true
	}
	c.out = o
	return true, true
}

func (c *hostCall) abortLocked(err error) { c.out = failure(err) }

func (c *hostCall) hasCallbacks() bool { return false }

func (c *hostCall) announce(*starlark.Thread) {
	close(c.done)
	c.told.Store(1)
	c.of.procs.wake(&c.told)
	<-c.of.places
	c.of.mu.Lock()
	delete(c.of.dropped, c.id)
	c.of.mu.Unlock()
	c.of.over()
}

// Call calls fn(*args, **kwargs) in a worker and returns the result. It blocks until a worker has done it.
//
// When ctx ends first the task is stopped, by the end of its worker if need be, and the error has ctx's; its Unwrap tells where the script
// was, if that is known. Exceeding a limit gives a *LimitError, and the death of a worker an error of class multiprocessing.WorkerLostError.
func (w *Workers) Call(ctx context.Context, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, &stoppedError{ctx: ctx}
	}
	select {
	case w.places <- struct{}{}:
	case <-ctx.Done():
		return nil, &stoppedError{ctx: ctx}
	}
	c := &hostCall{of: w, done: make(chan struct{})}
	given := false
	defer func() { // there may be a panic of the program's own, in the wire form of one of its types
		if !given {
			<-w.places
		}
	}()
	if err := w.give(c, fn, args, kwargs); err != nil {
		return nil, err
	}
	given = true
	// It takes its result itself, if nobody else takes results: two goroutines less are woken. There are no more callers here than places.
	var cancel Cancel
	unwatch := context.AfterFunc(ctx, cancel.Cancel)
	err := w.procs.await(&c.told, 0, 0, &cancel)
	unwatch()
	if err != nil { // the context has ended, or the pool, which is about to say so
		select {
		case <-c.done:
		case <-ctx.Done():
			if !w.stop(c) {
				return nil, &stoppedError{ctx: ctx}
			}
		}
	}
	v, err := w.open(c)
	if limit := (*LimitError)(nil); err != nil && ctx.Err() != nil && (!errors.As(err, &limit) || limit.Limit == limitEnd) {
		return nil, &stoppedError{ctx: ctx, err: err}
	}
	return v, err
}

// give gives c's task out.
func (w *Workers) give(c *hostCall, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (err error) {
	thread := w.thread()
	w.rt.host.Enter(thread)
	defer w.release(thread)
	if err := callable(fn); err != nil {
		return err
	}
	var keywords starlark.Value = starlark.None
	if len(kwargs) > 0 {
		d := starlark.NewDict(len(kwargs))
		for _, kv := range kwargs {
			if len(kv) != 2 {
				return wire.Errorf("TypeError", "a keyword argument is %d values, must be a name and a value", len(kv))
			}
			if err := d.SetKey(kv[0], kv[1]); err != nil {
				return err
			}
		}
		keywords = d
	}
	if args == nil {
		args = starlark.Tuple{}
	}
	f, err := w.procs.pack(fn)
	if err != nil {
		return err
	}
	held, err := w.procs.encode(task{kind: taskApply}, f, starlark.Tuple{args, keywords})
	if err != nil {
		return err
	}
	if err := w.pool.check(); err != nil {
		held.drop()
		return closedError(err)
	}
	w.guardCalls()
	if c.id, err = w.pool.register(c); err != nil {
		held.drop()
		w.over()
		return closedError(err)
	}
	held.number(c.id)
	if err := held.give(); err != nil && w.pool.withdraw(c.id) {
		w.over()
		return err
	}
	return nil
}

// callable is the error of calling fn, which may be nil as a global is that a script does not have.
func callable(fn starlark.Value) error {
	if fn == nil {
		return wire.Errorf("TypeError", "the function to call is nil")
	}
	if _, ok := fn.(starlark.Callable); !ok {
		return wire.Errorf("TypeError", "'%s' object is not callable", fn.Type())
	}
	return nil
}

// closedError is err, or ErrClosed for that of a pool that was ended.
func closedError(err error) error {
	if errors.Is(err, errTerminated) || errors.Is(err, errNotRunning) {
		return ErrClosed
	}
	return err
}

// open decodes what came of c.
func (w *Workers) open(c *hostCall) (starlark.Value, error) {
	if c.out.err != nil {
		return nil, closedError(c.out.err)
	}
	thread := w.thread()
	w.rt.host.Enter(thread)
	defer w.release(thread)
	return c.out.open(w.rt)
}

// thread takes a thread to have the script lock in; release gives both back.
func (w *Workers) thread() *starlark.Thread {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.threads); n > 0 {
		t := w.threads[n-1]
		w.threads = w.threads[:n-1]
		return t
	}
	return w.rt.host.NewThread("Workers")
}

func (w *Workers) release(t *starlark.Thread) {
	w.rt.host.Leave(t)
	w.mu.Lock()
	w.threads = append(w.threads, t)
	w.mu.Unlock()
}

// stop ends c's task. It reports false if no worker has it: then none will do it, and nobody is to wait for that.
func (w *Workers) stop(c *hostCall) (wait bool) {
	w.mu.Lock()
	w.dropped[c.id] = true
	w.mu.Unlock()
	for _, ch := range w.procs.processes() {
		ch.order(c.id)
	}
	backstop := time.NewTimer(stopBackstop)
	defer backstop.Stop()
	for {
		ch := w.worker(c.id)
		if ch == nil {
			w.pool.mu.Lock()
			select {
			case <-c.done:
				wait = true
			default:
				c.dropped = true
			}
			w.pool.mu.Unlock()
			return wait
		}
		select {
		case <-c.done:
			return true
		case <-backstop.C:
			if ch := w.worker(c.id); ch != nil {
				ch.signal(sigkill)
			}
			backstop.Reset(stopBackstop)
		}
	}
}

// worker is the worker that does the task with that number, nil if none does.
func (w *Workers) worker(id uint64) *child {
	for _, ch := range w.procs.processes() {
		if w.rt.slot(ch.slot).Task[0].Load() == id {
			return ch
		}
	}
	return nil
}

// orderDropped tells a new worker what is not wanted any more.
func (w *Workers) orderDropped(ch *child) {
	w.mu.Lock()
	ids := make([]uint64, 0, len(w.dropped))
	for id := range w.dropped {
		ids = append(ids, id)
	}
	w.mu.Unlock()
	for _, id := range ids {
		ch.order(id)
	}
}

// Close ends the workers; what they are at is not finished, and its callers get ErrClosed. It blocks until they are gone.
func (w *Workers) Close() {
	w.pool.terminate()
	w.pool.await(0, nil)
}

// Pids returns the process ids of the workers that live, in no order.
func (w *Workers) Pids() []int {
	var pids []int
	for _, ch := range w.procs.processes() {
		pids = append(pids, ch.pid)
	}
	return pids
}

// stoppedError is the error of a call whose context has ended.
type stoppedError struct {
	ctx context.Context
	err error // what the worker said, may be nil
}

func (e *stoppedError) Error() string {
	s := context.Cause(e.ctx).Error()
	if limit := (*LimitError)(nil); errors.As(e.err, &limit) && limit.Pos != "" {
		s += " at " + limit.Pos
	}
	return s
}

func (e *stoppedError) Unwrap() []error {
	errs := []error{e.ctx.Err()}
	if cause := context.Cause(e.ctx); !errors.Is(cause, errs[0]) {
		errs = append(errs, cause)
	}
	if e.err != nil {
		errs = append(errs, errors.Unwrap(e.err))
	}
	return errs
}
