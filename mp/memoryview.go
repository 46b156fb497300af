package mp

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// memoryView is what a SharedMemory's buf is, and a slice of it: bytes that can be read and written.
// https://docs.python.org/3.13/library/stdtypes.html#memoryview
//
// It has the format 'B' only. Unlike CPython's, one does not keep its SharedMemory from being closed: it is released then. In Starlark values
// of two types are never equal, so it equals other memoryviews, but no bytes: compare bytes(view).
type memoryView struct {
	owner    *SharedMemory
	mem      arena.Mem
	start    int
	step     int
	n        int
	released bool // by release(); guarded by the script lock
	methods  map[string]*starlark.Builtin
}

var (
	_ starlark.HasAttrs   = (*memoryView)(nil)
	_ starlark.HasSetKey  = (*memoryView)(nil)
	_ starlark.Sliceable  = (*memoryView)(nil)
	_ starlark.Sequence   = (*memoryView)(nil)
	_ starlark.Container  = (*memoryView)(nil)
	_ starlark.Comparable = (*memoryView)(nil)
)

var errReleased = wire.Errorf("ValueError", "operation forbidden on released memoryview object")

// check returns an error if the view has been released.
func (v *memoryView) check() error {
	if v.released || v.owner.closed {
		return errReleased
	}
	return nil
}

// ok is check for operators, which cannot return an error: it surfaces at the script's next step.
func (v *memoryView) ok() bool {
	err := v.check()
	if err != nil {
		v.owner.rt.host.Pending(err)
	}
	return err == nil
}

func (v *memoryView) String() string {
	if v.check() != nil {
		return fmt.Sprintf("<released memory at %p>", v)
	}
	return fmt.Sprintf("<memory at %p>", v)
}

func (v *memoryView) Type() string         { return "memoryview" }
func (v *memoryView) Freeze()              {}
func (v *memoryView) Truth() starlark.Bool { return starlark.Bool(v.ok() && v.n > 0) }

// Hash refuses: what can be written has no hash.
func (v *memoryView) Hash() (uint32, error) {
	return 0, wire.Errorf("ValueError", "cannot hash writable memoryview object")
}

// CompareSameType compares the bytes.
func (v *memoryView) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	w := y.(*memoryView)
	same := v == w || v.check() == nil && w.check() == nil && string(v.bytes()) == string(w.bytes())
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, wire.Errorf("TypeError", "'%s' not supported between instances of 'memoryview' and 'memoryview'", op)
}

// Len is the number of bytes.
func (v *memoryView) Len() int {
	if !v.ok() {
		return 0
	}
	return v.n
}

func (v *memoryView) load(i int) byte {
	b := v.mem.Load8(v.start + i*v.step)
	runtime.KeepAlive(v)
	return b
}

// bytes is a copy of the content.
func (v *memoryView) bytes() []byte {
	b := make([]byte, v.n)
	v.copyOut(b, 0)
	return b
}

// copyOut copies the content from off on to p.
func (v *memoryView) copyOut(p []byte, off int) {
	if v.step == 1 {
		copy(p, v.mem.Bytes()[v.start+off:v.start+v.n])
	} else {
		for i := range p {
			p[i] = v.load(off + i)
		}
	}
	runtime.KeepAlive(v)
}

// copyIn copies p to the content from off on.
func (v *memoryView) copyIn(p []byte, off int) {
	if v.step == 1 {
		copy(v.mem.Bytes()[v.start+off:v.start+v.n], p)
	} else {
		for i, b := range p {
			v.mem.Store8(v.start+(off+i)*v.step, b)
		}
	}
	runtime.KeepAlive(v)
}

// Index implements starlark.Indexable.
func (v *memoryView) Index(i int) starlark.Value {
	if !v.ok() {
		return starlark.None
	}
	return starlark.MakeInt(int(v.load(i)))
}

// Slice is v[start:end:step], the same memory.
func (v *memoryView) Slice(start, end, step int) starlark.Value {
	count := 0
	if step > 0 && start < end {
		count = (end-start-1)/step + 1
	} else if step < 0 && start > end {
		count = (start-end-1)/-step + 1
	}
	return v.part(start, step, count)
}

func (v *memoryView) part(start, step, count int) *memoryView {
	p := &memoryView{owner: v.owner, mem: v.mem, start: v.start + start*v.step, step: v.step * step, n: count}
	p.released = v.released
	return p
}

func (v *memoryView) at(key starlark.Value) (int, error) {
	n, err := wrapped(key)
	if err != nil {
		return 0, wire.Errorf("TypeError", "memoryview: invalid slice key")
	}
	i := int64(n)
	if i < 0 {
		i += int64(v.n)
	}
	if i < 0 || i >= int64(v.n) {
		return 0, wire.Errorf("IndexError", "index out of bounds on dimension 1")
	}
	return int(i), nil
}

// Get is v[key], for an index or a slice.
func (v *memoryView) Get(key starlark.Value) (starlark.Value, bool, error) {
	if err := v.check(); err != nil {
		return nil, false, err
	}
	if s, ok := key.(slicer); ok {
		start, _, step, count, err := s.Indices(v.n)
		if err != nil {
			return nil, false, err
		}
		return v.part(start, step, count), true, nil
	}
	i, err := v.at(key)
	if err != nil {
		return nil, false, err
	}
	return starlark.MakeInt(int(v.load(i))), true, nil
}

// SetKey is v[key] = x: a number from 0 to 255 at an index, as many bytes as it has in a slice.
func (v *memoryView) SetKey(key, x starlark.Value) error {
	if err := v.check(); err != nil {
		return err
	}
	if s, ok := key.(slicer); ok {
		start, _, step, count, err := s.Indices(v.n)
		if err != nil {
			return err
		}
		b, ok := bytesLike(x)
		if !ok {
			return wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pythonType(x))
		}
		if len(b) != count {
			return wire.Errorf("ValueError", "memoryview assignment: lvalue and rvalue have different structures")
		}
		v.part(start, step, count).copyIn(b, 0)
		return nil
	}
	i, err := v.at(key)
	if err != nil {
		return err
	}
	n, err := wrapped(x)
	if err != nil {
		return wire.Errorf("TypeError", "memoryview: invalid type for format 'B'")
	}
	if n > 255 {
		return wire.Errorf("ValueError", "memoryview: invalid value for format 'B'")
	}
	v.mem.Store8(v.start+i*v.step, byte(n))
	runtime.KeepAlive(v)
	return nil
}

// Has is x in v.
func (v *memoryView) Has(x starlark.Value) (bool, error) {
	if err := v.check(); err != nil {
		return false, err
	}
	for i := range v.n {
		if equal, err := starlark.Equal(starlark.MakeInt(int(v.load(i))), x); equal || err != nil {
			return equal, err
		}
	}
	return false, nil
}

// Iterate walks over the bytes as they are when they come.
func (v *memoryView) Iterate() starlark.Iterator { return &viewIterator{v: v} }

type viewIterator struct {
	v *memoryView
	i int
}

func (it *viewIterator) Next(p *starlark.Value) bool {
	if it.i >= it.v.n || !it.v.ok() {
		return false
	}
	*p = starlark.MakeInt(int(it.v.load(it.i)))
	it.i++
	return true
}

func (it *viewIterator) Done() {}

func (v *memoryView) byteLen() int { return v.n }

func (v *memoryView) readBytes(p []byte, off int) error {
	if err := v.check(); err != nil {
		return err
	}
	v.copyOut(p, off)
	return nil
}

// Attr implements starlark.HasAttrs.
func (v *memoryView) Attr(name string) (starlark.Value, error) {
	switch name {
	case "nbytes":
		return starlark.MakeInt(v.n), v.check()
	case "itemsize", "ndim":
		return starlark.MakeInt(1), v.check()
	case "format":
		return starlark.String("B"), v.check()
	case "readonly":
		return starlark.False, v.check()
	case "contiguous", "c_contiguous", "f_contiguous":
		return starlark.Bool(v.step == 1 || v.n < 2), v.check()
	case "shape":
		return starlark.Tuple{starlark.MakeInt(v.n)}, v.check()
	case "strides":
		return starlark.Tuple{starlark.MakeInt(v.step)}, v.check()
	}
	if b := v.methods[name]; b != nil {
		return b, nil
	}
	for _, m := range viewMethods {
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
func (v *memoryView) AttrNames() []string {
	names := strings.Fields("c_contiguous contiguous f_contiguous format itemsize nbytes ndim readonly shape strides")
	for _, m := range viewMethods {
		names = append(names, m.name)
	}
	return names
}

// viewMethod makes a method without parameters.
func viewMethod(name string, f func(v *memoryView) starlark.Value) method {
	return method{name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v := b.Receiver().(*memoryView)
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		if err := v.check(); err != nil && name != "release" {
			return nil, err
		}
		return f(v), nil
	}}
}

var viewMethods = append([]method{
	viewMethod("tobytes", func(v *memoryView) starlark.Value { return starlark.Bytes(v.bytes()) }),
	viewMethod("tolist", func(v *memoryView) starlark.Value {
		list := make([]starlark.Value, v.n)
		for i := range list {
			list[i] = starlark.MakeInt(int(v.load(i)))
		}
		return starlark.NewList(list)
	}),
	viewMethod("hex", func(v *memoryView) starlark.Value { return starlark.String(hex.EncodeToString(v.bytes())) }),
	viewMethod("release", func(v *memoryView) starlark.Value { v.released = true; return starlark.None }),
	viewMethod("__enter__", func(v *memoryView) starlark.Value { return v }),
	{"__exit__", func(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*memoryView).released = true
		return starlark.None, nil
	}},
}, itemMethods...)
