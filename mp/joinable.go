package mp

import (
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// A JoinableQueue is a [Queue] that counts: multiprocessing.JoinableQueue.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.JoinableQueue
//
// What a process took and did not finish before its end stays unfinished, as in CPython.
var joinableType = &sharedType{"JoinableQueue", append([]method{
	{"task_done", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, scriptError(b.Receiver().(*Queue).q.TaskDone())
	}},
	{"join", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		q := b.Receiver().(*Queue)
		_, err := q.q.Join(q.rt.opt(thread, true, seconds{}))
		return starlark.None, scriptError(err)
	}},
}, queueType.methods...)}

// makeJoinable is JoinableQueue(maxsize=0).
func (rt *Runtime) makeJoinable(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return rt.unpackQueue(b, args, kwargs, prim.NewJoinable)
}
