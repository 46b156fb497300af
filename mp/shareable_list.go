package mp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// ShareableList is multiprocessing.shared_memory.ShareableList: a list of fixed length, of ints, floats, bools, strings,
// bytes and None, in a block of shared memory.
// https://docs.python.org/3.13/library/multiprocessing.shared_memory.html#multiprocessing.shared_memory.ShareableList
//
// The block is laid out as CPython's: 8 bytes each for the length n and n+1 offsets, the items, n formats of 8 bytes, n codes
// of one byte. An item that is a number is read and written as a whole. Unlike CPython's, a string has room for
// all of its bytes, and an index before the first item is an error.
type ShareableList struct {
	shared
	shm     *SharedMemory
	mem     arena.Mem
	offsets []int // of the items, from the beginning of the block; one more than there are items
}

var (
	_ starlark.HasAttrs  = (*ShareableList)(nil)
	_ starlark.HasSetKey = (*ShareableList)(nil)
	_ starlark.Sequence  = (*ShareableList)(nil)
	_ starlark.Container = (*ShareableList)(nil)
)

// What an item's code says beside its format.
const (
	plainItem = iota // a number or a bool
	stringItem
	bytesItem
	noneItem
)

// makeShareableList is ShareableList(sequence=None, *, name=None).
func (rt *Runtime) makeShareableList(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var sequence, given starlark.Value = starlark.None, starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "sequence?", &sequence, "name?", &given); err != nil {
		return nil, err
	}
	name, named := starlark.AsString(given)
	if sequence == starlark.None && named {
		shm, err := rt.findSharedMemory(name)
		if err != nil {
			return nil, err
		}
		return rt.openShareableList(shm)
	}
	return rt.newShareableList(sequence, name, named)
}

func (rt *Runtime) newShareableList(sequence starlark.Value, name string, named bool) (*ShareableList, error) {
	var items []starlark.Value
	if sequence != starlark.None {
		var ok bool
		if items, ok = sequenceItems(sequence); !ok {
			return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pythonType(sequence))
		}
	}
	n := len(items)
	encoded := make([]listItem, n)
	data := 0
	for i, x := range items {
		var err error
		if encoded[i], err = encodeItem(x); err != nil {
			return nil, err
		}
		data += encoded[i].room()
	}
	shm, err := rt.newSharedMemory(name, named, 8*(n+2)+data+9*n)
	if err != nil {
		return nil, err
	}
	mem := shm.view.mem
	mem.Store64(0, uint64(n))
	at := 0
	for i, x := range encoded {
		mem.Store64(8*(i+1), uint64(at))
		at += x.room()
	}
	mem.Store64(8*(n+1), uint64(at))
	l, err := rt.openShareableList(shm)
	if err != nil {
		return nil, err
	}
	for i, x := range encoded {
		l.store(i, x, x.format(x.room()))
	}
	return l, nil
}

// openShareableList is the list in a block.
func (rt *Runtime) openShareableList(shm *SharedMemory) (*ShareableList, error) {
	mem := shm.view.mem
	l := &ShareableList{shm: shm, mem: mem}
	l.shared = shared{rt: rt, typ: shareableListType, h: shm.h, self: l}
	// Anybody may have written anything to the block.
	size := uint64(mem.Len())
	bad := wire.Errorf("ValueError", "the block '%s' does not hold a list", shm.name)
	if size < 16 {
		return nil, bad
	}
	n := mem.Load64(0)
	if n > size/8 || 8*(n+2)+9*n > size {
		return nil, bad
	}
	last, most := uint64(0), size-8*(n+2)-9*n
	for i := range int(n) + 1 {
		off := mem.Load64(8 * (i + 1))
		if off < last || off > most || off%8 != 0 || i > 0 && off == last {
			return nil, bad
		}
		last = off
		l.offsets = append(l.offsets, 8*(int(n)+2)+int(off))
	}
	return l, nil
}

// listItem is an item on its way into a block.
type listItem struct {
	code   byte
	number uint64
	kind   string // the format, "s" for strings and bytes
	text   string
}

// encodeItem checks and converts an item.
func encodeItem(x starlark.Value) (listItem, error) {
	switch x := x.(type) {
	case starlark.Bool:
		var b [8]byte
		if x {
			b[boolByte] = 1
		}
		return listItem{kind: "xxxxxxx?", number: binary.NativeEndian.Uint64(b[:])}, nil
	case starlark.Int:
		i, ok := x.Int64()
		if !ok {
			return listItem{}, wire.Errorf("OverflowError", "'q' format requires %d <= number <= %d", math.MinInt64, math.MaxInt64)
		}
		return listItem{kind: "q", number: uint64(i)}, nil
	case starlark.Float:
		return listItem{kind: "d", number: math.Float64bits(float64(x))}, nil
	case starlark.String:
		return listItem{code: stringItem, kind: "s", text: string(x)}, nil
	case starlark.Bytes:
		return listItem{code: bytesItem, kind: "s", text: string(x)}, nil
	case starlark.NoneType:
		return listItem{code: noneItem, kind: "xxxxxx?x"}, nil
	}
	return listItem{}, wire.Errorf("KeyError", "<class '%s'>", pythonType(x))
}

// room is how many bytes the item gets in a new list: what CPython gives it, where that is enough.
func (it *listItem) room() int {
	if it.kind != "s" {
		return 8
	}
	n := len(it.text)
	if it.code == stringItem {
		n = utf8.RuneCountInString(it.text)
	}
	return max(n/8*8+8, (len(it.text)+7)/8*8)
}

// format is the item's format, in an item of room bytes.
func (it *listItem) format(room int) string {
	if it.kind == "s" {
		return strconv.Itoa(room) + "s"
	}
	return it.kind
}

func (l *ShareableList) n() int             { return len(l.offsets) - 1 }
func (l *ShareableList) formatAt(i int) int { return l.offsets[l.n()] + 8*i }
func (l *ShareableList) codeAt(i int) int   { return l.offsets[l.n()] + 8*l.n() + i }

// boolByte is where the byte of a bool is in its item.
const boolByte = 7

// store writes item i. What a number replaces is a number before and after.
func (l *ShareableList) store(i int, it listItem, format string) {
	off := l.offsets[i]
	if it.kind == "s" {
		room := l.offsets[i+1] - off
		b := l.mem.Bytes()[off : off+room]
		clear(b[copy(b, it.text):])
	} else {
		l.mem.Store64(off, it.number)
	}
	b := l.mem.Bytes()[l.formatAt(i):][:8]
	clear(b[copy(b, format):])
	l.mem.Store8(l.codeAt(i), it.code)
}

func (l *ShareableList) format(i int) string {
	return string(bytes.TrimRight(l.mem.Bytes()[l.formatAt(i):][:8], "\x00"))
}

func (l *ShareableList) load(i int) starlark.Value {
	off := l.offsets[i]
	switch l.mem.Load8(l.codeAt(i)) {
	case stringItem, bytesItem:
		text := string(bytes.TrimRight(l.mem.Bytes()[off:l.offsets[i+1]], "\x00"))
		if l.mem.Load8(l.codeAt(i)) == bytesItem {
			return starlark.Bytes(text)
		}
		return starlark.String(text)
	case noneItem:
		return starlark.None
	}
	switch l.format(i) {
	case "d":
		return starlark.Float(math.Float64frombits(l.mem.Load64(off)))
	case "xxxxxxx?":
		return starlark.Bool(l.mem.Load8(off+boolByte) != 0)
	}
	return starlark.MakeInt64(int64(l.mem.Load64(off)))
}

// open is an error if the block has been closed.
func (l *ShareableList) open() error {
	if l.shm.closed {
		return wire.Errorf("TypeError", "a bytes-like object is required, not 'NoneType': the list's shared memory is closed")
	}
	return l.shm.view.check()
}

// at checks an index.
func (l *ShareableList) at(key starlark.Value, what string) (int, error) {
	if err := l.open(); err != nil {
		return 0, err
	}
	i, err := starlark.AsInt32(key)
	if _, ok := key.(starlark.Int); !ok {
		return 0, wire.Errorf("TypeError", "ShareableList indices must be integers, not %s", pythonType(key))
	}
	if i < 0 {
		i += l.n()
	}
	if err != nil || i < 0 || i >= l.n() {
		return 0, wire.Errorf("IndexError", "%s out of range", what)
	}
	return i, nil
}

// Get is l[key].
func (l *ShareableList) Get(key starlark.Value) (starlark.Value, bool, error) {
	i, err := l.at(key, "index")
	if err != nil {
		return nil, false, err
	}
	return l.load(i), true, nil
}

// SetKey is l[key] = x. A string or bytes must fit where they go.
func (l *ShareableList) SetKey(key, x starlark.Value) error {
	i, err := l.at(key, "assignment index")
	if err != nil {
		return err
	}
	it, err := encodeItem(x)
	if err != nil {
		return err
	}
	room := l.offsets[i+1] - l.offsets[i]
	if len(it.text) > room {
		return wire.Errorf("ValueError", "bytes/str item exceeds available storage")
	}
	l.store(i, it, it.format(room))
	return nil
}

// Len is the number of items.
func (l *ShareableList) Len() int { return l.n() }

// Truth is whether the list has items.
func (l *ShareableList) Truth() starlark.Bool { return l.n() > 0 }

// Has is x in l.
func (l *ShareableList) Has(x starlark.Value) (bool, error) {
	i, err := l.find(x)
	return i >= 0, err
}

// find is the index of the first item that equals x, -1 if none does.
func (l *ShareableList) find(x starlark.Value) (int, error) {
	for i := range l.n() {
		if equal, err := l.equals(i, x); equal || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func (l *ShareableList) equals(i int, x starlark.Value) (bool, error) {
	if err := l.open(); err != nil {
		return false, err
	}
	return starlark.Equal(l.load(i), x)
}

// Iterate walks over the items as they are when they come.
func (l *ShareableList) Iterate() starlark.Iterator { return &listIterator{l: l} }

type listIterator struct {
	l *ShareableList
	i int
}

func (it *listIterator) Next(p *starlark.Value) bool {
	if it.i >= it.l.n() || !it.l.shm.view.ok() {
		return false
	}
	*p = it.l.load(it.i)
	it.i++
	return true
}

func (it *listIterator) Done() {}

func (l *ShareableList) String() string {
	if l.shm.closed {
		return fmt.Sprintf("ShareableList(closed, name='%s')", l.shm.name)
	}
	items := make([]starlark.Value, l.n())
	for i := range items {
		items[i] = l.load(i)
	}
	return fmt.Sprintf("ShareableList(%s, name='%s')", starlark.NewList(items), l.shm.name)
}

// Attr implements starlark.HasAttrs.
func (l *ShareableList) Attr(name string) (starlark.Value, error) {
	switch name {
	case "shm":
		return l.shm, nil
	case "format":
		if err := l.open(); err != nil {
			return nil, err
		}
		var all strings.Builder
		for i := range l.n() {
			all.WriteString(l.format(i))
		}
		return starlark.String(all.String()), nil
	}
	return l.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (l *ShareableList) AttrNames() []string {
	return append(l.shared.AttrNames(), "format", "shm")
}

var shareableListType = &sharedType{"ShareableList", append([]method{
	{"count", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &x); err != nil {
			return nil, err
		}
		l := b.Receiver().(*ShareableList)
		n := 0
		for i := range l.n() {
			equal, err := l.equals(i, x)
			if err != nil {
				return nil, err
			}
			if equal {
				n++
			}
		}
		return starlark.MakeInt(n), nil
	}},
	{"index", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &x); err != nil {
			return nil, err
		}
		i, err := b.Receiver().(*ShareableList).find(x)
		if err == nil && i < 0 {
			err = wire.Errorf("ValueError", "%s not in this container", x)
		}
		return starlark.MakeInt(i), err
	}},
}, itemMethods...)}

// shareableListWire is the wire form of a ShareableList: its block.
func (rt *Runtime) shareableListWire() wire.Type {
	return wire.Type{
		Name:   "mp.shareablelist",
		Go:     reflect.TypeFor[*ShareableList](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error { return e.Elem(".shm", v.(*ShareableList).shm) },
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			v, err := d.Value()
			if err != nil {
				return nil, err
			}
			shm, ok := v.(*SharedMemory)
			if !ok {
				return nil, fmt.Errorf("shareable list in a %s", v.Type())
			}
			return rt.openShareableList(shm)
		},
	}
}
