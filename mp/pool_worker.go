package mp

import (
	"errors"
	"fmt"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// worker is a pool's process at work.
type worker struct {
	rt      *Runtime
	thread  *starlark.Thread
	tasks   *prim.Queue
	results *prim.Queue
	fns     map[string]starlark.Value // functions received, by wire form: each is rebuilt once
	buf     []byte
}

// mostFunctions is how many functions a worker keeps; a pool rarely sees more than a few.
const mostFunctions = 64

// runWorker is the target of a pool's process: _worker(tasks, results, initializer, initargs, maxtasks).
func (rt *Runtime) runWorker(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var tasks, results *Queue
	var initializer starlark.Value
	var initargs starlark.Tuple
	var most int
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 5, &tasks, &results, &initializer, &initargs, &most); err != nil {
		return nil, err
	}
	w := &worker{rt: rt, thread: thread, tasks: tasks.q, results: results.q, fns: map[string]starlark.Value{}}
	if initializer != starlark.None {
		if _, err := rt.host.Call(thread, initializer, initargs, nil); err != nil {
			return starlark.None, w.answer(&task{}, resultUnfit, rt.host.FromError(err))
		}
	}
	opt := rt.opt(thread, true, seconds{})
	for n := 0; most == 0 || n < most; n++ {
		msg, err := w.tasks.GetTask(opt)
		if err != nil {
			return nil, scriptError(err)
		}
		t, err := parseTask(msg.Data)
		if err != nil {
			return nil, err
		}
		if t.job == 0 {
			break
		}
		v, err := w.run(&t)
		msg.Release(rt.member)
		switch {
		case errors.Is(err, futex.ErrCanceled):
			return nil, errInterrupted
		case err != nil:
			err = w.answer(&t, resultError, rt.host.FromError(err))
		default:
			err = w.answer(&t, resultValue, v)
		}
		if err != nil {
			return nil, err
		}
		rt.member.Slot().Task[0].Store(0)
	}
	rt.member.Slot().Task[0].Store(0)
	return starlark.None, nil
}

// run does one task. SystemExit is an error of the task like any other.
func (w *worker) run(t *task) (starlark.Value, error) {
	f := w.fns[string(t.fn)]
	if f == nil {
		var err error
		if f, err = w.rt.host.Codec().Decode(t.fn); err != nil {
			return nil, err
		}
		if len(w.fns) >= mostFunctions {
			clear(w.fns)
		}
		w.fns[string(t.fn)] = f
	}
	in, err := w.rt.host.Codec().Decode(t.args)
	if err != nil {
		return nil, err
	}
	if t.kind == taskApply {
		pair, ok := in.(starlark.Tuple)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("BUG: pool: arguments are a %s", in.Type())
		}
		return w.apply(f, pair[0], pair[1])
	}
	items, ok := in.(*starlark.List)
	if !ok {
		return nil, fmt.Errorf("BUG: pool: items are a %s", in.Type())
	}
	out := make([]starlark.Value, items.Len())
	one := make(starlark.Tuple, 1)
	for i := range out {
		if t.kind == taskStarmap {
			args, err := spread(items.Index(i))
			if err != nil {
				return nil, err
			}
			if out[i], err = w.rt.host.Call(w.thread, f, args, nil); err != nil {
				return nil, err
			}
			continue
		}
		one[0] = items.Index(i)
		if out[i], err = w.rt.host.Call(w.thread, f, one, nil); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(out), nil
}

func (w *worker) apply(f, args, kwargs starlark.Value) (starlark.Value, error) {
	a, err := spread(args)
	if err != nil {
		return nil, err
	}
	var kw []starlark.Tuple
	if d, ok := kwargs.(*starlark.Dict); ok {
		kw = d.Items()
	}
	return w.rt.host.Call(w.thread, f, a, kw)
}

// spread is *v in a call.
func spread(v starlark.Value) (starlark.Tuple, error) {
	if t, ok := v.(starlark.Tuple); ok {
		return t, nil
	}
	iter := starlark.Iterate(v)
	if iter == nil {
		return nil, wire.Errorf("TypeError", "argument after * must be an iterable, not %s", v.Type())
	}
	defer iter.Done()
	var t starlark.Tuple
	for x := starlark.Value(nil); iter.Next(&x); {
		t = append(t, x)
	}
	return t, nil
}

// answer sends a result. One that cannot be sent is an error of the task.
func (w *worker) answer(t *task, kind byte, v starlark.Value) error {
	codec := w.rt.host.Codec()
	data, handles, err := codec.Encode(appendResult(w.buf[:0], t.job, t.chunk, kind), "result", v)
	if err != nil {
		if kind == resultValue {
			kind = resultError
		}
		exc := w.rt.host.FromError(wire.Errorf("multiprocessing.pool.MaybeEncodingError", "Error sending result: '%s'. Reason: '%v'", v, err))
		if data, handles, err = codec.Encode(appendResult(w.buf[:0], t.job, t.chunk, kind), "result", exc); err != nil {
			return err
		}
	}
	if cap(data) <= largestPooled {
		w.buf = data[:0]
	}
	err = w.results.Put(data, arenaHandles(handles), prim.Opt{})
	if err != nil && kind == resultValue {
		return w.answer(t, resultError, w.rt.host.FromError(scriptError(err)))
	}
	return scriptError(err)
}
