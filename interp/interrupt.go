package interp

import (
	"sync"

	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
)

// interruptReason is the reason with which a thread is cancelled for Ctrl-C; its error is a KeyboardInterrupt.
const interruptReason = "KeyboardInterrupt"

// interrupts delivers Ctrl-C to one thread.
type interrupts struct {
	mu      sync.Mutex
	thread  *starlark.Thread // guarded by mu: nil while nothing can be interrupted
	cancel  *mp.Cancel       // guarded by mu: the thread's; only the thread itself may look for it while it runs
	pending bool             // guarded by mu: delivered, and not yet turned into an exception
}

// watch makes thread the one to interrupt; nil for none. It reports whether the thread before it had an interrupt that
// it has not seen.
func (in *interrupts) watch(thread *starlark.Thread) (unseen bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	unseen = in.pending
	if unseen {
		in.reset()
	}
	in.thread, in.cancel = thread, nil
	if thread != nil {
		in.cancel = thread.Local(mp.CancelKey).(*mp.Cancel)
	}
	return unseen
}

// interrupt ends what the thread is doing, calls that block included. It reports false if there is no thread.
func (in *interrupts) interrupt() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.thread == nil {
		return false
	}
	in.pending = true
	in.thread.Cancel(interruptReason)
	// This waits for the waits that it ends. None of them needs mu to end.
	in.cancel.Cancel()
	return true
}

// uncancel lets thread run on after a cancellation for that reason. An interrupt that it has not seen stays.
func (in *interrupts) uncancel(thread *starlark.Thread, reason string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case thread != in.thread || !in.pending:
		thread.Uncancel()
	case reason == interruptReason:
		in.reset()
	default:
		thread.Uncancel()
		thread.Cancel(interruptReason)
	}
}

func (in *interrupts) reset() {
	in.pending = false
	in.thread.Uncancel()
	in.cancel.Reset()
}
