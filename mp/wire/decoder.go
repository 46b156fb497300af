package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/starlark"
)

// Decoder reads one message. A Type's Decode gets it and reads what its Encode wrote. A Decoder is valid until Decode
// returns. All methods return an error for bytes that are not what was asked for.
type Decoder struct {
	c      *Codec
	data   []byte
	pos    int
	end    int // of the innermost extension, or of the message
	budget int // container elements that can still come: each takes a byte at least
	depth  int
	types  []*Type // types used so far, by index
	refs   []ref   // containers met so far, by index
	late   []insertion

	lowest  int // smallest index of an open container that the current one, so far, refers to
	mutable int // index of the innermost open container that isn't a tuple or struct, -1 for none
	missing int // see value
	follows int // number of references met
	hashed  int // see maxHash

	peer any // see Peer

	text string // data, where strings may be parts of it
	kept bool   // one is

	block   string // a part of data, for short strings to be parts of
	blockAt int    // where in data it begins

	names [64]starlark.Value // short keys seen lately, see name; never reset
}

// Decode returns the value that data, one whole message, holds. Any bytes are safe: invalid ones are an error.
func (c *Codec) Decode(data []byte) (starlark.Value, error) { return c.DecodeAbroad(data, nil) }

// DecodeAbroad is Decode for a message from outside of the family. Handles in it are errors. What a Type's Decode wants to know of
// the sender is peer.
func (c *Codec) DecodeAbroad(data []byte, peer any) (starlark.Value, error) {
	d := c.decoder(data, peer)
	v, err := d.complete(d.Value())
	d.reset()
	c.decoders.Put(d)
	return v, err
}

// AppendElements is Decode for a message that is a list or another sequence with an index, of which only the elements are
// wanted: it appends them to dst.
// On an error what it has appended is of no use.
func (c *Codec) AppendElements(dst []starlark.Value, data []byte) ([]starlark.Value, error) {
	d := c.decoder(data, nil)
	dst, err := d.appendElements(dst)
	d.reset()
	c.decoders.Put(d)
	return dst, err
}

func (d *Decoder) appendElements(dst []starlark.Value) ([]starlark.Value, error) {
	if len(d.data) > 0 && isArray(d.data[0]) {
		n, err := d.arrayLen()
		if err != nil {
			return dst, err
		}
		at := len(dst)
		dst = slices.Grow(dst, n)[:at+n]
		_, err = d.complete(d.listOf(dst[at : at+n : at+n]))
		return dst, err
	}
	v, err := d.complete(d.Value())
	if err != nil {
		return dst, err
	}
	seq, ok := v.(starlark.Indexable)
	if !ok {
		return dst, d.errorf("want a sequence, got %s", v.Type())
	}
	n := seq.Len()
	dst = slices.Grow(dst, n)
	for i := range n {
		dst = append(dst, seq.Index(i))
	}
	return dst, nil
}

func isArray(c byte) bool {
	return c >= msgpcode.FixedArrayLow && c <= msgpcode.FixedArrayHigh || c == msgpcode.Array16 || c == msgpcode.Array32
}

// decoder returns a decoder of data.
func (c *Codec) decoder(data []byte, peer any) *Decoder {
	d, _ := c.decoders.Get().(*Decoder)
	if d == nil {
		d = &Decoder{c: c}
	}
	d.data, d.end, d.budget, d.peer = data, len(data), len(data), peer
	d.lowest, d.mutable, d.hashed = math.MaxInt, -1, 0
	return d
}

// DecodeKeeping is Decode of data that is the caller's, and of which text is the same memory. It may make it a part of the value
// instead of copying: where a long string or long bytes are most of the message. It reports so, and then nobody may write to data any more.
func (c *Codec) DecodeKeeping(data []byte, text string) (v starlark.Value, kept bool, err error) {
	d := c.decoder(data, nil)
	if cap(data) <= 2*len(data) {
		d.text = text
	}
	v, err = d.complete(d.Value())
	kept = d.kept
	d.reset()
	c.decoders.Put(d)
	return v, kept, err
}

// Peer returns what DecodeAbroad was told of the sender, nil in a message of the family.
func (d *Decoder) Peer() any { return d.peer }

// Int reads what Encoder.Int wrote.
func (d *Decoder) Int() (int64, error) {
	u, neg, err := d.integer()
	if err != nil {
		return 0, err
	}
	if !neg && u > math.MaxInt64 {
		return 0, d.errorf("integer out of range")
	}
	return int64(u), nil
}

// Uint reads what Encoder.Uint wrote.
func (d *Decoder) Uint() (uint64, error) {
	u, neg, err := d.integer()
	if err == nil && neg {
		err = d.errorf("negative integer")
	}
	return u, err
}

// Len reads a number of values that follow. It is never more than there can be.
func (d *Decoder) Len() (int, error) {
	u, err := d.Uint()
	if err != nil {
		return 0, err
	}
	return d.elements(u)
}

// Bool reads a truth value.
func (d *Decoder) Bool() (bool, error) {
	b, err := d.take(1)
	if err != nil {
		return false, err
	}
	switch b[0] {
	case msgpcode.True:
		return true, nil
	case msgpcode.False:
		return false, nil
	}
	return false, d.errorf("want a bool, got code %#x", b[0])
}

// Float reads a floating-point number.
func (d *Decoder) Float() (float64, error) {
	b, err := d.take(9)
	if err != nil {
		return 0, err
	}
	if b[0] != msgpcode.Double {
		return 0, d.errorf("want a float, got code %#x", b[0])
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), nil
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	b, err := d.textBytes()
	return string(b), err
}

// Bytes reads what Encoder.Bytes wrote. The result is the caller's.
func (d *Decoder) Bytes() ([]byte, error) {
	b, err := d.take(1)
	if err != nil {
		return nil, err
	}
	n, ok := d.sized(b[0], msgpcode.Bin8, msgpcode.Bin16, msgpcode.Bin32)
	if !ok {
		return nil, d.errorf("want bytes, got code %#x", b[0])
	}
	b, err = d.take(n)
	return append([]byte(nil), b...), err
}

// Handle reads a handle.
func (d *Decoder) Handle() (Handle, error) {
	if d.peer != nil {
		return 0, d.errorf("a handle from outside of the family")
	}
	b, err := d.take(10)
	if err != nil {
		return 0, err
	}
	if b[0] != msgpcode.FixExt8 || b[1] != extHandle {
		return 0, d.errorf("want a handle, got code %#x", b[0])
	}
	return binary.BigEndian.Uint64(b[2:]), nil
}

// take reads n bytes.
func (d *Decoder) take(n int) ([]byte, error) {
	if n < 0 || n > d.end-d.pos {
		return nil, d.truncated()
	}
	b := d.data[d.pos : d.pos+n]
	d.pos += n
	return b, nil
}

// sized reads the length that follows code c, one of the three. A length that doesn't fit is -1, which take refuses.
func (d *Decoder) sized(c, code8, code16, code32 byte) (n int, ok bool) {
	size := 1
	switch c {
	case code8:
	case code16:
		size = 2
	case code32:
		size = 4
	default:
		return 0, false
	}
	u, err := d.number(size)
	if err != nil || u > uint64(len(d.data)) {
		return -1, true
	}
	return int(u), true
}

// textBytes reads a string without copying it.
func (d *Decoder) textBytes() ([]byte, error) {
	b, err := d.take(1)
	if err != nil {
		return nil, err
	}
	c := b[0]
	if c >= msgpcode.FixedStrLow && c <= msgpcode.FixedStrHigh {
		return d.take(int(c & msgpcode.FixedStrMask))
	}
	n, ok := d.sized(c, msgpcode.Str8, msgpcode.Str16, msgpcode.Str32)
	if !ok {
		return nil, d.errorf("want a string, got code %#x", c)
	}
	return d.take(n)
}

// integer reads any integer of up to 64 bits, as the bits of an int64 if negative.
func (d *Decoder) integer() (u uint64, negative bool, err error) {
	b, err := d.take(1)
	if err != nil {
		return 0, false, err
	}
	c := b[0]
	switch {
	case c <= msgpcode.PosFixedNumHigh:
		return uint64(c), false, nil
	case c >= msgpcode.NegFixedNumLow:
		return uint64(int64(int8(c))), true, nil
	case c >= msgpcode.Uint8 && c <= msgpcode.Int64:
		return d.long(c)
	}
	return 0, false, d.errorf("want an integer, got code %#x", c)
}

// long reads an integer whose code, which isn't a short one's, has been read.
func (d *Decoder) long(c byte) (u uint64, negative bool, err error) {
	if c >= msgpcode.Int8 {
		size := 1 << (c - msgpcode.Int8)
		u, err = d.number(size)
		shift := 64 - 8*size
		i := int64(u<<shift) >> shift
		return uint64(i), i < 0, err
	}
	u, err = d.number(1 << (c - msgpcode.Uint8))
	return u, false, err
}

func (d *Decoder) errorf(format string, args ...any) error {
	return Errorf("ValueError", "invalid message at byte %d: %s", d.pos, fmt.Sprintf(format, args...))
}

func (d *Decoder) truncated() error { return d.errorf("it ends too early") }

// wrap says where in the message err, if any, happened, and keeps its exception class.
func (d *Decoder) wrap(err error) error {
	var e interface{ ExceptionClass() string }
	if err == nil || errors.As(err, &e) {
		return err
	}
	return Errorf("ValueError", "invalid message at byte %d: %w", d.pos, err)
}
