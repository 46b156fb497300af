package wire

import (
	"encoding/binary"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func (e *Encoder) value(val starlark.Value) error {
	switch v := val.(type) {
	case starlark.NoneType:
		e.buf = append(e.buf, msgpcode.Nil)
	case starlark.Bool:
		e.Bool(bool(v))
	case starlark.Int:
		e.int(v)
	case starlark.Float:
		e.Float(float64(v))
	case starlark.String:
		e.String(string(v))
	case starlark.Bytes:
		e.header(len(v), msgpcode.Bin8, msgpcode.Bin16, msgpcode.Bin32)
		e.buf = append(e.buf, v...)
	case *starlark.List:
		return e.list(v)
	case *starlark.Dict:
		return e.dict(v)
	case starlark.Tuple:
		return e.tuple(v, val)
	case *starlark.Set:
		return e.set(v)
	case *starlarkstruct.Struct:
		return e.structure(v)
	case *starlark.Builtin:
		return e.builtin(v)
	case *starlarkstruct.Module:
		return e.module(v)
	case time.Time:
		e.time(v)
	case time.Duration:
		at := e.open(extDuration)
		e.Int(int64(v))
		e.close(at)
	default:
		return e.other(val)
	}
	return nil
}

// enter starts a container. If it was met before, a back reference is written and done is true.
func (e *Encoder) enter(v starlark.Value, id identity, late bool) (done bool, err error) {
	if i, ok := e.seen.find(id); ok {
		if e.late > 0 && e.seen.list[i].late && (e.keys > 0 || !e.soft) {
			return true, refuse(v, Errorf("ValueError", "it refers to itself from a place that can't be filled in later"))
		}
		e.ref(i)
		return true, nil
	}
	e.seen.add(id, late)
	if late {
		e.late++
	}
	return false, e.deeper(v)
}

func (e *Encoder) deeper(v starlark.Value) error {
	e.depth++
	if e.depth > MaxDepth {
		return refuse(v, Errorf("RecursionError", "values are nested more than %d deep", MaxDepth))
	}
	return nil
}

func (e *Encoder) list(l *starlark.List) error {
	if done, err := e.enter(l, identity{p: l}, false); done || err != nil {
		return err
	}
	n := l.Len()
	e.array(n)
	for i := range n {
		v := l.Index(i)
		if x, ok := v.(starlark.Int); ok {
			e.int(x) // long lists are mostly of ints
			continue
		}
		e.soft = true
		if err := e.value(v); err != nil {
			return under(err, indexSegment(i))
		}
	}
	e.depth--
	return nil
}

// tuple writes t, which is also v: to make an interface of it again would allocate.
func (e *Encoder) tuple(t starlark.Tuple, v starlark.Value) error {
	if len(t) == 0 {
		e.buf = append(e.buf, msgpcode.FixExt1, extTuple, msgpcode.FixedArrayLow)
		return nil
	}
	if done, err := e.enter(v, tupleIdentity(t), false); done || err != nil {
		return err
	}
	at := e.open(extTuple)
	e.array(len(t))
	for i, x := range t {
		e.soft = true
		if err := e.value(x); err != nil {
			return under(err, indexSegment(i))
		}
	}
	e.close(at)
	e.depth--
	return nil
}

func (e *Encoder) dict(d *starlark.Dict) error {
	if done, err := e.enter(d, identity{p: d}, false); done || err != nil {
		return err
	}
	e.mapping(d.Len())
	d.Entries()(e.yieldEntry)
	e.depth--
	return e.takeErr()
}

// entry writes an entry of a dict. It is called through e.yieldEntry, since a function made for each dict would
// allocate.
func (e *Encoder) entry(k, v starlark.Value) bool {
	if err := e.key(k); err != nil {
		e.err = err
		return false
	}
	e.soft = true
	if err := e.value(v); err != nil {
		e.err = under(err, keySegment(k))
		return false
	}
	return true
}

func (e *Encoder) takeErr() error {
	err := e.err
	e.err = nil
	return err
}

func (e *Encoder) set(s *starlark.Set) error {
	if done, err := e.enter(s, identity{p: s}, false); done || err != nil {
		return err
	}
	at := e.open(extSet)
	e.array(s.Len())
	for x := range s.Elements() {
		if err := e.key(x); err != nil {
			return err
		}
	}
	e.close(at)
	e.depth--
	return nil
}

// key writes what the decoder hashes: a dict's key or a set's element.
func (e *Encoder) key(k starlark.Value) error {
	e.keys++
	err := e.value(k)
	e.keys--
	if err != nil {
		return under(err, ": key "+text(k))
	}
	return nil
}

func (e *Encoder) array(n int) {
	if n < 16 {
		e.buf = append(e.buf, msgpcode.FixedArrayLow|byte(n))
		return
	}
	e.header2(n, msgpcode.Array16, msgpcode.Array32)
}

func (e *Encoder) mapping(n int) {
	if n < 16 {
		e.buf = append(e.buf, msgpcode.FixedMapLow|byte(n))
		return
	}
	e.header2(n, msgpcode.Map16, msgpcode.Map32)
}

// header2 writes a code with a length of 2 or 4 bytes.
func (e *Encoder) header2(n int, code16, code32 byte) {
	if n < 1<<16 {
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, code16), uint16(n))
	} else {
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, code32), uint32(n))
	}
}

// open starts an extension whose length close fills in.
func (e *Encoder) open(ext byte) int {
	e.buf = append(e.buf, msgpcode.Ext32, 0, 0, 0, 0, ext)
	return len(e.buf)
}

func (e *Encoder) close(at int) {
	binary.BigEndian.PutUint32(e.buf[at-5:], uint32(len(e.buf)-at))
}

// raw writes an extension whose payload is s.
func (e *Encoder) raw(ext byte, s string) {
	e.header(len(s), msgpcode.Ext8, msgpcode.Ext16, msgpcode.Ext32)
	e.buf = append(append(e.buf, ext), s...)
}

func (e *Encoder) ref(i int) {
	switch {
	case i < 1<<8:
		e.buf = append(e.buf, msgpcode.FixExt1, extRef, byte(i))
	case i < 1<<16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, msgpcode.FixExt2, extRef), uint16(i))
	default:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, msgpcode.FixExt4, extRef), uint32(i))
	}
}

func (e *Encoder) int(i starlark.Int) {
	if x, ok := i.Int64(); ok {
		e.Int(x)
		return
	}
	if x, ok := i.Uint64(); ok {
		e.Uint(x)
		return
	}
	x := i.BigInt()
	payload := make([]byte, 1, 1+x.BitLen()/8+1)
	if x.Sign() < 0 {
		payload[0] = 1
	}
	e.raw(extBigInt, string(append(payload, x.Bytes()...)))
}

// fits reports whether a message of n bytes can be written: msgpack's lengths have 32 bits.
func fits(n int) bool { return uint64(n) <= math.MaxUint32 }
