package mp

import (
	"fmt"
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// RawValue is the result of multiprocessing.RawValue, and what a Value guards: one number or character in shared memory.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.sharedctypes.RawValue
//
// A read or write of it is whole, but v.value += 1 is a read and a write. Unlike CPython's, it can be a key in a dict: as the
// shared object that it is, whatever its value.
type RawValue struct {
	shared
	mem arena.Mem
	t   *ctype
}

var (
	_ starlark.HasSetField = (*RawValue)(nil)
	_ starlark.Comparable  = (*RawValue)(nil)
)

// rawArrayTag is set in the tag of an array's memory; the rest of the tag is the type's code.
const rawArrayTag = 1 << 8

// makeRawValue is RawValue(typecode_or_type, *args).
func (rt *Runtime) makeRawValue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	typecode, rest, err := oneOrMore(b.Name(), args, kwargs)
	if err != nil {
		return nil, err
	}
	return rt.newRawValue(typecode, rest)
}

// oneOrMore unpacks (typecode_or_type, *args).
func oneOrMore(fn string, args starlark.Tuple, kwargs []starlark.Tuple) (typecode starlark.Value, rest starlark.Tuple, err error) {
	if len(kwargs) == 1 && len(args) == 0 && kwargs[0][0] == starlark.String("typecode_or_type") {
		return kwargs[0][1], nil, nil
	}
	if len(kwargs) > 0 {
		return nil, nil, wire.Errorf("TypeError", "%s() got an unexpected keyword argument '%s'", fn, string(kwargs[0][0].(starlark.String)))
	}
	if len(args) == 0 {
		return nil, nil, wire.Errorf("TypeError", "%s() missing 1 required positional argument: 'typecode_or_type'", fn)
	}
	return args[0], args[1:], nil
}

func (rt *Runtime) newRawValue(typecode starlark.Value, init starlark.Tuple) (*RawValue, error) {
	t, err := ctypeArg(typecode)
	if err != nil {
		return nil, err
	}
	if len(init) > 1 {
		return nil, wire.Errorf("TypeError", "__init__ expected at most 1 argument, got %d", len(init))
	}
	s, err := rt.newShared(t.size, uint16(t.code))
	if err != nil {
		return nil, err
	}
	v := rt.wrapRawValue(s, t)
	if len(init) == 1 {
		err = v.set(init[0])
	}
	return v, err
}

// newShared makes shared memory.
func (rt *Runtime) newShared(size int, tag uint16) (*prim.Shared, error) {
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	rt.pacer.made(size)
	s, err := prim.NewShared(m, size, tag)
	return s, scriptError(err)
}

func (rt *Runtime) wrapRawValue(s *prim.Shared, t *ctype) *RawValue {
	v := &RawValue{mem: s.Mem(), t: t}
	v.shared = shared{rt: rt, typ: rawValueType, h: s.Handle(), self: v}
	own(rt, v, s.Close)
	return v
}

// openRaw opens a RawValue or RawArray.
func (rt *Runtime) openRaw(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	s, err := prim.OpenShared(m, h)
	if err != nil {
		return nil, scriptError(err)
	}
	t := ctypeOf(byte(s.Tag()))
	switch {
	case t != nil && s.Tag() == uint16(t.code) && s.Mem().Len() == t.size:
		return rt.wrapRawValue(s, t), nil
	case t != nil && s.Tag() == uint16(t.code)|rawArrayTag && s.Mem().Len()%t.size == 0:
		return rt.wrapRawArray(s, t), nil
	}
	s.Close()
	return nil, fmt.Errorf("shared memory of an unknown type (%#x)", s.Tag())
}

func (v *RawValue) get() starlark.Value {
	x := v.t.load(v.mem, 0)
	runtime.KeepAlive(v)
	return x
}

func (v *RawValue) set(x starlark.Value) error {
	err := v.t.store(v.mem, 0, x)
	runtime.KeepAlive(v)
	return err
}

func (v *RawValue) String() string { return fmt.Sprintf("%s(%s)", v.t.name, v.get()) }

// Type is the name of the C type.
func (v *RawValue) Type() string { return v.t.name }

// Truth is whether the memory is not zero.
func (v *RawValue) Truth() starlark.Bool {
	var all byte
	for _, b := range v.mem.Bytes() {
		all |= b
	}
	runtime.KeepAlive(v)
	return all != 0
}

// Attr implements starlark.HasAttrs.
func (v *RawValue) Attr(name string) (starlark.Value, error) {
	if name == "value" {
		return v.get(), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (v *RawValue) AttrNames() []string { return []string{"value"} }

// SetField implements starlark.HasSetField.
func (v *RawValue) SetField(name string, x starlark.Value) error {
	if name == "value" {
		return v.set(x)
	}
	return noField(v, name)
}

// noField is the error for setting an attribute that there is not.
func noField(v starlark.Value, name string) error {
	return wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", v.Type(), name)
}

var rawValueType = &sharedType{"RawValue", nil}
