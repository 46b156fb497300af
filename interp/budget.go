package interp

import (
	"runtime"
	"sync/atomic"
	"weak"

	"go.starlark.net/starlark"
)

// budget is the steps that Options.MaxSteps leaves to the threads of one call.
type budget struct{ taken atomic.Uint64 }

// stepsReason is why a thread is cancelled that has taken all its steps.
const stepsReason = "no steps are left"

// newBudget gives a thread that has not run yet a budget of its own.
func (rt *Runtime) newBudget(thread *starlark.Thread) {
	if rt.opts.MaxSteps > 0 {
		rt.limitSteps(thread, new(budget))
	}
}

// shareBudget gives a thread that has not run yet the budget of the one that runs now, which starts it.
func (rt *Runtime) shareBudget(thread *starlark.Thread) {
	if rt.opts.MaxSteps == 0 {
		return
	}
	if b, ok := rt.budgets.Load(weak.Make(rt.lock.current.Load())); ok {
		rt.limitSteps(thread, b.(*budget))
	}
}

// overBudget reports whether the thread's budget is used up.
func (rt *Runtime) overBudget(thread *starlark.Thread) bool {
	b, ok := rt.budgets.Load(weak.Make(thread))
	return ok && b.(*budget).taken.Load() > rt.opts.MaxSteps
}

// limitSteps makes thread end when the budget is used up.
func (rt *Runtime) limitSteps(thread *starlark.Thread, b *budget) {
	key := weak.Make(thread)
	rt.budgets.Store(key, b)
	runtime.AddCleanup(thread, func(key weak.Pointer[starlark.Thread]) { rt.budgets.Delete(key) }, key)
	most, slice := rt.opts.MaxSteps, thread.OnMaxSteps
	counted, sliced := uint64(0), uint64(0)
	thread.OnMaxSteps = func(thread *starlark.Thread) {
		n := thread.ExecutionSteps()
		taken := b.taken.Add(n - counted)
		counted = n
		if taken > most {
			thread.Cancel(stepsReason)
			thread.SetMaxExecutionSteps(n + 1)
			return
		}
		if n-sliced >= timeSlice {
			sliced = n
			slice(thread)
		}
		thread.SetMaxExecutionSteps(n + min(timeSlice, most+1-taken))
	}
	thread.SetMaxExecutionSteps(min(timeSlice, most+1))
}
