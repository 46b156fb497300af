package interp

import (
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
)

// activity is a call by the host, and the threads that it has started: those of thread pools, and of callbacks.
type activity struct {
	taken atomic.Uint64 // steps of all of them, counted where Options.MaxSteps is set

	mu      sync.Mutex
	threads []startedThread // guarded by mu: those that still exist, and some more
	tidy    int             // guarded by mu: when there are so many, those that have gone are taken off
}

type startedThread struct {
	thread weak.Pointer[starlark.Thread]
	cancel *mp.Cancel
}

// stepsReason is why a thread is cancelled that has taken all its steps.
const stepsReason = "no steps are left"

// begin makes an activity of thread, which has not run yet. The caller ends it.
func (rt *Runtime) begin(thread *starlark.Thread) *activity {
	a := &activity{tidy: 16}
	rt.activities.Store(thread, a)
	if rt.opts.MaxSteps > 0 {
		rt.limitSteps(thread, a)
	}
	return a
}

// end ends an activity: with cancelled set, also the threads that it has started.
func (rt *Runtime) end(thread *starlark.Thread, a *activity, cancelled bool) {
	rt.activities.Delete(thread)
	a.mu.Lock()
	threads := a.threads
	a.threads = nil
	a.mu.Unlock()
	for _, s := range threads {
		t := s.thread.Value()
		if t == nil {
			continue
		}
		rt.activities.Delete(t)
		if cancelled {
			t.Cancel(cancelReason)
			s.cancel.Cancel()
		}
	}
}

// Partake makes thread, which has not run yet, part of what by is part of, if that is anything.
func (rt host) Partake(thread, by *starlark.Thread) {
	v, ok := rt.activities.Load(by)
	if !ok {
		return
	}
	a := v.(*activity)
	rt.activities.Store(thread, a)
	cancel := thread.Local(mp.CancelKey).(*mp.Cancel)
	a.mu.Lock()
	if len(a.threads) >= a.tidy {
		a.threads = slices.DeleteFunc(a.threads, func(s startedThread) bool { return s.thread.Value() == nil })
		a.tidy = 2*len(a.threads) + 16
	}
	a.threads = append(a.threads, startedThread{weak.Make(thread), cancel})
	a.mu.Unlock()
	if rt.opts.MaxSteps > 0 {
		rt.limitSteps(thread, a)
	}
}

// overBudget reports whether the steps of the activity are used up.
func (rt *Runtime) overBudget(a *activity) bool {
	return rt.opts.MaxSteps > 0 && a.taken.Load() > rt.opts.MaxSteps
}

// limitSteps makes thread end when the activity has taken all its steps.
func (rt *Runtime) limitSteps(thread *starlark.Thread, a *activity) {
	most, slice := rt.opts.MaxSteps, thread.OnMaxSteps
	counted, sliced := uint64(0), uint64(0)
	thread.OnMaxSteps = func(thread *starlark.Thread) {
		n := thread.ExecutionSteps()
		taken := a.taken.Add(n - counted)
		counted = n
		if taken > most {
			thread.Cancel(stepsReason)
			eval.SetMaxSteps(thread, n+1)
			return
		}
		if n-sliced >= timeSlice {
			sliced = n
			slice(thread)
		}
		eval.SetMaxSteps(thread, n+min(timeSlice, most+1-taken))
	}
	eval.SetMaxSteps(thread, min(timeSlice, most+1))
}
