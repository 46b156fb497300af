package mp

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// future is the Go state of a Future, and of a chunk of map, which no script sees.
type future struct {
	fs   *futures
	self starlark.Value // the script's object, nil for a chunk
	done atomic.Uint32  // futex word: 1 when cancelled or finished

	// Guarded by fs.mu.
	state     futureState
	failed    bool // finished, with an exception
	awaited   bool // somebody may sleep on done
	waiters   []*waiter
	callbacks []starlark.Value
	task      *call // how to take it back; nil where no executor has it

	// What came of it, guarded by the script lock once it is finished.
	came     outcome // as it came from a worker, if unopened
	unopened bool
	cleanup  runtime.Cleanup // releases came, if that shares anything
	value    starlark.Value
	exc      starlark.Value // the exception, nil for none
}

type futureState int

const (
	futurePending   futureState = iota
	futureRunning               // also: given to a worker that will run it next
	futureCancelled             // by cancel(), and wait() and as_completed() have not been told yet
	futureNotified              // cancelled, and they know
	futureFinished
)

var futureStates = [...]struct{ name, text string }{
	{"PENDING", "pending"}, {"RUNNING", "running"}, {"CANCELLED", "cancelled"},
	{"CANCELLED_AND_NOTIFIED", "cancelled"}, {"FINISHED", "finished"},
}

// settled reports whether wait and as_completed count the future as done.
func (s futureState) settled() bool { return s == futureNotified || s == futureFinished }

// arriveLocked keeps what came of f from a worker until somebody asks for it. fs.mu must be held.
func (f *future) arriveLocked(out outcome) {
	f.came, f.unopened, f.failed = out, true, out.failed
	if len(out.msg.Handles) > 0 {
		// It holds references to shared objects, and nobody may ever ask for it.
		rt := f.fs.rt
		f.cleanup = runtime.AddCleanup(f, func(out outcome) { out.release(rt) }, out)
	}
}

// newFuture makes a pending future with an object for the script.
func (fs *futures) newFuture(thread *starlark.Thread) (*future, error) {
	self, err := fs.rt.host.Call(thread, fs.future, nil, nil)
	if err != nil {
		return nil, err
	}
	return self.(Instance).Native().(*future), nil
}

// settleLocked makes state, which must be one of the last three, that of f, tells all who wait, and returns what is to be
// called then. fs.mu must be held.
func (f *future) settleLocked(state futureState) (callbacks []starlark.Value) {
	f.state, f.task = state, nil
	if state.settled() {
		f.tellLocked()
	}
	f.done.Store(1)
	if f.awaited {
		futex.Wake(&f.done, futex.All)
	}
	callbacks, f.callbacks = f.callbacks, nil
	return callbacks
}

func (f *future) tellLocked() {
	for _, w := range f.waiters {
		w.tellLocked(f)
	}
}

// cancel cancels f unless it runs or is finished. It returns what the caller then has to call, and may be called without
// the script lock.
func (f *future) cancel() (ok bool, callbacks []starlark.Value) {
	f.fs.mu.Lock()
	task := f.task
	switch f.state {
	case futureRunning, futureFinished:
		f.fs.mu.Unlock()
		return false, nil
	case futureCancelled, futureNotified:
		f.fs.mu.Unlock()
		return true, nil
	}
	if task == nil {
		callbacks = f.settleLocked(futureCancelled)
		f.fs.mu.Unlock()
		return true, callbacks
	}
	// Nobody will look at it again, so this is its end.
	callbacks = f.settleLocked(futureNotified)
	task.over = true
	f.fs.mu.Unlock()
	task.takenBack()
	return true, callbacks
}

// wait blocks until f is done, with an error if that is not in time.
func (f *future) wait(thread *starlark.Thread, timeout seconds) error {
	if f.done.Load() == 1 {
		return nil
	}
	f.fs.mu.Lock()
	f.awaited = true
	f.fs.mu.Unlock()
	if err := f.fs.rt.waitWord(thread, &f.done, 0, timeout); err != nil {
		return err
	}
	if f.done.Load() == 0 {
		return wire.Errorf("TimeoutError", "")
	}
	return nil
}

// outcome waits for f and returns its value and its exception, of which one is nil.
func (f *future) outcome(thread *starlark.Thread, timeout seconds) (v, exc starlark.Value, err error) {
	if err := f.wait(thread, timeout); err != nil {
		return nil, nil, err
	}
	f.fs.mu.Lock()
	finished := f.state == futureFinished
	f.fs.mu.Unlock()
	if !finished {
		return nil, nil, wire.Errorf(cancelledError, "")
	}
	v, exc = f.open()
	return v, exc, nil
}

// result waits for f and returns its value, or raises its exception.
func (f *future) result(thread *starlark.Thread, timeout seconds) (starlark.Value, error) {
	v, exc, err := f.outcome(thread, timeout)
	if err == nil && exc != nil {
		err = f.fs.rt.host.ToError(exc)
	}
	return v, err
}

// open decodes what came of f, which is finished, once. The caller has the script lock.
func (f *future) open() (v, exc starlark.Value) {
	if f.unopened {
		if len(f.came.msg.Handles) > 0 {
			f.cleanup.Stop()
		}
		host := f.fs.rt.host
		v, err := f.came.open(f.fs.rt)
		f.came, f.unopened, f.value = outcome{}, false, v
		if b, ok := err.(*brokenCrew); ok {
			f.exc = b.exceptionWith(host, b.lost)
		} else if err != nil {
			f.exc = host.FromError(err)
		}
	}
	return f.value, f.exc
}

// repr is Future.__repr__.
func (f *future) repr() string {
	f.fs.mu.Lock()
	state := f.state
	f.fs.mu.Unlock()
	text := fmt.Sprintf("<%s at %p state=%s", f.self.(Instance).ClassName(), f, futureStates[state].text)
	if state == futureFinished {
		if v, exc := f.open(); exc != nil {
			text += " raised " + pythonName(exc)
		} else {
			text += " returned " + pythonName(v)
		}
	}
	return text + ">"
}
