package mp

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// job is one call of map, apply or the like: chunks of work, done when each has its result.
type job struct {
	pool     *Pool
	id       uint64
	single   bool          // the result is the only chunk's value, not the concatenation of lists
	done     atomic.Uint32 // futex word, 1 when finished
	callback starlark.Value
	onError  starlark.Value

	left    int        // guarded by pool.mu: chunks without a result
	results []prim.Msg // guarded by pool.mu, by chunk; Data is nil until there
	failure failure    // guarded by pool.mu: of the first chunk that failed

	decoded bool // guarded by the script lock, like the outcome that follows
	value   starlark.Value
	err     error
}

// failure is an error as it came from a worker, still encoded, or one of the pool itself.
type failure struct {
	set bool
	msg prim.Msg
	err error
}

// work is what a pool keeps of a call until it is finished: a job, or an imap.
type work interface {
	// finishLocked stores the outcome of one chunk. It reports whether the work took it, and whether it was the last one.
	// pool.mu must be held.
	finishLocked(chunk uint32, msg prim.Msg, fail failure) (taken, last bool)
	// abortLocked makes err the outcome of what is unfinished. pool.mu must be held.
	abortLocked(err error)
	// announce tells of the finished work, in thread. The caller does not have the script lock.
	announce(thread *starlark.Thread)
	// announceLater is announce for a caller that may have the script lock.
	announceLater()
}

func (j *job) finishLocked(chunk uint32, msg prim.Msg, fail failure) (taken, last bool) {
	if int(chunk) >= len(j.results) || j.results[chunk].Data != nil {
		return false, false
	}
	if fail.set {
		j.results[chunk].Data = []byte{}
		if !j.failure.set {
			j.failure = fail
		}
	} else {
		j.results[chunk] = msg
	}
	j.left--
	return true, j.left == 0
}

func (j *job) abortLocked(err error) { j.failure, j.left = failure{set: true, err: err}, 0 }

// AsyncResult is the result of apply_async, map_async and starmap_async.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.AsyncResult
type AsyncResult struct {
	job     *job
	methods [4]*starlark.Builtin
}

var _ starlark.HasAttrs = (*AsyncResult)(nil)

func newAsyncResult(j *job) *AsyncResult {
	r := &AsyncResult{job: j}
	// A result that nobody asks for may hold references to shared objects.
	runtime.AddCleanup(r, func(j *job) { j.release() }, j)
	return r
}

// release gives up what the undecoded results refer to.
func (j *job) release() {
	j.pool.mu.Lock()
	defer j.pool.mu.Unlock()
	for i := range j.results {
		j.results[i].Release(j.pool.rt.member)
	}
	j.failure.msg.Release(j.pool.rt.member)
}

func (r *AsyncResult) String() string {
	return fmt.Sprintf("<multiprocessing.pool.AsyncResult object at %p>", r)
}
func (r *AsyncResult) Type() string          { return "AsyncResult" }
func (r *AsyncResult) Freeze()               {}
func (r *AsyncResult) Truth() starlark.Bool  { return true }
func (r *AsyncResult) Hash() (uint32, error) { return uint32(r.job.id), nil }

var asyncMethods = [...]method{
	{"get", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var timeout seconds
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
			return nil, err
		}
		return b.Receiver().(*AsyncResult).get(thread, timeout)
	}},
	{"wait", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var timeout seconds
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
			return nil, err
		}
		r := b.Receiver().(*AsyncResult)
		return starlark.None, r.job.pool.rt.waitWord(thread, &r.job.done, 0, timeout)
	}},
	{"ready", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*AsyncResult).job.done.Load() == 1), noArgs(b, args, kwargs)
	}},
	{"successful", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		r := b.Receiver().(*AsyncResult)
		if r.job.done.Load() == 0 {
			return nil, wire.Errorf("ValueError", "%s not ready", r)
		}
		r.job.pool.mu.Lock()
		defer r.job.pool.mu.Unlock()
		return starlark.Bool(!r.job.failure.set), noArgs(b, args, kwargs)
	}},
}

// Attr implements starlark.HasAttrs.
func (r *AsyncResult) Attr(name string) (starlark.Value, error) {
	for i := range asyncMethods {
		if asyncMethods[i].name == name {
			if r.methods[i] == nil {
				r.methods[i] = starlark.NewBuiltin(name, asyncMethods[i].fn).BindReceiver(r)
			}
			return r.methods[i], nil
		}
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (r *AsyncResult) AttrNames() []string { return []string{"get", "ready", "successful", "wait"} }

// get waits for the result and decodes it.
func (r *AsyncResult) get(thread *starlark.Thread, timeout seconds) (starlark.Value, error) {
	rt := r.job.pool.rt
	if r.job.done.Load() == 0 {
		if err := rt.waitWord(thread, &r.job.done, 0, timeout); err != nil {
			return nil, err
		}
		if r.job.done.Load() == 0 {
			return nil, wire.Errorf("multiprocessing.TimeoutError", "")
		}
	}
	return r.job.outcome()
}

// outcome decodes what came of a finished job, once. The caller has the script lock.
func (j *job) outcome() (starlark.Value, error) {
	if !j.decoded {
		j.value, j.err = j.decode()
		j.decoded = true
	}
	return j.value, j.err
}

// decode takes the results over and decodes them.
func (j *job) decode() (starlark.Value, error) {
	rt := j.pool.rt
	j.pool.mu.Lock()
	fail, results := j.failure, j.results
	j.results, j.failure.msg = nil, prim.Msg{}
	j.pool.mu.Unlock()
	if fail.set {
		for i := range results {
			results[i].Release(rt.member)
		}
		if fail.err != nil {
			return nil, fail.err
		}
		exc, err := rt.decoded(fail.msg)
		if err != nil {
			return nil, err
		}
		return nil, rt.host.ToError(exc)
	}
	var all []starlark.Value
	for i := range results {
		v, err := rt.decoded(results[i])
		if err != nil {
			return nil, err
		}
		if j.single {
			return v, nil
		}
		l, ok := v.(*starlark.List)
		if !ok {
			return nil, fmt.Errorf("BUG: pool: results are a %s", v.Type())
		}
		if len(results) == 1 {
			return l, nil
		}
		all = append(all, elements(l)...)
	}
	return starlark.NewList(all), nil
}

// announce runs the callbacks of the finished job and wakes who waits for it.
func (j *job) announce(thread *starlark.Thread) {
	if j.callback != nil || j.onError != nil {
		j.callBack(thread)
	}
	j.done.Store(1)
	futex.Wake(&j.done, futex.All)
}

func (j *job) announceLater() {
	if j.callback == nil && j.onError == nil {
		j.announce(nil)
		return
	}
	go j.announce(j.pool.rt.host.NewThread("Pool"))
}

func (j *job) callBack(thread *starlark.Thread) {
	host := j.pool.rt.host
	host.Enter(thread)
	defer host.Leave(thread)
	v, err := j.outcome()
	f, arg := j.callback, v
	if err != nil {
		f, arg = j.onError, host.FromError(err)
	}
	if f == nil {
		return
	}
	if _, err := host.Call(thread, f, starlark.Tuple{arg}, nil); err != nil {
		host.Stderr("Exception in callback of a pool:\n" + host.Traceback(err))
	}
}
