package wire

import (
	"encoding/binary"
	"math/big"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
)

// extension reads an extension from its code on. size is the length of its length, 0 for the fixed ones.
func (d *Decoder) extension(size int) (starlark.Value, error) {
	n := uint64(1)
	if size == 0 {
		n <<= d.data[d.pos] - msgpcode.FixExt1
	}
	d.pos++
	if size > 0 {
		var err error
		if n, err = d.number(size); err != nil {
			return nil, err
		}
	}
	code, err := d.take(1)
	if err != nil {
		return nil, err
	}
	if n > uint64(d.end-d.pos) {
		return nil, d.truncated()
	}
	outer := d.end
	d.end = d.pos + int(n)
	v, err := d.payload(code[0])
	if err != nil {
		return nil, err
	}
	if d.pos != d.end {
		return nil, d.errorf("%d bytes left over in extension %d", d.end-d.pos, code[0])
	}
	d.end = outer
	return v, nil
}

// payload reads the content of an extension, which ends at d.end.
func (d *Decoder) payload(code byte) (starlark.Value, error) {
	switch code {
	case extRef:
		return d.ref()
	case extBigInt:
		return d.bigInt()
	case extTuple:
		return d.tuple()
	case extSet:
		return d.set()
	case extRange:
		return d.rangeValue()
	case extStruct:
		return d.structure()
	case extName:
		name := d.rest()
		if v := d.c.named(string(name)); v != nil {
			return v, nil
		}
		return nil, d.errorf("there is no %q here", name)
	case extMethod:
		return d.method()
	case extTime:
		return d.time()
	case extDuration:
		n, err := d.Int()
		return time.Duration(n), err
	case extTyped:
		return d.typed()
	case extView:
		return d.view()
	}
	return nil, d.errorf("unknown extension %d", code)
}

// rest takes what is left of the innermost extension.
func (d *Decoder) rest() []byte {
	b := d.data[d.pos:d.end]
	d.pos = d.end
	return b
}

func (d *Decoder) ref() (starlark.Value, error) {
	i := uint64(0)
	for _, b := range d.rest() {
		i = i<<8 | uint64(b)
	}
	if i >= uint64(len(d.refs)) {
		return nil, d.errorf("reference to container %d of %d", i, len(d.refs))
	}
	d.follows++
	r := &d.refs[i]
	if r.v == nil {
		d.missing = int(i)
	}
	if r.open && r.fixed && d.mutable < int(i) {
		return nil, d.errorf("a tuple or struct that contains itself")
	}
	if !r.open {
		// What isn't complete in it makes a key that refers to it unready too.
		i = uint64(r.lowest)
		if i >= uint64(len(d.refs)) || !d.refs[i].open {
			return r.v, nil
		}
	}
	d.lowest = min(d.lowest, int(i))
	return r.v, nil
}

func (d *Decoder) bigInt() (starlark.Value, error) {
	b := d.rest()
	if len(b) < 2 || b[0] > 1 || b[1] == 0 {
		return nil, d.errorf("malformed int")
	}
	x := new(big.Int).SetBytes(b[1:])
	if b[0] == 1 {
		x.Neg(x)
	}
	return starlark.MakeBigInt(x), nil
}

// arrayLen reads the header of an array.
func (d *Decoder) arrayLen() (int, error) {
	return d.counted(msgpcode.FixedArrayLow, msgpcode.FixedArrayHigh, msgpcode.Array16, msgpcode.Array32)
}

func (d *Decoder) counted(low, high, code16, code32 byte) (int, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	var n uint64
	switch c := b[0]; {
	case c >= low && c <= high:
		n = uint64(c - low)
	case c == code16:
		n, err = d.number(2)
	case c == code32:
		n, err = d.number(4)
	default:
		err = d.errorf("unexpected code %#x", c)
	}
	if err != nil {
		return 0, err
	}
	return d.elements(n)
}

func (d *Decoder) tuple() (starlark.Value, error) {
	n, err := d.arrayLen()
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return starlark.Tuple(nil), nil
	}
	t := make(starlark.Tuple, n)
	var v starlark.Value = t // once: it allocates
	id, err := d.begin(v, true)
	if err != nil {
		return nil, err
	}
	if err := d.fill(t); err != nil {
		return nil, err
	}
	d.finish(id)
	return v, nil
}

func (d *Decoder) set() (starlark.Value, error) {
	n, err := d.arrayLen()
	if err != nil {
		return nil, err
	}
	set := starlark.NewSet(n)
	id, err := d.begin(set, false)
	if err != nil {
		return nil, err
	}
	for range n {
		k, ready, err := d.key(set)
		if err != nil {
			return nil, err
		}
		if !ready {
			d.late = append(d.late, insertion{into: set, k: k})
		} else if err := set.Insert(k); err != nil {
			return nil, d.wrap(err)
		}
	}
	d.finish(id)
	return set, nil
}

func (d *Decoder) rangeValue() (starlark.Value, error) {
	var n [3]int64
	for i := range n {
		x, err := d.Int()
		if err != nil {
			return nil, err
		}
		n[i] = x
	}
	v, err := makeRange(n[0], n[1], n[2])
	return v, d.wrap(err)
}

// extSize returns the length of the length of an extension with code c, 0 for the fixed ones.
func extSize(c byte) (int, bool) {
	switch c {
	case msgpcode.FixExt1, msgpcode.FixExt2, msgpcode.FixExt4, msgpcode.FixExt8, msgpcode.FixExt16:
		return 0, true
	case msgpcode.Ext8:
		return 1, true
	case msgpcode.Ext16:
		return 2, true
	case msgpcode.Ext32:
		return 4, true
	}
	return 0, false
}

func isUint(c byte) bool { return c >= msgpcode.Uint8 && c <= msgpcode.Uint64 }

// number reads a big-endian number of 1, 2, 4 or 8 bytes.
func (d *Decoder) number(size int) (uint64, error) {
	b, err := d.take(size)
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), nil
	}
	return binary.BigEndian.Uint64(b), nil
}
