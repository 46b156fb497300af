package mp

import (
	"go.starlark.net/starlark"
)

// SynchronizedArray is the result of multiprocessing.Array: numbers or characters in shared memory, with a lock. One of type
// code 'c' is a SynchronizedString.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Array
//
// Reading and setting an element or a slice take the lock, each for itself.
type SynchronizedArray struct {
	shared
	raw *RawArray
	g   *guard
}

var (
	_ starlark.HasSetField = (*SynchronizedArray)(nil)
	_ starlark.HasSetKey   = (*SynchronizedArray)(nil)
	_ starlark.Sliceable   = (*SynchronizedArray)(nil)
	_ starlark.Sequence    = (*SynchronizedArray)(nil)
	_ starlark.Container   = (*SynchronizedArray)(nil)
	_ starlark.Comparable  = (*SynchronizedArray)(nil)
)

// makeArray is Array(typecode_or_type, size_or_initializer, *, lock=True).
func (rt *Runtime) makeArray(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	lock, kwargs := lockArg(kwargs)
	var typecode, init starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "typecode_or_type", &typecode, "size_or_initializer", &init); err != nil {
		return nil, err
	}
	a, err := rt.newRawArray(typecode, init)
	if err != nil {
		return nil, err
	}
	return rt.withLock(a, lock)
}

func (a *SynchronizedArray) parts() (starlark.Value, *guard) { return a.raw, a.g }

func (a *SynchronizedArray) String() string {
	return "<" + a.Type() + " wrapper for " + a.raw.String() + ">"
}

// Truth is whether the array has elements.
func (a *SynchronizedArray) Truth() starlark.Bool { return a.raw.n > 0 }

// Len is the number of elements.
func (a *SynchronizedArray) Len() int { return a.raw.n }

// Index implements starlark.Indexable. An interrupted wait for the lock shows itself at the script's next step.
func (a *SynchronizedArray) Index(i int) starlark.Value {
	if err := a.g.enter(); err != nil {
		a.rt.host.Pending(err)
		return starlark.None
	}
	x := a.raw.Index(i)
	if err := a.g.leave(); err != nil {
		a.rt.host.Pending(err)
	}
	return x
}

// Slice is a[start:end:step].
func (a *SynchronizedArray) Slice(start, end, step int) starlark.Value {
	x, err := guarded(a.g, func() (starlark.Value, error) { return a.raw.Slice(start, end, step), nil })
	if err != nil {
		a.rt.host.Pending(err)
		return starlark.None
	}
	return x
}

// Get is a[key], for an index or a slice.
func (a *SynchronizedArray) Get(key starlark.Value) (v starlark.Value, found bool, err error) {
	if err = a.g.enter(); err != nil {
		return nil, false, err
	}
	v, found, err = a.raw.Get(key)
	if e := a.g.leave(); err == nil {
		err = e
	}
	return v, found, err
}

// SetKey is a[key] = x, for an index or a slice.
func (a *SynchronizedArray) SetKey(key, x starlark.Value) error {
	if err := a.g.enter(); err != nil {
		return err
	}
	err := a.raw.SetKey(key, x)
	if e := a.g.leave(); err == nil {
		err = e
	}
	return err
}

// Has is x in a.
func (a *SynchronizedArray) Has(x starlark.Value) (bool, error) {
	return guarded(a.g, func() (bool, error) { return a.raw.Has(x) })
}

// Iterate walks over the elements, each read with the lock taken, as they are when they come.
func (a *SynchronizedArray) Iterate() starlark.Iterator { return &synchronizedIterator{a: a} }

type synchronizedIterator struct {
	a *SynchronizedArray
	i int
}

func (it *synchronizedIterator) Next(p *starlark.Value) bool {
	if it.i >= it.a.raw.n {
		return false
	}
	*p = it.a.Index(it.i)
	it.i++
	return true
}

func (it *synchronizedIterator) Done() {}

// Attr implements starlark.HasAttrs.
func (a *SynchronizedArray) Attr(name string) (starlark.Value, error) {
	if f, err := a.g.attr(name); f != nil || err != nil {
		return f, err
	}
	if a.text(name) {
		return guarded(a.g, func() (starlark.Value, error) { return a.raw.Attr(name) })
	}
	return a.shared.Attr(name)
}

// text reports whether name is an attribute of arrays of bytes.
func (a *SynchronizedArray) text(name string) bool {
	return a.raw.t.code == 'c' && (name == "value" || name == "raw")
}

// AttrNames implements starlark.HasAttrs.
func (a *SynchronizedArray) AttrNames() []string {
	names := append(a.shared.AttrNames(), lockMethods...)
	if a.text("raw") {
		names = append(names, "raw", "value")
	}
	return names
}

// SetField implements starlark.HasSetField.
func (a *SynchronizedArray) SetField(name string, x starlark.Value) error {
	if !a.text(name) {
		return noField(a, name)
	}
	_, err := guarded(a.g, func() (bool, error) { return true, a.raw.SetField(name, x) })
	return err
}

func (a *SynchronizedArray) byteLen() int { return a.raw.byteLen() }

func (a *SynchronizedArray) readBytes(p []byte, off int) error {
	_, err := guarded(a.g, func() (bool, error) { return true, a.raw.readBytes(p, off) })
	return err
}

var (
	arrayMethods    = append(append([]method(nil), synchronizedMethods...), itemMethods...)
	arrayType       = &sharedType{"SynchronizedArray", arrayMethods}
	stringArrayType = &sharedType{"SynchronizedString", arrayMethods}
)
