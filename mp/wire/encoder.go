package wire

import (
	"encoding/binary"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/starlark"
)

// Encoder writes one message. A Type's Encode gets it and writes its content with the methods below; its Decode reads
// with the methods of the same names of Decoder, in the same order. An Encoder is valid until Encode returns.
type Encoder struct {
	c       *Codec
	buf     []byte
	handles []Handle
	seen    identities
	types   []*Type // types used so far, by index
	late    int     // objects whose Decode will not have called define yet
	keys    int     // > 0 inside a dict key or set element
	soft    bool    // the decoder can fill in the value being written later
	peer    any     // see Peer
	depth   int
	local   map[any]any

	yieldEntry func(k, v starlark.Value) bool // e.entry
	err        error                          // of the last call of yieldEntry
}

// Encode appends the message for v to dst, and returns it with the handles in it, in order of appearance, repeats
// included. If a part of v can't be sent, err is an exception that names the path to it from root, such as args[0]["log"],
// and data is dst.
func (c *Codec) Encode(dst []byte, root string, v starlark.Value) (data []byte, handles []Handle, err error) {
	return c.encode(dst, root, v, nil)
}

// EncodeAbroad is Encode for a receiver outside of the family, which shares nothing with this process: there are no handles.
// What a Type's Encode wants to know of the receiver is peer.
func (c *Codec) EncodeAbroad(dst []byte, root string, v starlark.Value, peer any) ([]byte, error) {
	data, _, err := c.encode(dst, root, v, peer)
	return data, err
}

func (c *Codec) encode(dst []byte, root string, v starlark.Value, peer any) (data []byte, handles []Handle, err error) {
	e, _ := c.encoders.Get().(*Encoder)
	if e == nil {
		e = &Encoder{c: c}
		e.yieldEntry = e.entry
	}
	e.buf, e.peer = dst, peer
	err = e.Value(v)
	if err == nil && peer != nil && len(e.handles) > 0 {
		err = Errorf("TypeError", "cannot send %s to another program: it has objects of this family of processes", root)
	}
	if err == nil && !fits(len(e.buf)-len(dst)) {
		err = Errorf("ValueError", "cannot send %s: its message has %d bytes", root, len(e.buf)-len(dst))
	}
	data, handles = e.buf, e.handles
	e.reset()
	c.encoders.Put(e)
	if err != nil {
		return dst, nil, rooted(err, root)
	}
	return data, handles, nil
}

func (e *Encoder) reset() {
	e.buf, e.handles, e.peer = nil, nil, nil
	e.seen.reset()
	clear(e.types)
	e.types = e.types[:0]
	e.late, e.keys, e.depth, e.soft = 0, 0, 0, false
	clear(e.local)
}

// Abroad reports whether the message goes to a process outside of the family. A Type's Encode must not call Handle then; what
// cannot do without is an error.
func (e *Encoder) Abroad() bool { return e.peer != nil }

// Peer returns what EncodeAbroad was told of the receiver, nil in a message for the family.
func (e *Encoder) Peer() any { return e.peer }

// Elem writes v, which is reached from the value being written by segment: `.name`, `[3]`. Decoder.Value reads it.
func (e *Encoder) Elem(segment string, v starlark.Value) error {
	e.soft = false
	return under(e.value(v), segment)
}

// Field is Elem for a value that Decoder.Field reads, so that it may refer to an object which the decoder doesn't
// have yet.
func (e *Encoder) Field(segment string, v starlark.Value) error {
	e.soft = true
	return under(e.value(v), segment)
}

// Value writes v. Decoder.Value reads it.
func (e *Encoder) Value(v starlark.Value) error {
	e.soft = false
	return e.value(v)
}

// Defined marks the point where Decode will have called define for v, the value being written, of a Late type.
func (e *Encoder) Defined(v starlark.Value) {
	if e.seen.define(v) {
		e.late--
	}
}

// Local returns what SetLocal has set for key in this message, nil for nothing: a place for what a Type's Encode finds out
// and wants to know again for the next value of the message.
func (e *Encoder) Local(key any) any { return e.local[key] }

// SetLocal sets what Local returns.
func (e *Encoder) SetLocal(key, v any) {
	if e.local == nil {
		e.local = map[any]any{}
	}
	e.local[key] = v
}

// Int writes an integer.
func (e *Encoder) Int(i int64) {
	if i >= 0 {
		e.Uint(uint64(i))
		return
	}
	switch {
	case i >= -32:
		e.buf = append(e.buf, byte(i))
	case i >= math.MinInt8:
		e.buf = append(e.buf, msgpcode.Int8, byte(i))
	case i >= math.MinInt16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, msgpcode.Int16), uint16(i))
	case i >= math.MinInt32:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, msgpcode.Int32), uint32(i))
	default:
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, msgpcode.Int64), uint64(i))
	}
}

// Uint writes an unsigned integer.
func (e *Encoder) Uint(u uint64) {
	switch {
	case u < 1<<7:
		e.buf = append(e.buf, byte(u))
	case u < 1<<8:
		e.buf = append(e.buf, msgpcode.Uint8, byte(u))
	case u < 1<<16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, msgpcode.Uint16), uint16(u))
	case u < 1<<32:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, msgpcode.Uint32), uint32(u))
	default:
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, msgpcode.Uint64), u)
	}
}

// Len writes the number of values that follow, which Decoder.Len checks.
func (e *Encoder) Len(n int) { e.Uint(uint64(n)) }

// Bool writes a truth value.
func (e *Encoder) Bool(b bool) {
	if b {
		e.buf = append(e.buf, msgpcode.True)
	} else {
		e.buf = append(e.buf, msgpcode.False)
	}
}

// Float writes a floating-point number, every bit of it.
func (e *Encoder) Float(f float64) {
	e.buf = binary.BigEndian.AppendUint64(append(e.buf, msgpcode.Double), math.Float64bits(f))
}

// String writes a string, byte for byte.
func (e *Encoder) String(s string) {
	switch n := len(s); {
	case n < 32:
		e.buf = append(e.buf, msgpcode.FixedStrLow|byte(n))
	default:
		e.header(n, msgpcode.Str8, msgpcode.Str16, msgpcode.Str32)
	}
	e.buf = append(e.buf, s...)
}

// Bytes writes b.
func (e *Encoder) Bytes(b []byte) {
	e.header(len(b), msgpcode.Bin8, msgpcode.Bin16, msgpcode.Bin32)
	e.buf = append(e.buf, b...)
}

// Handle writes a handle and adds it to the list that Encode returns.
func (e *Encoder) Handle(h Handle) {
	e.buf = binary.BigEndian.AppendUint64(append(e.buf, msgpcode.FixExt8, extHandle), h)
	e.handles = append(e.handles, h)
}

// header writes a code with a length of 1, 2 or 4 bytes.
func (e *Encoder) header(n int, code8, code16, code32 byte) {
	switch {
	case n < 1<<8:
		e.buf = append(e.buf, code8, byte(n))
	case n < 1<<16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, code16), uint16(n))
	default:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, code32), uint32(n))
	}
}
