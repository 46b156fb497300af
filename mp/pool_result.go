package mp

import (
	"fmt"
	"runtime"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// AsyncResult is the result of apply_async, and under the name of MapResult that of map_async and starmap_async. In CPython the
// class is called ApplyResult, too.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.AsyncResult
type AsyncResult struct {
	shared
	job *job
}

var (
	_ starlark.HasAttrs   = (*AsyncResult)(nil)
	_ starlark.Comparable = (*AsyncResult)(nil)
)

func newAsyncResult(j *job) *AsyncResult {
	r := &AsyncResult{job: j}
	r.shared = shared{rt: j.pool.rt, typ: applyResultType, self: r}
	if !j.single {
		r.typ = mapResultType
	}
	// A result that nobody asks for may hold references to shared objects.
	runtime.AddCleanup(r, func(j *job) { j.release() }, j)
	return r
}

func (r *AsyncResult) String() string {
	return fmt.Sprintf("<multiprocessing.pool.%s object at %p>", r.typ.name, r)
}

// Hash hashes the identity of the value.
func (r *AsyncResult) Hash() (uint32, error) { return pointerHash(r), nil }

// CompareSameType compares identities.
func (r *AsyncResult) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return compareIdentity(op, r == y.(*AsyncResult), r.Type())
}

var (
	applyResultType = &sharedType{"ApplyResult", resultMethods}
	mapResultType   = &sharedType{"MapResult", resultMethods}
)

var resultMethods = []method{
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
		return starlark.None, r.job.pool.waitFor(thread, &r.job.done, 0, timeout)
	}},
	{"ready", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*AsyncResult).job.done.Load() == 1), noArgs(b, args, kwargs)
	}},
	{"successful", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		r := b.Receiver().(*AsyncResult)
		if r.job.done.Load() == 0 {
			return nil, wire.Errorf("ValueError", "%s not ready", r)
		}
		r.job.pool.mu.Lock()
		defer r.job.pool.mu.Unlock()
		return starlark.Bool(!r.job.failure.failed), nil
	}},
}

// get waits for the result and decodes it.
func (r *AsyncResult) get(thread *starlark.Thread, timeout seconds) (starlark.Value, error) {
	if r.job.done.Load() == 0 {
		if err := r.job.pool.waitFor(thread, &r.job.done, 0, timeout); err != nil {
			return nil, err
		}
		if r.job.done.Load() == 0 {
			return nil, wire.Errorf("multiprocessing.TimeoutError", "")
		}
	}
	return r.job.outcome()
}
