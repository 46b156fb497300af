package mp

import (
	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// guard is the lock of a Value or Array.
type guard struct {
	rt   *Runtime
	lock starlark.HasAttrs // what get_lock() returns
	r    *RLock            // lock, if it is an RLock
	l    *Lock             // lock, if it is a Lock
}

// lockMethods are the methods of a Value or Array that are its lock's.
var lockMethods = []string{"__enter__", "__exit__", "acquire", "release"}

// newGuard is the guard for the argument lock: true or None for a new RLock.
func (rt *Runtime) newGuard(lock starlark.Value) (*guard, error) {
	if lock == starlark.True || lock == starlark.None {
		l, err := rt.newRLock()
		if err != nil {
			return nil, err
		}
		lock = l
	}
	g := &guard{rt: rt}
	switch l := lock.(type) {
	case *RLock:
		g.r = l
	case *Lock:
		g.l = l
	}
	has, ok := lock.(starlark.HasAttrs)
	if ok {
		acquire, err := has.Attr("acquire")
		ok = acquire != nil && err == nil
	}
	if !ok {
		return nil, wire.Errorf("AttributeError", "%s has no method 'acquire'", lock)
	}
	g.lock = has
	return g, nil
}

// enter takes the lock for the thread that runs, waiting for it; leave gives it back.
func (g *guard) enter() error {
	thread := g.rt.host.Current()
	switch {
	case g.r != nil:
		ok, err := g.r.l.TryAcquire(g.rt.threadID(thread))
		if !ok && err == nil {
			_, err = g.r.l.Acquire(g.rt.opt(thread, true, seconds{}))
		}
		return scriptError(err)
	case g.l != nil:
		ok, err := g.l.l.TryAcquire(g.rt.threadID(thread))
		if !ok && err == nil {
			_, err = g.l.l.Acquire(g.rt.opt(thread, true, seconds{}))
		}
		return scriptError(err)
	}
	return g.call(thread, "acquire")
}

// mine reports whether the thread that runs has the lock and could take it again: then one number is read and written without.
func (g *guard) mine() bool {
	return g.r != nil && g.r.l.Mine(g.rt.threadID(g.rt.host.Current()))
}

func (g *guard) leave() error {
	thread := g.rt.host.Current()
	switch {
	case g.r != nil:
		return scriptError(g.r.l.Release(g.rt.threadID(thread)))
	case g.l != nil:
		return scriptError(g.l.l.Release())
	}
	return g.call(thread, "release")
}

func (g *guard) call(thread *starlark.Thread, name string) error {
	f, err := g.lock.Attr(name)
	if err == nil && f == nil {
		err = noField(g.lock, name)
	}
	if err == nil {
		_, err = g.rt.host.Call(thread, f, nil, nil)
	}
	return err
}

// guarded runs f with the lock.
func guarded[T any](g *guard, f func() (T, error)) (v T, err error) {
	if err = g.enter(); err != nil {
		return v, err
	}
	v, err = f()
	if e := g.leave(); err == nil {
		err = e
	}
	return v, err
}

// attr is an attribute that comes from the lock, nil for others.
func (g *guard) attr(name string) (starlark.Value, error) {
	for _, m := range lockMethods {
		if m == name {
			return g.lock.Attr(name)
		}
	}
	return nil, nil
}

// synchronized is a Value or an Array: something in shared memory, with its guard.
type synchronized interface {
	starlark.Value
	parts() (raw starlark.Value, g *guard)
}

// synchronizedMethods are what Value and Array have in common, beside their locks' methods.
var synchronizedMethods = []method{
	{"get_obj", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		raw, _ := b.Receiver().(synchronized).parts()
		return raw, noArgs(b, args, kwargs)
	}},
	{"get_lock", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		_, g := b.Receiver().(synchronized).parts()
		return g.lock, noArgs(b, args, kwargs)
	}},
}

// synchronize puts a guard before a RawValue or RawArray.
func (rt *Runtime) synchronize(raw starlark.Value, g *guard) (starlark.Value, error) {
	switch raw := raw.(type) {
	case *RawValue:
		v := &Synchronized{raw: raw, g: g}
		v.shared = shared{rt: rt, typ: valueType, h: raw.h, self: v}
		return v, nil
	case *RawArray:
		a := &SynchronizedArray{raw: raw, g: g}
		typ := arrayType
		if raw.t.code == 'c' {
			typ = stringArrayType
		}
		a.shared = shared{rt: rt, typ: typ, h: raw.h, self: a}
		return a, nil
	case synchronized:
		return nil, assertion("object already synchronized")
	}
	return nil, wire.Errorf("AttributeError", "type object '%s' has no attribute '_fields_'", pythonType(raw))
}

// encodeSynchronized is the wire form of a Value or Array: what it guards and its lock.
func encodeSynchronized(e *wire.Encoder, v starlark.Value) error {
	raw, g := v.(synchronized).parts()
	e.Handle(wire.Handle(raw.(interface{ handle() arena.Handle }).handle()))
	return e.Elem("._lock", g.lock)
}

func (rt *Runtime) decodeSynchronized(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	h, err := d.Handle()
	if err != nil {
		return nil, err
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	raw, err := rt.openRaw(m, arena.Handle(h))
	if err != nil {
		return nil, err
	}
	lock, err := d.Value()
	if err != nil {
		return nil, err
	}
	g, err := rt.newGuard(lock)
	if err != nil {
		return nil, err
	}
	return rt.synchronize(raw, g)
}
