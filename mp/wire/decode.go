package wire

import (
	"encoding/binary"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/starlark"
)

// ref is a container of the message, by index.
type ref struct {
	v       starlark.Value         // nil until there is an object
	open    bool                   // its content isn't complete
	fixed   bool                   // a tuple or struct, which can't be changed
	lowest  int                    // when open, Decoder.lowest outside of it; then, the lowest of its content
	mutable int                    // Decoder.mutable outside of it
	patches []func(starlark.Value) // to be called when there is an object
}

// insertion is an entry of a dict or set (v is nil) whose key can only be hashed when all is decoded.
type insertion struct {
	into starlark.Value
	k, v starlark.Value
}

// complete is called with what was read of the message, which must be all.
func (d *Decoder) complete(v starlark.Value, err error) (starlark.Value, error) {
	if err != nil {
		return nil, err
	}
	if d.pos != d.end {
		return nil, d.errorf("%d bytes left over", d.end-d.pos)
	}
	for i := range d.late {
		if err := d.late[i].insert(); err != nil {
			return nil, d.wrap(err)
		}
	}
	return v, nil
}

func (in *insertion) insert() error {
	if in.v == nil {
		return in.into.(*starlark.Set).Insert(in.k)
	}
	return in.into.(*starlark.Dict).SetKey(in.k, in.v)
}

func (d *Decoder) reset() {
	const keep = 1 << 12
	if len(d.refs) > keep || cap(d.late) > keep {
		*d = Decoder{c: d.c}
		return
	}
	clear(d.refs)
	clear(d.types)
	clear(d.late)
	d.refs, d.types, d.late = d.refs[:0], d.types[:0], d.late[:0]
	d.data, d.pos, d.depth, d.follows, d.peer = nil, 0, 0, 0, nil
	d.text, d.kept, d.block, d.blockAt = "", false, "", 0
}

// Value reads a value. It is an error if that is a reference to an object which there isn't yet.
func (d *Decoder) Value() (starlark.Value, error) {
	v, err := d.value()
	if err == nil && v == nil {
		err = d.errorf("reference to container %d, which isn't defined yet", d.missing)
	}
	return v, err
}

// Field reads a value written with Encoder.Field and passes it to set: at once, or, if it is a reference to an object
// that there isn't yet, when the object is defined, which is before Decode of the whole message returns.
func (d *Decoder) Field(set func(starlark.Value)) error {
	v, err := d.value()
	if err != nil {
		return err
	}
	if v == nil {
		d.patch(set)
	} else {
		set(v)
	}
	return nil
}

// patch arranges for set to be called with the container that value has just found to be missing.
func (d *Decoder) patch(set func(starlark.Value)) {
	r := &d.refs[d.missing]
	r.patches = append(r.patches, set)
}

// value reads a value. The result is nil if it is a reference to a container without an object yet, d.missing.
func (d *Decoder) value() (starlark.Value, error) {
	if d.pos >= d.end {
		return nil, d.truncated()
	}
	c := d.data[d.pos]
	d.pos++
	switch {
	case c <= msgpcode.PosFixedNumHigh:
		return starlark.MakeInt(int(c)), nil
	case c >= msgpcode.NegFixedNumLow:
		return starlark.MakeInt(int(int8(c))), nil
	case isShort(c):
		b, err := d.take(int(c & msgpcode.FixedStrMask))
		if err != nil {
			return nil, err
		}
		return starlark.String(d.short(b)), nil
	case c >= msgpcode.FixedArrayLow && c <= msgpcode.FixedArrayHigh:
		return d.list(uint64(c & msgpcode.FixedArrayMask))
	case c <= msgpcode.FixedMapHigh:
		return d.dict(uint64(c & msgpcode.FixedMapMask))
	}
	switch c {
	case msgpcode.Nil:
		return starlark.None, nil
	case msgpcode.False:
		return starlark.False, nil
	case msgpcode.True:
		return starlark.True, nil
	case msgpcode.Float, msgpcode.Double:
		d.pos--
		return d.float()
	case msgpcode.Array16, msgpcode.Array32, msgpcode.Map16, msgpcode.Map32:
		return d.container(c)
	case msgpcode.Str8, msgpcode.Str16, msgpcode.Str32:
		d.pos--
		b, err := d.textBytes()
		if err != nil {
			return nil, err
		}
		return starlark.String(d.keep(b)), nil
	case msgpcode.Bin8, msgpcode.Bin16, msgpcode.Bin32:
		n, _ := d.sized(c, msgpcode.Bin8, msgpcode.Bin16, msgpcode.Bin32)
		b, err := d.take(n)
		if err != nil {
			return nil, err
		}
		return starlark.Bytes(d.keep(b)), nil
	case msgpcode.Uint8, msgpcode.Uint16, msgpcode.Uint32, msgpcode.Uint64, msgpcode.Int8, msgpcode.Int16, msgpcode.Int32, msgpcode.Int64:
		u, negative, err := d.long(c)
		if err != nil {
			return nil, err
		}
		if negative {
			return starlark.MakeInt64(int64(u)), nil
		}
		return starlark.MakeUint64(u), nil
	}
	d.pos--
	if n, ok := extSize(c); ok {
		return d.extension(n)
	}
	return nil, d.errorf("unknown code %#x", c)
}

// float reads a float of either size.
func (d *Decoder) float() (starlark.Value, error) {
	if d.data[d.pos] == msgpcode.Double {
		f, err := d.Float()
		return starlark.Float(f), err
	}
	b, err := d.take(5)
	if err != nil {
		return nil, err
	}
	return starlark.Float(math.Float32frombits(binary.BigEndian.Uint32(b[1:]))), nil
}

// container reads a list or dict whose code c has been read.
func (d *Decoder) container(c byte) (starlark.Value, error) {
	size := 2
	if c == msgpcode.Array32 || c == msgpcode.Map32 {
		size = 4
	}
	n, err := d.number(size)
	if err != nil {
		return nil, err
	}
	if c == msgpcode.Array16 || c == msgpcode.Array32 {
		return d.list(n)
	}
	return d.dict(n)
}

// begin adds a container, v if there is an object already. The result is for finish.
func (d *Decoder) begin(v starlark.Value, fixed bool) (i int, err error) {
	i = len(d.refs)
	d.refs = append(d.refs, ref{v: v, open: true, fixed: fixed, lowest: d.lowest, mutable: d.mutable})
	d.lowest = math.MaxInt
	if !fixed {
		d.mutable = i
	}
	return i, d.deeper()
}

// finish marks container i as complete.
func (d *Decoder) finish(i int) {
	d.depth--
	r := &d.refs[i]
	outer := r.lowest
	r.open, r.lowest = false, d.lowest
	d.lowest = min(d.lowest, outer)
	d.mutable = r.mutable
}

func (d *Decoder) deeper() error {
	d.depth++
	if d.depth > MaxDepth {
		return Errorf("RecursionError", "invalid message: values are nested more than %d deep", MaxDepth)
	}
	return nil
}

// elements checks the number of elements of a container: each element takes a byte at least, so all containers of a
// message together can't have more of them than it has bytes.
func (d *Decoder) elements(n uint64) (int, error) {
	if n > uint64(d.end-d.pos) || n > uint64(d.budget) {
		return 0, d.errorf("%d elements can't be in what is left", n)
	}
	d.budget -= int(n)
	return int(n), nil
}

func (d *Decoder) list(n uint64) (starlark.Value, error) {
	count, err := d.elements(n)
	if err != nil {
		return nil, err
	}
	return d.listOf(make([]starlark.Value, count))
}

// listOf reads a list into elems, which becomes the list's.
func (d *Decoder) listOf(elems []starlark.Value) (starlark.Value, error) {
	list := starlark.NewList(elems)
	id, err := d.begin(list, false)
	if err != nil {
		return nil, err
	}
	if err := d.fill(elems); err != nil {
		return nil, err
	}
	d.finish(id)
	return list, nil
}

// fill reads the elements of a list or tuple.
func (d *Decoder) fill(elems []starlark.Value) error {
	elems = elems[d.smalls(elems):]
	for i := range elems {
		elems[i] = starlark.None // what a __hash__ that looks into the list sees
	}
	for i := range elems {
		if n, ok := d.small(); ok {
			elems[i] = starlark.MakeInt(n)
			continue
		}
		v, err := d.value()
		if err != nil {
			return err
		}
		if v == nil {
			d.patch(func(v starlark.Value) { elems[i] = v })
			continue
		}
		elems[i] = v
	}
	return nil
}

// smalls reads the ints that small takes as far as there are some, and returns how many.
func (d *Decoder) smalls(elems []starlark.Value) int {
	for i := range elems {
		n, ok := d.small()
		if !ok {
			return i
		}
		elems[i] = starlark.MakeInt(n)
	}
	return len(elems)
}

// small reads an int that is not negative and below 1<<32, if one comes next: long lists are mostly of such.
func (d *Decoder) small() (n int, ok bool) {
	b := d.data[d.pos:d.end]
	switch {
	case len(b) > 0 && b[0] <= msgpcode.PosFixedNumHigh:
		d.pos++
		return int(b[0]), true
	case len(b) > 2 && b[0] == msgpcode.Uint16:
		d.pos += 3
		return int(b[1])<<8 | int(b[2]), true
	case len(b) > 4 && b[0] == msgpcode.Uint32 && math.MaxInt > math.MaxUint32:
		d.pos += 5
		return int(binary.BigEndian.Uint32(b[1:])), true
	case len(b) > 1 && b[0] == msgpcode.Uint8:
		d.pos += 2
		return int(b[1]), true
	}
	return 0, false
}

func (d *Decoder) dict(n uint64) (starlark.Value, error) {
	count, err := d.elements(2 * n)
	if err != nil {
		return nil, err
	}
	dict := starlark.NewDict(count / 2)
	id, err := d.begin(dict, false)
	if err != nil {
		return nil, err
	}
	for range count / 2 {
		if err := d.entry(dict); err != nil {
			return nil, err
		}
	}
	d.finish(id)
	return dict, nil
}

// entry reads an entry of a dict.
func (d *Decoder) entry(dict *starlark.Dict) error {
	k, ready, err := d.key(dict)
	if err != nil {
		return err
	}
	v, err := d.value()
	if err != nil {
		return err
	}
	if v == nil || !ready {
		return d.lateEntry(dict, k, v, ready)
	}
	return d.wrap(dict.SetKey(k, v))
}

// lateEntry adds an entry whose key can't be hashed yet, or whose value (nil) isn't there yet.
func (d *Decoder) lateEntry(dict *starlark.Dict, k, v starlark.Value, ready bool) error {
	missing := v == nil
	if missing {
		v = starlark.None
	}
	if !ready {
		at := len(d.late)
		d.late = append(d.late, insertion{dict, k, v})
		if missing {
			d.patch(func(v starlark.Value) { d.late[at].v = v })
		}
		return nil
	}
	if missing {
		d.patch(func(v starlark.Value) { _ = dict.SetKey(k, v) }) // k is in it, so it is hashable
	}
	return d.wrap(dict.SetKey(k, v))
}
