package stdlib

import (
	"encoding/binary"
	"reflect"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// registerValues registers the values that built-ins and modules make. Open files and iterators don't travel.
func (l *Lib) registerValues(c *wire.Codec) {
	c.Name("os.path", l.path())
	register(c, "slice", func(s *Slice) []starlark.Value { return s.tuple() },
		func(s *Slice, vs []starlark.Value) bool {
			s.start, s.stop, s.step = vs[0], vs[1], vs[2]
			return true
		})
	l.registerCollections(c)
	l.registerDatetime(c)
	c.Register(wire.Type{Name: "random", Go: reflect.TypeFor[*Random](), Shared: true, Encode: encodeRandom, Decode: l.decodeRandom})
	c.Register(wire.Type{Name: "struct_time", Go: reflect.TypeFor[structTime](), Encode: encodeStructTime, Decode: decodeStructTime})
}

// encodeRandom writes a generator as it stands: the copy goes on with the same numbers.
func encodeRandom(e *wire.Encoder, v starlark.Value) error {
	r := v.(*Random)
	if !r.gen.ready {
		r.gen.seedSystem()
	}
	data := make([]byte, 0, 4*stateLen)
	for _, w := range r.gen.state {
		data = binary.LittleEndian.AppendUint32(data, w)
	}
	e.Bytes(data)
	e.Uint(uint64(r.gen.next))
	e.Bool(r.hasNext)
	e.Float(r.gauss)
	return nil
}

func (l *Lib) decodeRandom(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	r := &Random{lib: l}
	define(r)
	data, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	next, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if len(data) != 4*stateLen || next > stateLen {
		return nil, wire.Errorf("ValueError", "bad message: state of a random generator")
	}
	r.gen.next = int(next)
	for i := range r.gen.state {
		r.gen.state[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	r.gen.ready = true
	if r.hasNext, err = d.Bool(); err != nil {
		return nil, err
	}
	r.gauss, err = d.Float()
	return r, err
}

// encodeStructTime writes the moment and its zone's name and offset.
func encodeStructTime(e *wire.Encoder, v starlark.Value) error {
	t := v.(structTime).t
	zone, offset := t.Zone()
	e.Int(t.Unix())
	e.String(zone)
	e.Int(int64(offset))
	e.Bool(t.Location() == time.UTC)
	e.Bool(t.IsDST() || v.(structTime).dst)
	return nil
}

func decodeStructTime(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	seconds, err := d.Int()
	if err != nil {
		return nil, err
	}
	zone, err := d.String()
	if err != nil {
		return nil, err
	}
	offset, err := d.Int()
	if err != nil {
		return nil, err
	}
	utc, err := d.Bool()
	if err != nil {
		return nil, err
	}
	dst, err := d.Bool()
	if err != nil {
		return nil, err
	}
	where := time.UTC
	if !utc {
		where = time.FixedZone(zone, int(offset))
	}
	return structTime{t: time.Unix(seconds, 0).In(where), dst: dst}, nil
}
