package mp

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// taskRunner runs tasks in one thread, one after the other. What it is at can be stopped.
type taskRunner struct {
	rt      *Runtime
	thread  *starlark.Thread
	cancel  *Cancel
	stopped atomic.Bool
}

func newTaskRunner(rt *Runtime, thread *starlark.Thread) *taskRunner {
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	return &taskRunner{rt: rt, thread: thread, cancel: cancel}
}

// The reasons why a task's thread is cancelled. They are no exceptions' names: a task cannot catch them.
const (
	limitReason = "the task's time is over"
	stopReason  = "the pool was terminated"
)

// limitGrace is how long a task gets to end when its time is over. What takes longer is a function written in Go that does not look.
const limitGrace = 2 * time.Second

// run does a task: f, as t.kind says, with args. An item's time is its own. tooLate is called, on a goroutine, if one does not end
// when its time is over. A map's results are put in out, if that has room for them. The caller has the script lock.
func (r *taskRunner) run(t *task, f, args starlark.Value, out []starlark.Value, tooLate func()) (starlark.Value, error) {
	call := func(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if t.limit == 0 {
			return r.rt.host.Call(r.thread, f, args, kwargs)
		}
		return r.limited(t.limit, tooLate, func() (starlark.Value, error) { return r.rt.host.Call(r.thread, f, args, kwargs) })
	}
	if _, ok := f.(starlark.Callable); !ok {
		return nil, wire.Errorf("TypeError", "'%s' object is not callable", f.Type())
	}
	if t.kind == taskApply {
		pair, ok := args.(starlark.Tuple)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("BUG: pool: arguments are a %s", args.Type())
		}
		spreadArgs, err := spread(pair[0])
		if err != nil {
			return nil, err
		}
		var kwargs []starlark.Tuple
		if d, ok := pair[1].(*starlark.Dict); ok {
			kwargs = d.Items()
			for _, kv := range kwargs {
				if _, ok := kv[0].(starlark.String); !ok {
					return nil, wire.Errorf("TypeError", "keywords must be strings")
				}
			}
		}
		return call(spreadArgs, kwargs)
	}
	items, ok := args.(starlark.Indexable) // a list, or a range
	if !ok {
		return nil, fmt.Errorf("BUG: pool: items are a %s", args.Type())
	}
	if cap(out) < items.Len() {
		out = make([]starlark.Value, items.Len())
	}
	out = out[:items.Len()]
	one := make(starlark.Tuple, 1)
	for i := range out {
		args := one
		var err error
		if t.kind == taskStarmap {
			if args, err = spread(items.Index(i)); err != nil {
				return nil, err
			}
		} else {
			one[0] = items.Index(i)
		}
		if out[i], err = call(args, nil); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(out), nil
}

// limited calls call, and cancels what it does when limit is over. The caller has the script lock.
func (r *taskRunner) limited(limit time.Duration, tooLate func(), call func() (starlark.Value, error)) (starlark.Value, error) {
	done, stopped := make(chan struct{}), make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		defer close(stopped)
		if !r.insist(limitReason, done, limitGrace) {
			tooLate()
		}
	})
	v, err := call()
	close(done)
	if timer.Stop() {
		return v, err
	}
	<-stopped // it waits for nothing that needs the script lock
	if !r.stopped.Load() {
		r.thread.Uncancel()
		r.cancel.Reset()
	}
	return nil, overdue(limit, err)
}

// insist cancels what the thread does, until done is closed. It does so again and again, since an error of a special method may take back a
// cancellation. It reports false if grace is over before.
func (r *taskRunner) insist(reason string, done <-chan struct{}, grace time.Duration) bool {
	const pause = 10 * time.Millisecond
	end := time.NewTimer(grace)
	defer end.Stop()
	for again := time.NewTimer(0); ; again.Reset(pause) {
		select {
		case <-done:
			again.Stop()
			return true
		case <-end.C:
			again.Stop()
			return false
		case <-again.C:
			r.thread.Cancel(reason)
			r.cancel.Cancel()
		}
	}
}

// stop has no more tasks run. It reports whether this is the first call; then the caller insists.
func (r *taskRunner) stop() bool { return !r.stopped.Swap(true) }

func (r *taskRunner) stopping() bool { return r.stopped.Load() }

// overdue is the error of a task that has taken longer than limit. err is what came of its cancellation, if anything.
func overdue(limit time.Duration, err error) error {
	e := &overdueError{limit: limit}
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		for _, fr := range eval.CallStack {
			if fr.Pos.Line > 0 {
				fr.Pos.Col = 0
				e.pos = fr.Pos.String()
			}
		}
		e.stack = &starlark.EvalError{Msg: e.Error(), CallStack: eval.CallStack}
	}
	return e
}

// overdueError is what the caller of a task gets whose time was over.
type overdueError struct {
	limit time.Duration
	pos   string // where it was then, file:line; empty if that is not known
	stack error
}

func (e *overdueError) Error() string {
	s := "task has not ended within its timeout of " + strconv.FormatFloat(e.limit.Seconds(), 'g', -1, 64) + " seconds"
	if e.pos != "" {
		s += ", it was at " + e.pos
	}
	return s
}

func (e *overdueError) ExceptionClass() string { return "multiprocessing.TimeoutError" }

func (e *overdueError) Unwrap() error { return e.stack }
