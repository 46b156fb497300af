package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Semaphore is multiprocessing.Semaphore and BoundedSemaphore.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Semaphore
//
// Unlike CPython's, a bounded semaphore gets back what a process that dies had taken. A plain one does not: it is also
// used as a signal, where nobody takes in order to give back.
type Semaphore struct {
	shared
	s *prim.Semaphore
}

var (
	_ starlark.HasAttrs   = (*Semaphore)(nil)
	_ starlark.Comparable = (*Semaphore)(nil)
)

// maxSemaphore is CPython's SEM_VALUE_MAX here.
const maxSemaphore = 1<<31 - 1

// makeSemaphore is Semaphore(value=1) or BoundedSemaphore(value=1).
func (rt *Runtime) makeSemaphore(bounded bool) builtinFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		value := integer(1)
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value?", &value); err != nil {
			return nil, err
		}
		if value < 0 || value > maxSemaphore {
			return nil, wire.Errorf("OSError", "[Errno 22] Invalid argument: %s: value %d is not between 0 and %d", b.Name(), value, maxSemaphore)
		}
		m, err := rt.mem()
		if err != nil {
			return nil, err
		}
		s, err := prim.NewSemaphore(m, uint32(value), bounded)
		if err != nil {
			return nil, scriptError(err)
		}
		return rt.wrapSemaphore(s), nil
	}
}

func (rt *Runtime) openSemaphore(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenSemaphore, rt.wrapSemaphore)
}

func (rt *Runtime) wrapSemaphore(s *prim.Semaphore) *Semaphore {
	o := &Semaphore{s: s}
	typ := semaphoreType
	if s.Bounded() {
		typ = boundedType
	}
	o.shared = shared{rt: rt, typ: typ, h: s.Handle(), self: o}
	own(rt, o, s.Close)
	return o
}

func (s *Semaphore) String() string {
	if s.s.Bounded() {
		return fmt.Sprintf("<BoundedSemaphore(value=%d, maxvalue=%d)>", s.s.Value(), s.s.Bound())
	}
	return fmt.Sprintf("<Semaphore(value=%d)>", s.s.Value())
}

var (
	semaphoreType = &sharedType{"Semaphore", semaphoreMethods}
	boundedType   = &sharedType{"BoundedSemaphore", semaphoreMethods}
)

var semaphoreMethods = []method{
	{"acquire", semaphoreAcquire},
	{"release", semaphoreRelease},
	{"__enter__", semaphoreAcquire},
	{"__exit__", semaphoreExit},
	{"get_value", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.MakeInt(int(b.Receiver().(*Semaphore).s.Value())), noArgs(b, args, kwargs)
	}},
	{"locked", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*Semaphore).s.Value() == 0), noArgs(b, args, kwargs)
	}},
}

// semaphoreAcquire is acquire(block=True, timeout=None) and __enter__.
func semaphoreAcquire(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := b.Receiver().(*Semaphore)
	block, timeout, err := blockTimeout(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	ok, err := s.s.TryAcquire()
	if !ok && err == nil && block {
		ok, err = s.s.Acquire(s.rt.opt(thread, true, timeout))
	}
	return starlark.Bool(ok), scriptError(err)
}

func semaphoreRelease(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	return semaphoreExit(thread, b, nil, nil)
}

// semaphoreExit is __exit__, which takes and ignores what Python passes.
func semaphoreExit(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, scriptError(b.Receiver().(*Semaphore).s.Release())
}
