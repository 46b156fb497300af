package stdlib

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// registerDatetime registers the values of the modules datetime and uuid. utc stays the one object that it is.
func (l *Lib) registerDatetime(c *wire.Codec) {
	c.Register(wire.Type{Name: "timedelta", Go: reflect.TypeFor[timedelta](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		d := v.(timedelta)
		e.Int(int64(d.days))
		e.Int(int64(d.secs))
		e.Int(int64(d.micros))
		return nil
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		n, err := ints(d, 3)
		if err != nil {
			return nil, err
		}
		return timedelta{int(n[0]), int(n[1]), int(n[2])}, nil
	}})
	c.Register(wire.Type{Name: "uuid", Go: reflect.TypeFor[uuid](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		u := v.(uuid)
		e.Bytes(u[:])
		return nil
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		data, err := d.Bytes()
		if err != nil {
			return nil, err
		}
		if len(data) != 16 {
			return nil, wire.Errorf("ValueError", "bad message: a UUID")
		}
		return uuid(data), nil
	}})
	c.Register(wire.Type{Name: "timezone", Go: reflect.TypeFor[*timezone](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		return encodeZone(e, v.(*timezone))
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		z, err := decodeZone(d)
		return zoneValue(z), err
	}})
	c.Register(wire.Type{Name: "time", Go: reflect.TypeFor[clockTime](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		return encodeClock(e, v.(clockTime))
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) { return orError(decodeClock(d)) }})
	c.Register(wire.Type{Name: "date", Go: reflect.TypeFor[date](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		e.Int(int64(v.(date)))
		return nil
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		n, err := d.Int()
		if err != nil {
			return nil, err
		}
		return orError(inRange(int(n)))
	}})
	c.Register(wire.Type{Name: "datetime", Go: reflect.TypeFor[datetime](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		x := v.(datetime)
		e.Int(int64(x.date))
		return encodeClock(e, x.clock)
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		n, err := d.Int()
		if err != nil {
			return nil, err
		}
		day, err := inRange(int(n))
		if err != nil {
			return nil, err
		}
		c, err := decodeClock(d)
		return orError(datetime{day, c}, err)
	}})
}

func ints(d *wire.Decoder, n int) ([]int64, error) {
	all := make([]int64, n)
	for i := range all {
		var err error
		if all[i], err = d.Int(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const (
	noZone = iota
	utcOnly
	otherZone
)

func encodeZone(e *wire.Encoder, z *timezone) error {
	switch z {
	case nil:
		e.Int(noZone)
	case utcZone:
		e.Int(utcOnly)
	default:
		e.Int(otherZone)
		e.Int(z.offset)
		e.String(z.name)
	}
	return nil
}

func decodeZone(d *wire.Decoder) (*timezone, error) {
	kind, err := d.Int()
	if err != nil || kind == noZone {
		return nil, err
	}
	if kind == utcOnly {
		return utcZone, nil
	}
	z := &timezone{}
	if z.offset, err = d.Int(); err == nil {
		z.name, err = d.String()
	}
	return z, err
}

func encodeClock(e *wire.Encoder, c clockTime) error {
	e.Int(c.micros)
	e.Int(int64(c.fold))
	return encodeZone(e, c.zone)
}

func decodeClock(d *wire.Decoder) (clockTime, error) {
	n, err := ints(d, 2)
	if err != nil {
		return clockTime{}, err
	}
	if n[0] < 0 || n[0] >= dayMicros {
		return clockTime{}, wire.Errorf("ValueError", "bad message: a time of day")
	}
	z, err := decodeZone(d)
	return clockTime{n[0], z, int(n[1])}, err
}
