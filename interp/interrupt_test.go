package interp

import (
	"testing"

	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func TestInterrupts(t *testing.T) {
	var in interrupts
	thread := new(starlark.Thread)
	cancel := new(mp.Cancel)
	thread.SetLocal(mp.CancelKey, cancel)
	cancelled := func() bool {
		_, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, "x", "x = 1", nil)
		return err != nil
	}

	if in.interrupt() {
		t.Error("an interrupt without a thread was taken")
	}
	in.watch(thread)
	if cancelled() {
		t.Error("cancelled before any interrupt")
	}
	if !in.interrupt() || !cancelled() || !cancel.Canceled() {
		t.Error("an interrupt did not cancel the thread and its waits")
	}
	in.uncancel(thread, interruptReason)
	if cancelled() || cancel.Canceled() {
		t.Error("still cancelled after the interrupt was seen")
	}

	// One that arrives while the thread is cancelled for another reason is not lost.
	thread.Cancel("other")
	in.interrupt()
	in.uncancel(thread, "other")
	if !cancelled() || !cancel.Canceled() {
		t.Error("an interrupt was lost with another cancellation")
	}
	if !in.watch(nil) {
		t.Error("an interrupt that nobody saw was not reported")
	}
	if cancelled() || cancel.Canceled() {
		t.Error("still cancelled after watch")
	}

	// Another cancellation alone is simply lifted.
	in.watch(thread)
	thread.Cancel("other")
	in.uncancel(thread, "other")
	if cancelled() || in.watch(nil) {
		t.Error("a cancellation that was no interrupt stayed")
	}
}
