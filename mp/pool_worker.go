package mp

import (
	"errors"
	"os"
	"runtime"
	"slices"

	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// worker is a pool's process at work.
type worker struct {
	*taskRunner
	tasks   *prim.Queue
	results *prim.Queue
	leaving *prim.Semaphore
	fns     map[string]starlark.Value // functions received, by wire form: each is rebuilt once
	task    []byte                    // room for the next task
	buf     []byte                    // room for its result

	items, out []starlark.Value // room for those of the next task, and for its results
}

// mostSpare is how many values a worker keeps room for between tasks.
const mostSpare = 1 << 18

// emptied is room that is used again: values without what is in it, or nothing if it is too much to keep.
func emptied(values []starlark.Value) []starlark.Value {
	if cap(values) > mostSpare {
		return nil
	}
	clear(values)
	return values[:0]
}

// mostFunctions is how many functions a worker keeps; a pool rarely sees more than a few.
const mostFunctions = 64

// runWorker is the target of a pool's process: _worker(tasks, results, leaving, initializer, initargs, maxtasks).
func (rt *Runtime) runWorker(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var tasks, results *Queue
	var leaving *Semaphore
	var initializer starlark.Value
	var initargs starlark.Tuple
	var most int
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 6, &tasks, &results, &leaving, &initializer, &initargs, &most); err != nil {
		return nil, err
	}
	w := &worker{taskRunner: newTaskRunner(rt, thread), tasks: tasks.q, results: results.q, leaving: leaving.s, fns: map[string]starlark.Value{}}
	note := &rt.member.Slot().Task
	note[wordStage].Store(stageInit)
	if initializer != starlark.None {
		if _, err := w.confined(task{}, func(*task) (starlark.Value, error) { return rt.host.Call(thread, initializer, initargs, nil) }); err != nil {
			return starlark.None, w.answer(&task{}, resultUnfit, rt.host.FromError(err))
		}
	}
	note[wordStage].Store(stageReady)
	err := w.work(most)
	if err == nil {
		note[0].Store(0)
	}
	return starlark.None, err
}

// work does tasks, up to most of them unless it is 0, until the pool is over or the worker is to leave.
func (w *worker) work(most int) error {
	rt, opt := w.rt, w.rt.opt(w.thread, true, seconds{})
	for n := 0; most == 0 || n < most; {
		if leave, err := w.leaving.Acquire(prim.Opt{NoWait: true}); leave || err != nil {
			return scriptError(err)
		}
		msg, err := w.tasks.GetTask(w.task[:0], opt)
		if err != nil {
			return scriptError(err)
		}
		if cap(msg.Data) <= largestPooled {
			w.task = msg.Data
		}
		t, err := parseTask(msg.Data)
		if err != nil {
			return err
		}
		if t.job == 0 {
			if t.chunk == chunkLook {
				continue
			}
			return nil
		}
		n++
		var v starlark.Value
		var packed answer
		if rt.limits == nil {
			v, err = w.do(&t)
		} else {
			v, err = w.confined(t, func(t *task) (v starlark.Value, err error) {
				if v, err = w.do(t); err == nil {
					packed, err = w.pack(t, resultValue, v) // which may take its time, too
				}
				return v, err
			})
		}
		msg.Release(rt.member)
		if err != nil && rt.isInterrupt(err) {
			return err // as in CPython the process ends, and its task with it
		}
		if limit := (*LimitError)(nil); rt.limits != nil && errors.As(err, &limit) {
			err = scriptError(w.results.Put(limit.append(appendResult(nil, t.job, t.chunk, resultLimit)), nil, prim.Opt{}))
		} else if err != nil {
			err = w.answer(&t, resultError, rt.host.FromError(err))
		} else if packed.data != nil {
			err = w.send(&t, packed, v)
		} else {
			err = w.answer(&t, resultValue, v)
		}
		if err != nil {
			return err
		}
		w.items, w.out = emptied(w.items), emptied(w.out)
		rt.member.Slot().Task[0].Store(0)
	}
	return nil
}

// confined calls do, which does t, under the limits of the process, if it has any.
func (w *worker) confined(t task, do func(*task) (starlark.Value, error)) (starlark.Value, error) {
	if w.rt.limits == nil {
		return do(&t)
	}
	return w.rt.fenced(w.thread, t.job, false, func(e *LimitError) {
		w.results.Put(e.append(appendResult(nil, t.job, t.chunk, resultLimit)), nil, prim.Opt{})
	}, func() (starlark.Value, error) { return do(&t) })
}

// do does one task. SystemExit is an error of the task like any other.
func (w *worker) do(t *task) (starlark.Value, error) {
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
	codec := w.rt.host.Codec()
	var tooLate func()
	if t.limit != 0 {
		tooLate = func() { w.giveUp(t) }
	}
	if t.kind == taskApply {
		args, err := codec.Decode(t.args)
		if err != nil {
			return nil, err
		}
		return w.run(t, f, args, nil, tooLate)
	}
	items, err := codec.AppendElements(w.items, t.args)
	if err != nil {
		return nil, err
	}
	w.items, w.out = items, slices.Grow(w.out, len(items))[:len(items)]
	return w.run(t, f, starlark.NewList(items), w.out, tooLate)
}

// giveUp ends this process because the task cannot be stopped. The result needs no script lock, which the task may have.
func (w *worker) giveUp(t *task) {
	if err := w.results.Put(appendOverdue(nil, t), nil, prim.Opt{}); err != nil {
		w.rt.host.Stderr("starmp: a task that had not ended in time could not be reported: " + err.Error() + "\n")
	}
	w.rt.Kill()
	killPid(os.Getpid())
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

// answer is a result as it is sent.
type answer struct {
	kind    byte
	data    []byte
	handles []wire.Handle
}

// answer sends a result. One that cannot be sent is an error of the task.
func (w *worker) answer(t *task, kind byte, v starlark.Value) error {
	a, err := w.pack(t, kind, v)
	if err != nil {
		return err
	}
	return w.send(t, a, v)
}

// pack makes a result ready to be sent. It is valid until the next one is made.
func (w *worker) pack(t *task, kind byte, v starlark.Value) (answer, error) {
	codec := w.rt.host.Codec()
	data, handles, err := codec.Encode(appendResult(w.buf[:0], t.job, t.chunk, kind), "result", v)
	if err != nil {
		if kind == resultValue {
			kind = resultError
		}
		exc := w.rt.host.FromError(&encodingError{exc: w.rt.host.FromError(err), value: v})
		if data, handles, err = codec.Encode(appendResult(w.buf[:0], t.job, t.chunk, kind), "result", exc); err != nil {
			return answer{}, err
		}
	}
	if cap(data) <= largestPooled {
		w.buf = data[:0]
	}
	return answer{kind, data, handles}, nil
}

// send sends a result, which is that of v.
func (w *worker) send(t *task, a answer, v starlark.Value) error {
	err := w.results.Put(a.data, arenaHandles(a.handles), prim.Opt{})
	if err != nil && a.kind == resultValue {
		return w.answer(t, resultError, w.rt.host.FromError(scriptError(err)))
	}
	runtime.KeepAlive(v) // it holds what the handles stand for
	return scriptError(err)
}

// encodingError is MaybeEncodingError: the result of a task could not be sent.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.pool documents no more than its name.
type encodingError struct{ exc, value starlark.Value }

func (e *encodingError) Error() string {
	return "Error sending result: '" + e.value.String() + "'. Reason: '" + e.exc.String() + "'"
}

func (e *encodingError) ExceptionClass() string { return "multiprocessing.pool.MaybeEncodingError" }

func (e *encodingError) ExceptionArgs() starlark.Tuple {
	return starlark.Tuple{starlark.String(e.exc.String()), starlark.String(e.value.String())}
}
