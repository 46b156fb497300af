package stdlib

import (
	"errors"
	"strings"

	"go.starlark.net/starlark"
)

// go.starlark.net asks for texts, truth, hashes and iterators through methods that have no thread and mostly return no
// error. When a special method fails there, its error is kept as pending and the thread is cancelled, which
// ends it before its next instruction; whoever looks at the resulting error asks Pending for the real one.

// pendingReason is the cancellation reason of a thread with a pending error.
const pendingReason = "special method failed"

// cancelPrefix starts the text of go.starlark.net's error in a cancelled thread.
const cancelPrefix = "Starlark computation cancelled: "

// pendingErrors holds at most one error for each thread: the first.
type pendingErrors map[*starlark.Thread]error

// Fail makes err the pending error of the thread that has the script lock. It is for Go code that go.starlark.net calls
// without a way to return an error. Only the first one counts until Pending takes it.
func (l *Lib) Fail(err error) {
	thread := l.cfg.Current()
	if thread == nil {
		return
	}
	if _, ok := l.pending[thread]; ok {
		return
	}
	if l.pending == nil {
		l.pending = pendingErrors{}
	}
	l.pending[thread] = l.cfg.Locate(thread, err)
	thread.Cancel(pendingReason)
	l.cfg.Hurry(thread)
}

// Pending returns the error that err stands for: the pending error of the current thread where there is one, else err.
// A thread that was cancelled for an exception ("RecursionError: maximum recursion depth exceeded" as the reason)
// may run on afterwards. Everyone who inspects an error of a script, or ends a script with one, calls Pending first;
// FromError and ExitStatus do it themselves.
func (l *Lib) Pending(err error) error {
	thread := l.cfg.Current()
	if thread == nil {
		return err
	}
	if p, ok := l.pending[thread]; ok {
		delete(l.pending, thread)
		if reason, cancelled := cancelReason(err); cancelled && isInterrupt(reason) {
			return err
		}
		l.cfg.Uncancel(thread, pendingReason)
		return p
	}
	if reason, ok := cancelReason(err); ok {
		if class, _, _ := strings.Cut(reason, ": "); l.excs[class] != nil && !isInterrupt(reason) {
			l.cfg.Uncancel(thread, reason)
		}
	}
	return err
}

// check returns the pending error, if there is one. Go code that has called special methods through
// go.starlark.net calls it before it does anything that a failure must prevent.
func (l *Lib) check() error {
	if len(l.pending) == 0 {
		return nil
	}
	return l.Pending(nil)
}

// cancelReason returns why the thread was cancelled, if err says that it was.
func cancelReason(err error) (string, bool) {
	if err == nil {
		return "", false
	}
	return strings.CutPrefix(innermost(err).Error(), cancelPrefix)
}

// isInterrupt reports whether a cancellation is Ctrl-C's.
func isInterrupt(reason string) bool { return reason == "KeyboardInterrupt" }

// innermost returns the last error of a chain.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
