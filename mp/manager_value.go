package mp

import (
	"fmt"
	"math"
	"reflect"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// ValueProxy is the result of Manager().Value(typecode, value): one value of any kind, which the manager keeps.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.SyncManager.Value
type ValueProxy struct {
	ns       *NamespaceProxy // its attribute value
	typecode starlark.Value
	methods  map[string]*starlark.Builtin
}

var _ starlark.HasSetField = (*ValueProxy)(nil)

// managerValue is Manager.Value(typecode, value, lock=True). What the typecode is does not matter, as in CPython.
func managerValue(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m := b.Receiver().(*Manager)
	var typecode, value, lock starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "typecode", &typecode, "value", &value, "lock?", &lock); err != nil {
		return nil, err
	}
	create, err := m.Attr("Namespace")
	if err != nil {
		return nil, err
	}
	ns, err := m.rt.host.Call(thread, create, nil, []starlark.Tuple{{starlark.String("value"), value}})
	if err != nil {
		return nil, err
	}
	return &ValueProxy{ns: ns.(*NamespaceProxy), typecode: typecode}, nil
}

// String is what CPython's str() shows.
func (v *ValueProxy) String() string {
	x, err := v.ns.Attr("value")
	if err != nil {
		return "<ValueProxy object>"
	}
	return fmt.Sprintf("Value(%s, %s)", quoted(v.typecode), x)
}

// quoted is v as Python's repr writes it, where that is simple.
func quoted(v starlark.Value) string {
	if s, ok := v.(starlark.String); ok {
		return "'" + string(s) + "'"
	}
	return v.String()
}

func (v *ValueProxy) Type() string          { return "ValueProxy" }
func (v *ValueProxy) Freeze()               {}
func (v *ValueProxy) Truth() starlark.Bool  { return true }
func (v *ValueProxy) Hash() (uint32, error) { return v.ns.Hash() }

// Attr implements starlark.HasAttrs.
func (v *ValueProxy) Attr(name string) (starlark.Value, error) {
	if name == "value" {
		return v.ns.Attr("value")
	}
	if b := v.methods[name]; b != nil {
		return b, nil
	}
	for _, m := range valueProxyMethods {
		if m.name == name {
			if v.methods == nil {
				v.methods = map[string]*starlark.Builtin{}
			}
			v.methods[name] = starlark.NewBuiltin(name, m.fn).BindReceiver(v)
			return v.methods[name], nil
		}
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (v *ValueProxy) AttrNames() []string { return []string{"get", "set", "value"} }

// SetField implements starlark.HasSetField.
func (v *ValueProxy) SetField(name string, x starlark.Value) error {
	if name != "value" {
		return noField(v, name)
	}
	return v.ns.SetField("value", x)
}

var valueProxyMethods = []method{
	{"get", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return b.Receiver().(*ValueProxy).ns.Attr("value")
	}},
	{"set", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &x); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*ValueProxy).ns.SetField("value", x)
	}},
}

// valueProxyWire is the wire form of a ValueProxy.
func valueProxyWire() wire.Type {
	return wire.Type{
		Name:   "mp.valueproxy",
		Go:     reflect.TypeFor[*ValueProxy](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			p := v.(*ValueProxy)
			if err := e.Elem("._typecode", p.typecode); err != nil {
				return err
			}
			return e.Value(p.ns)
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			typecode, err := d.Value()
			if err != nil {
				return nil, err
			}
			v, err := d.Value()
			if err != nil {
				return nil, err
			}
			ns, ok := v.(*NamespaceProxy)
			if !ok {
				return nil, fmt.Errorf("value proxy of a %s", v.Type())
			}
			return &ValueProxy{ns: ns, typecode: typecode}, nil
		},
	}
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
func managerArray(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m := b.Receiver().(*Manager)
	var typecode, sequence, lock starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "typecode", &typecode, "sequence", &sequence, "lock?", &lock); err != nil {
		return nil, err
	}
	if m.down {
		return nil, errManagerGone
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
	raw, err := m.rt.newRawArray(typecode, starlark.NewList(items))
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
