package mp

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// RawArray is the result of multiprocessing.RawArray, and what an Array guards: a fixed number of numbers or characters
// in shared memory.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.sharedctypes.RawArray
//
// A read or write of one element is whole; of several elements, others may see some written and some not.
type RawArray struct {
	shared
	mem arena.Mem
	t   *ctype
	n   int
}

var (
	_ starlark.HasSetField = (*RawArray)(nil)
	_ starlark.HasSetKey   = (*RawArray)(nil)
	_ starlark.Sliceable   = (*RawArray)(nil)
	_ starlark.Sequence    = (*RawArray)(nil)
	_ starlark.Container   = (*RawArray)(nil)
	_ starlark.Comparable  = (*RawArray)(nil)
)

// makeRawArray is RawArray(typecode_or_type, size_or_initializer).
func (rt *Runtime) makeRawArray(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var typecode, init starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "typecode_or_type", &typecode, "size_or_initializer", &init); err != nil {
		return nil, err
	}
	return rt.newRawArray(typecode, init)
}

func (rt *Runtime) newRawArray(typecode, init starlark.Value) (*RawArray, error) {
	t, err := ctypeArg(typecode)
	if err != nil {
		return nil, err
	}
	n := 0
	var items []starlark.Value
	switch size := init.(type) {
	case starlark.Int, starlark.Bool:
		u, _ := wrapped(size)
		if i, ok := size.(starlark.Int); ok && i.Sign() < 0 {
			return nil, wire.Errorf("ValueError", "Array length must be >= 0, not %s", i)
		} else if ok && i.BigInt().BitLen() > 40 {
			return nil, wire.Errorf("OverflowError", "array too large")
		}
		n = int(u)
	default:
		var ok bool
		if items, ok = sequenceItems(init); !ok {
			return nil, wire.Errorf("TypeError", "object of type '%s' has no len()", pythonType(init))
		}
		n = len(items)
	}
	s, err := rt.newShared(n*t.size, uint16(t.code)|rawArrayTag)
	if err != nil {
		return nil, err
	}
	a := rt.wrapRawArray(s, t)
	for i, x := range items {
		if err := a.setAt(i, x); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (rt *Runtime) wrapRawArray(s *prim.Shared, t *ctype) *RawArray {
	a := &RawArray{mem: s.Mem(), t: t, n: s.Mem().Len() / t.size}
	a.shared = shared{rt: rt, typ: rawArrayType, h: s.Handle(), self: a}
	own(rt, a, s.Close)
	return a
}

// sequenceItems lists the elements of a value that has a length, as Python sees them: a string's characters, the numbers
// of bytes.
func sequenceItems(v starlark.Value) ([]starlark.Value, bool) {
	var items []starlark.Value
	switch v := v.(type) {
	case starlark.String:
		for _, r := range string(v) {
			items = append(items, starlark.String(r))
		}
	case starlark.Bytes:
		for i := range len(v) {
			items = append(items, starlark.MakeInt(int(v[i])))
		}
	case starlark.Iterable:
		if starlark.Len(v) < 0 {
			return nil, false
		}
		iter := v.Iterate()
		defer iter.Done()
		for x := starlark.Value(nil); iter.Next(&x); {
			items = append(items, x)
		}
	default:
		return nil, false
	}
	return items, true
}

func (a *RawArray) String() string {
	return fmt.Sprintf("<multiprocessing.sharedctypes.%s object at %#x>", a.Type(), uint64(a.h))
}

// Type is ctypes' name of the array's type.
func (a *RawArray) Type() string { return fmt.Sprintf("%s_Array_%d", a.t.name, a.n) }

// Truth is whether the array has elements.
func (a *RawArray) Truth() starlark.Bool { return a.n > 0 }

// Len is the number of elements.
func (a *RawArray) Len() int { return a.n }

// Index implements starlark.Indexable.
func (a *RawArray) Index(i int) starlark.Value {
	x := a.t.load(a.mem, i*a.t.size)
	runtime.KeepAlive(a)
	return x
}

func (a *RawArray) setAt(i int, x starlark.Value) error {
	err := a.t.store(a.mem, i*a.t.size, x)
	runtime.KeepAlive(a)
	return err
}

// at turns an index of a script into one from the start.
func (a *RawArray) at(key starlark.Value) (int, error) {
	n, ok := key.(starlark.Int)
	if !ok {
		u, err := wrapped(key)
		if err != nil {
			return 0, wire.Errorf("TypeError", "indices must be integers")
		}
		n = starlark.MakeUint64(u)
	}
	i, ok := n.Int64()
	if !ok {
		return 0, wire.Errorf("IndexError", "cannot fit 'int' into an index-sized integer")
	}
	if i < 0 {
		i += int64(a.n)
	}
	if i < 0 || i >= int64(a.n) {
		return 0, wire.Errorf("IndexError", "invalid index")
	}
	return int(i), nil
}

// Get is a[key], for an index or a slice.
func (a *RawArray) Get(key starlark.Value) (starlark.Value, bool, error) {
	if s, ok := key.(slicer); ok {
		start, _, step, count, err := s.Indices(a.n)
		if err != nil {
			return nil, false, err
		}
		return a.slice(start, step, count), true, nil
	}
	i, err := a.at(key)
	if err != nil {
		return nil, false, err
	}
	return a.Index(i), true, nil
}

// SetKey is a[key] = x, for an index or a slice, which takes as many elements as it has.
func (a *RawArray) SetKey(key, x starlark.Value) error {
	s, ok := key.(slicer)
	if !ok {
		i, err := a.at(key)
		if err != nil {
			return err
		}
		return a.setAt(i, x)
	}
	start, _, step, count, err := s.Indices(a.n)
	if err != nil {
		return err
	}
	items, ok := sequenceItems(x)
	if !ok || len(items) != count {
		return wire.Errorf("ValueError", "Can only assign sequence of same size")
	}
	for k, x := range items {
		if err := a.setAt(start+k*step, x); err != nil {
			return err
		}
	}
	return nil
}

// Slice is a[start:end:step].
func (a *RawArray) Slice(start, end, step int) starlark.Value {
	count := 0
	if step > 0 && start < end {
		count = (end-start-1)/step + 1
	} else if step < 0 && start > end {
		count = (start-end-1)/-step + 1
	}
	return a.slice(start, step, count)
}

// slice is count elements from start on: a list, of characters a string or bytes.
func (a *RawArray) slice(start, step, count int) starlark.Value {
	defer runtime.KeepAlive(a)
	switch a.t.code {
	case 'c':
		b := make([]byte, count)
		for k := range b {
			b[k] = a.mem.Load8(start + k*step)
		}
		return starlark.Bytes(b)
	case 'u', 'w':
		var s strings.Builder
		for k := range count {
			s.WriteRune(rune(a.mem.Load32(4 * (start + k*step))))
		}
		return starlark.String(s.String())
	}
	items := make([]starlark.Value, count)
	for k := range items {
		items[k] = a.t.load(a.mem, (start+k*step)*a.t.size)
	}
	return starlark.NewList(items)
}

// Has is x in a.
func (a *RawArray) Has(x starlark.Value) (bool, error) {
	for i := range a.n {
		if equal, err := starlark.Equal(a.Index(i), x); equal || err != nil {
			return equal, err
		}
	}
	return false, nil
}

// Iterate walks over the elements as they are when they come.
func (a *RawArray) Iterate() starlark.Iterator { return &arrayIterator{a: a} }

type arrayIterator struct {
	a *RawArray
	i int
}

func (it *arrayIterator) Next(p *starlark.Value) bool {
	if it.i >= it.a.n {
		return false
	}
	*p = it.a.Index(it.i)
	it.i++
	return true
}

func (it *arrayIterator) Done() {}

// Attr implements starlark.HasAttrs: arrays of characters have a value, those of bytes raw too.
func (a *RawArray) Attr(name string) (starlark.Value, error) {
	switch {
	case name == "raw" && a.t.code == 'c':
		return a.slice(0, 1, a.n), nil
	case name == "value" && a.t.code == 'c':
		all := string(a.slice(0, 1, a.n).(starlark.Bytes))
		all, _, _ = strings.Cut(all, "\x00")
		return starlark.Bytes(all), nil
	case name == "value" && a.t.name == "c_wchar":
		all := string(a.slice(0, 1, a.n).(starlark.String))
		all, _, _ = strings.Cut(all, "\x00")
		return starlark.String(all), nil
	}
	return a.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (a *RawArray) AttrNames() []string {
	names := a.shared.AttrNames()
	if a.t.code == 'c' {
		names = append(names, "raw")
	}
	if a.t.code == 'c' || a.t.name == "c_wchar" {
		names = append(names, "value")
	}
	return names
}

// SetField implements starlark.HasSetField.
func (a *RawArray) SetField(name string, x starlark.Value) error {
	switch {
	case name == "value" && a.t.name == "c_wchar":
		return a.setText(x)
	case name == "value" && a.t.code == 'c':
		if _, ok := x.(starlark.Bytes); !ok {
			return wire.Errorf("TypeError", "bytes expected instead of %s instance", pythonType(x))
		}
	case name == "raw" && a.t.code == 'c':
	default:
		return noField(a, name)
	}
	b, ok := bytesLike(x)
	if !ok {
		return wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pythonType(x))
	}
	if len(b) > a.n {
		return wire.Errorf("ValueError", "byte string too long")
	}
	copy(a.mem.Bytes(), b)
	if name == "value" && len(b) < a.n {
		a.mem.Store8(len(b), 0)
	}
	runtime.KeepAlive(a)
	return nil
}

// setText is a.value = x for an array of characters.
func (a *RawArray) setText(x starlark.Value) error {
	s, ok := x.(starlark.String)
	if !ok {
		return errNotUnicode(x)
	}
	n := utf8.RuneCountInString(string(s))
	if n > a.n {
		return wire.Errorf("ValueError", "string too long")
	}
	i := 0
	for _, r := range string(s) {
		a.mem.Store32(4*i, uint32(r))
		i++
	}
	if n < a.n {
		a.mem.Store32(4*n, 0)
	}
	runtime.KeepAlive(a)
	return nil
}

// bytesLike is the content of bytes or of something in shared memory.
func bytesLike(v starlark.Value) ([]byte, bool) {
	switch v := v.(type) {
	case starlark.Bytes:
		return []byte(v), true
	case interface {
		byteLen() int
		readBytes(p []byte, off int) error
	}:
		b := make([]byte, v.byteLen())
		return b, v.readBytes(b, 0) == nil
	}
	return nil, false
}

// byteLen and readBytes are for those who copy the content (bytesLike). The caller has seen to it that p fits.
func (a *RawArray) byteLen() int { return a.mem.Len() }

func (a *RawArray) readBytes(p []byte, off int) error {
	copy(p, a.mem.Bytes()[off:])
	runtime.KeepAlive(a)
	return nil
}

var rawArrayType = &sharedType{"RawArray", itemMethods}
