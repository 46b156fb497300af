package mp

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// seconds is a timeout argument: None waits forever, negative numbers count as zero, as in CPython.
type seconds struct {
	set bool
	d   time.Duration
}

// Unpack implements starlark.Unpacker.
func (s *seconds) Unpack(v starlark.Value) error {
	if v == starlark.None {
		*s = seconds{}
		return nil
	}
	var f float64
	if b, ok := v.(starlark.Bool); ok {
		f = float64(ofBool(b)) // a number, as in Python
	} else if f, ok = starlark.AsFloat(v); !ok {
		return fmt.Errorf("got %s, want a number of seconds or None", v.Type())
	}
	if math.IsNaN(f) {
		return fmt.Errorf("got NaN, want a number of seconds or None")
	}
	const longest = 100 * 365 * 24 * 3600
	f = math.Max(0, math.Min(f, longest))
	*s = seconds{true, time.Duration(f * float64(time.Second))}
	return nil
}

// integer is an int argument; True and False are 1 and 0, as in Python.
type integer int

// Unpack implements starlark.Unpacker.
func (n *integer) Unpack(v starlark.Value) error {
	if b, ok := v.(starlark.Bool); ok {
		*n = integer(ofBool(b))
		return nil
	}
	i, ok := v.(starlark.Int)
	if !ok {
		return fmt.Errorf("got %s, want int", v.Type())
	}
	return starlark.AsInt(i, (*int)(n))
}

func ofBool(b starlark.Bool) int {
	if b {
		return 1
	}
	return 0
}

// errInterrupted is what a blocking call returns when its thread's Cancel fires.
var errInterrupted error = interruptedError{}

// interruptedError is the error of a thread that was cancelled for an interrupt, as go.starlark.net words it: the thread has been.
type interruptedError struct{}

func (interruptedError) Error() string { return "Starlark computation cancelled: KeyboardInterrupt" }

// isInterrupt reports whether err is a KeyboardInterrupt. The caller has the script lock.
func (rt *Runtime) isInterrupt(err error) bool {
	exc, ok := rt.host.FromError(err).(Instance)
	return ok && exc.ClassName() == "KeyboardInterrupt"
}

// opt is how thread waits in a primitive.
func (rt *Runtime) opt(thread *starlark.Thread, block bool, timeout seconds) prim.Opt {
	o := prim.Opt{
		NoWait: !block,
		Thread: rt.threadID(thread),
		Pos:    func() string { return rt.host.Pos(thread) },
		Park:   func(sleep func()) { rt.host.Block(thread, sleep) },
	}
	o.Cancel, _ = thread.Local(CancelKey).(*Cancel)
	if timeout.set {
		o.Deadline = futex.After(timeout.d)
	}
	return o
}

// truth is a bool argument that takes any value, as Python's flags do.
type truth bool

// Unpack implements starlark.Unpacker.
func (t *truth) Unpack(v starlark.Value) error {
	*t = truth(v.Truth())
	return nil
}

// sleep runs wait without the script lock. A timeout is no error; the caller looks at the state again.
func (rt *Runtime) sleep(thread *starlark.Thread, timeout seconds, wait func(futex.Deadline, *Cancel) error) error {
	var deadline futex.Deadline
	if timeout.set {
		deadline = futex.After(timeout.d)
	}
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	var err error
	rt.host.Block(thread, func() { err = wait(deadline, cancel) })
	return scriptError(err)
}

// scriptError is what a script sees of an error of futex, prim or arena: nothing for a timeout, which is a result.
func scriptError(err error) error {
	if err == nil {
		return nil // inlined
	}
	return scriptErrorOf(err)
}

func scriptErrorOf(err error) error {
	switch {
	case errors.Is(err, futex.ErrTimeout):
		return nil
	case errors.Is(err, futex.ErrCanceled):
		return errInterrupted
	case errors.Is(err, arena.ErrFull):
		return wire.Errorf("MemoryError", "%w", err)
	case errors.Is(err, arena.ErrStale):
		return wire.Errorf("ValueError", "%w", err)
	}
	return err
}

// waitWord blocks while the word holds the value old, or until the timeout is over.
func (rt *Runtime) waitWord(thread *starlark.Thread, w *atomic.Uint32, old uint32, timeout seconds) error {
	return rt.sleep(thread, timeout, func(deadline futex.Deadline, cancel *Cancel) error {
		return awaitWord(w, old, deadline, cancel)
	})
}

func awaitWord(w *atomic.Uint32, old uint32, deadline futex.Deadline, cancel *Cancel) error {
	for w.Load() == old {
		if err := futex.Wait(w, old, deadline, cancel); err != nil {
			return err
		}
	}
	return nil
}

// blockTimeout unpacks (block=True, timeout=None), the parameters of everything that blocks.
func blockTimeout(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (block bool, timeout seconds, err error) {
	if len(args)+len(kwargs) == 0 {
		return true, seconds{}, nil // most calls, without the allocations of unpacking
	}
	return unpackBlockTimeout(b, args, kwargs)
}

// onlyTimeout unpacks (timeout=None).
func onlyTimeout(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (timeout seconds, err error) {
	if len(args)+len(kwargs) == 0 {
		return seconds{}, nil
	}
	return unpackTimeout(b, args, kwargs)
}

func unpackTimeout(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (timeout seconds, err error) {
	err = starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout)
	return timeout, err
}

func unpackBlockTimeout(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (block bool, timeout seconds, err error) {
	t := truth(true)
	err = starlark.UnpackArgs(b.Name(), args, kwargs, "block?", &t, "timeout?", &timeout)
	return bool(t), timeout, err
}
