package interp

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// takeSignals makes the system deliver the signals that wait for one of this process's threads. It hands a thread all of them when the
// thread comes back from a call with a signal of its own to take; left alone, they would wait until the thread they woke gets a processor.
func takeSignals() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGURG) // which Go's runtime uses for itself, and which does no harm
}
