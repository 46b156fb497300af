package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// RLock is multiprocessing.RLock: a lock that its owner, one thread of one process, can take repeatedly.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.RLock
//
// Unlike CPython's, a lock held by a process that dies is released, with one warning.
type RLock struct {
	shared
	l *prim.RLock
}

var (
	_ starlark.HasAttrs   = (*RLock)(nil)
	_ starlark.Comparable = (*RLock)(nil)
)

// makeRLock is RLock().
func (rt *Runtime) makeRLock(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return makeShared(b, args, kwargs, rt.newRLock)
}

func (rt *Runtime) newRLock() (*RLock, error) { return newShared(rt, prim.NewRLock, rt.wrapRLock) }

func (rt *Runtime) openRLock(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenRLock, rt.wrapRLock)
}

func (rt *Runtime) wrapRLock(l *prim.RLock) *RLock {
	o := &RLock{l: l}
	o.shared = shared{rt: rt, typ: rlockType, h: l.Handle(), self: o}
	own(rt, o, l.Close)
	return o
}

func (l *RLock) String() string {
	owner, locked := l.l.Owner()
	if locked && owner != l.rt.self {
		return "<RLock(SomeOtherProcess, nonzero)>"
	}
	return fmt.Sprintf("<RLock(%s, %d)>", l.rt.ownerName(owner, locked), l.l.Count())
}

var rlockType = &sharedType{"RLock", []method{
	{"acquire", rlockAcquire},
	{"release", rlockRelease},
	{"__enter__", rlockAcquire},
	{"__exit__", rlockExit},
	{"locked", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*RLock).l.Locked()), noArgs(b, args, kwargs)
	}},
}}

// rlockAcquire is RLock.acquire(block=True, timeout=None) and __enter__.
func rlockAcquire(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	l := b.Receiver().(*RLock)
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

func rlockRelease(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	return rlockExit(thread, b, nil, nil)
}

// rlockExit is RLock.__exit__, which takes and ignores what Python passes.
func rlockExit(thread *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	l := b.Receiver().(*RLock)
	return starlark.None, scriptError(l.l.Release(l.rt.threadID(thread)))
}
