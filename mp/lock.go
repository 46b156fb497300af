package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// Lock is multiprocessing.Lock: a mutual exclusion lock of the family, not tied to the thread that took it.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Lock
//
// Unlike CPython's, a lock held by a process that dies is released, with one warning. If it ended in good order, a release by
// another process, to which it may have left that, is no error.
type Lock struct {
	shared
	l *prim.Lock
}

var (
	_ starlark.HasAttrs   = (*Lock)(nil)
	_ starlark.Comparable = (*Lock)(nil)
)

// makeLock is Lock().
func (rt *Runtime) makeLock(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return makeShared(b, args, kwargs, rt.newLock)
}

func (rt *Runtime) newLock() (*Lock, error) { return newShared(rt, prim.NewLock, rt.wrapLock) }

func (rt *Runtime) openLock(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenLock, rt.wrapLock)
}

func (rt *Runtime) wrapLock(l *prim.Lock) *Lock {
	o := &Lock{l: l}
	o.shared = shared{rt: rt, typ: lockType, h: l.Handle(), self: o}
	own(rt, o, l.Close)
	return o
}

func (l *Lock) String() string {
	return fmt.Sprintf("<Lock(owner=%s)>", l.rt.ownerName(l.l.Owner()))
}

var lockType = &sharedType{"Lock", []method{
	{"acquire", lockAcquire},
	{"release", lockRelease},
	{"__enter__", lockAcquire},
	{"__exit__", lockExit},
	{"locked", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*Lock).l.Locked()), noArgs(b, args, kwargs)
	}},
}}

// lockAcquire is Lock.acquire(block=True, timeout=None) and __enter__.
func lockAcquire(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	l := b.Receiver().(*Lock)
	block, timeout, err := blockTimeout(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	ok, err := l.l.TryAcquire(l.rt.threadID(thread))
	if !ok && err == nil && block {
		ok, err = l.l.Acquire(l.rt.opt(thread, true, timeout))
	}
	return starlark.Bool(ok), scriptError(err)
}

func lockRelease(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	return lockExit(thread, b, nil, nil)
}

// lockExit is Lock.__exit__, which takes and ignores what Python passes.
func lockExit(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, scriptError(b.Receiver().(*Lock).l.Release())
}

// ownerName names the owner of a lock in its repr, as CPython does. Slot 0 is nobody.
func (rt *Runtime) ownerName(owner arena.SlotID, locked bool) string {
	switch {
	case !locked:
		return "None"
	case owner == rt.self:
		return rt.Name()
	}
	return "SomeOtherProcess"
}
