package mp

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Synchronized is the result of multiprocessing.Value: a number or character in shared memory, with a lock.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Value
//
// Reading and setting its value take the lock, each for itself; v.value += 1 needs the lock around it.
type Synchronized struct {
	shared
	raw *RawValue
	g   *guard
}

var (
	_ starlark.HasSetField = (*Synchronized)(nil)
	_ starlark.Comparable  = (*Synchronized)(nil)
)

// makeValue is Value(typecode_or_type, *args, lock=True).
func (rt *Runtime) makeValue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	lock, kwargs := lockArg(kwargs)
	typecode, rest, err := oneOrMore(b.Name(), args, kwargs)
	if err != nil {
		return nil, err
	}
	v, err := rt.newRawValue(typecode, rest)
	if err != nil {
		return nil, err
	}
	return rt.withLock(v, lock)
}

// lockArg takes lock, which must be given by name, out of kwargs. ctx, which CPython's own contexts pass, goes with it.
func lockArg(kwargs []starlark.Tuple) (lock starlark.Value, rest []starlark.Tuple) {
	lock = starlark.True
	for _, kv := range kwargs {
		switch kv[0] {
		case starlark.String("lock"):
			lock = kv[1]
		case starlark.String("ctx"):
		default:
			rest = append(rest, kv)
		}
	}
	return lock, rest
}

// withLock is raw with a lock, or as it is if lock is False.
func (rt *Runtime) withLock(raw, lock starlark.Value) (starlark.Value, error) {
	if lock == starlark.False {
		return raw, nil
	}
	g, err := rt.newGuard(lock)
	if err != nil {
		return nil, err
	}
	return rt.synchronize(raw, g)
}

func (v *Synchronized) parts() (starlark.Value, *guard) { return v.raw, v.g }

func (v *Synchronized) String() string { return "<Synchronized wrapper for " + v.raw.String() + ">" }

// Attr implements starlark.HasAttrs.
func (v *Synchronized) Attr(name string) (starlark.Value, error) {
	if name == "value" {
		if v.g.mine() {
			return v.raw.get(), nil
		}
		if err := v.g.enter(); err != nil {
			return nil, err
		}
		x := v.raw.get()
		return x, v.g.leave()
	}
	if f, err := v.g.attr(name); f != nil || err != nil {
		return f, err
	}
	return v.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (v *Synchronized) AttrNames() []string {
	return append(append(v.shared.AttrNames(), lockMethods...), "value")
}

// SetField implements starlark.HasSetField.
func (v *Synchronized) SetField(name string, x starlark.Value) error {
	if name != "value" {
		return noField(v, name)
	}
	if v.g.mine() {
		return v.raw.set(x)
	}
	if err := v.g.enter(); err != nil {
		return err
	}
	err := v.raw.set(x)
	if e := v.g.leave(); err == nil {
		err = e
	}
	return err
}

var valueType = &sharedType{"Synchronized", synchronizedMethods}

// synchronizedWire is the wire form of a Value or an Array.
func (rt *Runtime) synchronizedWire(name string, sample starlark.Value) wire.Type {
	return wire.Type{
		Name:   "mp." + name,
		Go:     reflect.TypeOf(sample),
		Shared: true,
		Encode: encodeSynchronized,
		Decode: rt.decodeSynchronized,
	}
}
