package mp

import (
	"fmt"
	"math"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// ValueProxy is the result of Manager().Value(typecode, value): one value of any kind, which the manager keeps. What the typecode is
// does not matter, as in CPython.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.SyncManager.Value
type ValueProxy struct{ proxy }

var _ starlark.HasSetField = (*ValueProxy)(nil)

// Attr implements starlark.HasAttrs.
func (v *ValueProxy) Attr(name string) (starlark.Value, error) {
	if name == "value" {
		return v.now("get")
	}
	return v.proxy.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (v *ValueProxy) AttrNames() []string { return append(v.proxy.AttrNames(), "value") }

// SetField implements starlark.HasSetField.
func (v *ValueProxy) SetField(name string, x starlark.Value) error {
	if name != "value" {
		return noField(v, name)
	}
	_, err := v.now("set", x)
	return err
}

// managedValue is what Manager().Value() serves.
type managedValue struct{ typecode, value starlark.Value }

func newManagedValue(args starlark.Tuple, kwargs []starlark.Tuple) (*managedValue, error) {
	v := new(managedValue)
	var lock starlark.Value
	err := starlark.UnpackArgs("Value", args, kwargs, "typecode", &v.typecode, "value", &v.value, "lock?", &lock)
	return v, err
}

func (v *managedValue) Type() string          { return "Value" }
func (v *managedValue) Freeze()               {}
func (v *managedValue) Truth() starlark.Bool  { return true }
func (v *managedValue) Hash() (uint32, error) { return pointerHash(v), nil }

// String is what CPython's repr() shows.
func (v *managedValue) String() string {
	return fmt.Sprintf("Value(%s, %s)", quoted(v.typecode), v.value)
}

// quoted is v as Python's repr writes it, where that is simple.
func quoted(v starlark.Value) string {
	if s, ok := v.(starlark.String); ok {
		return "'" + string(s) + "'"
	}
	return v.String()
}

var heldValueType = &managedType{
	typeid: "Value", proxy: "ValueProxy",
	list: func() map[string]managedMethod {
		return map[string]managedMethod{
			"__repr__":  common.methods()["__repr__"],
			"__str__":   common.methods()["__str__"],
			"_getvalue": simple("_getvalue", 0, func(v *managedValue, _ starlark.Tuple) (starlark.Value, error) { return v.value, nil }),
			"get":       simple("get", 0, func(v *managedValue, _ starlark.Tuple) (starlark.Value, error) { return v.value, nil }),
			"set": simple("set", 1, func(v *managedValue, args starlark.Tuple) (starlark.Value, error) {
				v.value = args[0]
				return starlark.None, nil
			}),
			updateWith: updater(0, func(v *managedValue, _ starlark.Tuple, _ starlark.Value) (starlark.Value, func(starlark.Value) error, error) {
				return v.value, func(x starlark.Value) error { v.value = x; return nil }, nil
			}),
		}
	},
}

// ArrayProxy is the result of Manager().Array(typecode, sequence): like a RawArray, in the words and with the checks of Python's
// array module.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.SyncManager.Array
//
// Unlike CPython's, its elements are in the family's memory, without a server in between, and a slice of it is a list.
type ArrayProxy struct {
	shared
	raw *RawArray
}

var (
	_ starlark.HasAttrs   = (*ArrayProxy)(nil)
	_ starlark.HasSetKey  = (*ArrayProxy)(nil)
	_ starlark.Sliceable  = (*ArrayProxy)(nil)
	_ starlark.Sequence   = (*ArrayProxy)(nil)
	_ starlark.Container  = (*ArrayProxy)(nil)
	_ starlark.Comparable = (*ArrayProxy)(nil)
)

// managerArray is Manager.Array(typecode, sequence, lock=True).
func (rt *Runtime) managerArray(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var typecode, sequence, lock starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "typecode", &typecode, "sequence", &sequence, "lock?", &lock); err != nil {
		return nil, err
	}
	t, err := ctypeArg(typecode)
	if err != nil || t.code == 'c' {
		return nil, wire.Errorf("ValueError", "bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")
	}
	items, ok := sequenceItems(sequence)
	if !ok {
		return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pythonType(sequence))
	}
	for _, x := range items {
		if err := t.fits(x); err != nil {
			return nil, err
		}
	}
	raw, err := rt.newRawArray(typecode, starlark.NewList(items))
	if err != nil {
		return nil, err
	}
	return newArrayProxy(raw), nil
}

func newArrayProxy(raw *RawArray) *ArrayProxy {
	a := &ArrayProxy{raw: raw}
	a.shared = shared{rt: raw.rt, typ: arrayProxyType, h: raw.h, self: a}
	return a
}

// fits returns an error if x is an integer that the type cannot hold: Python's arrays do not wrap around.
func (t *ctype) fits(x starlark.Value) error {
	if t.name == "c_wchar" || t.code == 'f' || t.code == 'd' {
		return nil
	}
	if _, err := wrapped(x); err != nil {
		return err
	}
	i, ok := x.(starlark.Int)
	if !ok {
		return nil
	}
	bits := 8 * t.size
	low, high := starlark.MakeInt(0), starlark.MakeUint64(math.MaxUint64>>(64-bits))
	if t.signed() {
		high = starlark.MakeUint64(math.MaxUint64 >> (65 - bits))
		low = high.Not()
	}
	switch {
	case i.Sub(low).Sign() < 0 && t.signed():
		return wire.Errorf("OverflowError", "signed integer is less than minimum")
	case i.Sub(low).Sign() < 0:
		return wire.Errorf("OverflowError", "can't convert negative value to unsigned int")
	case high.Sub(i).Sign() < 0 && t.signed():
		return wire.Errorf("OverflowError", "signed integer is greater than maximum")
	case high.Sub(i).Sign() < 0:
		return wire.Errorf("OverflowError", "unsigned integer is greater than maximum")
	}
	return nil
}

// signed reports whether an integer type has negative numbers: their codes are small letters.
func (t *ctype) signed() bool { return t.code >= 'a' }

// String is what CPython's str() shows.
func (a *ArrayProxy) String() string {
	return fmt.Sprintf("array('%c', %s)", a.raw.t.code, a.Slice(0, a.raw.n, 1))
}

// Repr is CPython's repr(proxy).
func (a *ArrayProxy) Repr() string {
	return fmt.Sprintf("<ArrayProxy object, typeid 'Array' at %#x>", uint64(a.h))
}

// Truth is always true, as of all proxies.
func (a *ArrayProxy) Truth() starlark.Bool { return true }

// Len is the number of elements.
func (a *ArrayProxy) Len() int { return a.raw.n }

// Index implements starlark.Indexable.
func (a *ArrayProxy) Index(i int) starlark.Value { return a.raw.Index(i) }

// Slice is a[start:end:step].
func (a *ArrayProxy) Slice(start, end, step int) starlark.Value { return a.raw.Slice(start, end, step) }

func (a *ArrayProxy) at(key starlark.Value, what string) (int, error) {
	if _, err := wrapped(key); err != nil {
		return 0, wire.Errorf("TypeError", "array indices must be integers")
	}
	i, err := a.raw.at(key)
	if err != nil {
		return 0, wire.Errorf("IndexError", "%s index out of range", what)
	}
	return i, nil
}

// Get is a[key], for an index or a slice.
func (a *ArrayProxy) Get(key starlark.Value) (starlark.Value, bool, error) {
	if _, ok := key.(slicer); ok {
		return a.raw.Get(key)
	}
	i, err := a.at(key, "array")
	if err != nil {
		return nil, false, err
	}
	return a.raw.Index(i), true, nil
}

// SetKey is a[key] = x, for an index or a slice, which takes as many elements as it has.
func (a *ArrayProxy) SetKey(key, x starlark.Value) error {
	if _, ok := key.(slicer); ok {
		items, _ := sequenceItems(x)
		for _, x := range items {
			if err := a.raw.t.fits(x); err != nil {
				return err
			}
		}
		return a.raw.SetKey(key, x)
	}
	i, err := a.at(key, "array assignment")
	if err != nil {
		return err
	}
	if err := a.raw.t.fits(x); err != nil {
		return err
	}
	return a.raw.setAt(i, x)
}

// Has is x in a.
func (a *ArrayProxy) Has(x starlark.Value) (bool, error) { return a.raw.Has(x) }

// Iterate walks over the elements as they are when they come.
func (a *ArrayProxy) Iterate() starlark.Iterator { return a.raw.Iterate() }

func (a *ArrayProxy) byteLen() int                      { return a.raw.byteLen() }
func (a *ArrayProxy) readBytes(p []byte, off int) error { return a.raw.readBytes(p, off) }

var arrayProxyType = &sharedType{"ArrayProxy", append([]method{
	{"_getvalue", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		a := b.Receiver().(*ArrayProxy)
		return a.Slice(0, a.raw.n, 1), noArgs(b, args, kwargs)
	}},
}, itemMethods...)}

// openArrayProxy opens the array of a proxy that was sent.
func (rt *Runtime) openArrayProxy(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	v, err := rt.openRaw(m, h)
	if err != nil {
		return nil, err
	}
	raw, ok := v.(*RawArray)
	if !ok {
		return nil, fmt.Errorf("array proxy of a %s", v.Type())
	}
	return newArrayProxy(raw), nil
}
