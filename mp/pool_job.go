package mp

import (
	"sync/atomic"

	"go.starlark.net/starlark"
)

// job is one call of map, apply or the like: chunks of work, done when each has its outcome.
type job struct {
	pool     *pool
	id       uint64
	single   bool          // the result is the only chunk's value, not the concatenation of lists
	total    int           // items
	size     int           // items of a chunk
	done     atomic.Uint32 // futex word, 1 when finished
	callback starlark.Value
	onError  starlark.Value
	bar      *progressBar // may be nil

	keep    *Pool     // guarded by pool.mu: the script's pool must not count as dropped before its work is done
	left    int       // guarded by pool.mu: chunks without an outcome
	results []outcome // guarded by pool.mu, by chunk
	failure outcome   // guarded by pool.mu: of the first chunk that failed

	decoded bool // guarded by the script lock, like the result that follows
	value   starlark.Value
	err     error
}

var _ work = (*job)(nil)

// newJob makes a job of chunks and registers it. The error is that of a broken pool.
func (p *Pool) newJob(chunks int, single bool, callback, onError starlark.Value) (_ *job, err error) {
	j := &job{pool: p.pool, keep: p, left: chunks, single: single, total: 1, size: 1, results: make([]outcome, chunks)}
	if callback != starlark.None {
		j.callback = callback
	}
	if onError != starlark.None {
		j.onError = onError
	}
	j.id, err = p.register(j)
	return j, err
}

func (j *job) finishLocked(chunk uint32, o outcome) (taken, last bool) {
	if int(chunk) >= len(j.results) || j.results[chunk].there() {
		return false, false
	}
	j.results[chunk] = o
	if o.failed {
		j.results[chunk] = outcome{failed: true}
		if !j.failure.failed {
			j.failure = o
		} else {
			o.release(j.pool.rt)
		}
	}
	j.bar.add(min(j.size, j.total-int(chunk)*j.size))
	j.left--
	if j.left == 0 {
		j.keep = nil
	}
	return true, j.left == 0
}

// there reports whether there is an outcome at all.
func (o *outcome) there() bool { return o.failed || o.msg.Data != nil || o.value != nil }

// abortLocked finishes a job before its time, with the error err, or because it has no chunks.
func (j *job) abortLocked(err error) {
	if j.left, j.keep = 0, nil; err != nil && !j.failure.failed {
		j.failure = failure(err)
	}
}

// release gives up what the undecoded results refer to.
func (j *job) release() {
	j.pool.mu.Lock()
	defer j.pool.mu.Unlock()
	for i := range j.results {
		j.results[i].release(j.pool.rt)
	}
	j.failure.release(j.pool.rt)
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
	j.results, j.failure = nil, outcome{failed: fail.failed}
	j.pool.mu.Unlock()
	if fail.failed {
		for i := range results {
			results[i].release(rt)
		}
		_, err := fail.open(rt)
		return nil, err
	}
	if j.single {
		return results[0].open(rt)
	}
	all := make([]starlark.Value, 0, j.total)
	for i := range results {
		var err error
		if all, err = results[i].appendTo(rt, all); err != nil {
			for k := range results[i+1:] {
				results[i+1+k].release(rt)
			}
			return nil, err
		}
	}
	return starlark.NewList(all), nil
}

func (j *job) hasCallbacks() bool { return j.callback != nil || j.onError != nil }

// announce runs the callbacks of the finished job and wakes who waits for it.
func (j *job) announce(thread *starlark.Thread) {
	j.bar.end()
	if j.hasCallbacks() {
		j.callBack(thread)
	}
	j.done.Store(1)
	j.pool.team.wake(&j.done)
}

// callBack calls the callback that the result is for. An error in it is shown, and changes nothing.
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
