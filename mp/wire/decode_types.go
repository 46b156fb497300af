package wire

import (
	gotime "time"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func (d *Decoder) structure() (starlark.Value, error) {
	id, err := d.begin(nil, true)
	if err != nil {
		return nil, err
	}
	constructor, err := d.Value()
	if err != nil {
		return nil, err
	}
	if constructor == starlarkstruct.Default {
		constructor = starlarkstruct.Default
	}
	n, err := d.counted(msgpcode.FixedMapLow, msgpcode.FixedMapHigh, msgpcode.Map16, msgpcode.Map32)
	if err != nil {
		return nil, err
	}
	fields := make(starlark.StringDict, n)
	for range n {
		name, err := d.String()
		if err != nil {
			return nil, err
		}
		if fields[name], err = d.Value(); err != nil {
			return nil, err
		}
	}
	s := starlarkstruct.FromStringDict(constructor, fields)
	d.define(id, s)
	d.finish(id)
	return s, nil
}

func (d *Decoder) method() (starlark.Value, error) {
	if err := d.deeper(); err != nil {
		return nil, err
	}
	recv, err := d.Value()
	if err != nil {
		return nil, err
	}
	name, err := d.String()
	if err != nil {
		return nil, err
	}
	d.depth--
	if o, ok := recv.(starlark.HasAttrs); ok {
		if v, err := o.Attr(name); err == nil && v != nil {
			return v, nil
		}
	}
	return nil, d.errorf("%s has no method %q", recv.Type(), name)
}

// define sets the object of container i, for whatever referred to it before.
func (d *Decoder) define(i int, v starlark.Value) {
	r := &d.refs[i]
	r.v = v
	patches := r.patches
	r.patches = nil
	for _, set := range patches {
		set(v)
	}
}

func (d *Decoder) typed() (starlark.Value, error) {
	t, err := d.typeRef()
	if err != nil {
		return nil, err
	}
	if !t.Shared {
		if err := d.deeper(); err != nil {
			return nil, err
		}
		outer := d.mutable
		d.mutable = len(d.refs)
		v, err := t.Decode(d, func(starlark.Value) {})
		d.mutable = outer
		d.depth--
		return d.decoded(t, v, err)
	}
	id, err := d.begin(nil, false)
	if err != nil {
		return nil, err
	}
	v, err := t.Decode(d, func(v starlark.Value) { d.define(id, v) })
	if v, err = d.decoded(t, v, err); err != nil {
		return nil, err
	}
	if d.refs[id].v == nil {
		d.define(id, v)
	}
	d.finish(id)
	return v, nil
}

func (d *Decoder) decoded(t *Type, v starlark.Value, err error) (starlark.Value, error) {
	if err == nil && v == nil {
		err = d.errorf("type %q has no value", t.Name)
	}
	return v, err
}

func (d *Decoder) typeRef() (*Type, error) {
	if d.pos < d.end && d.data[d.pos] <= msgpcode.PosFixedNumHigh || d.pos < d.end && isUint(d.data[d.pos]) {
		i, err := d.Uint()
		if err != nil {
			return nil, err
		}
		if i >= uint64(len(d.types)) {
			return nil, d.errorf("type %d of %d", i, len(d.types))
		}
		return d.types[i], nil
	}
	name, err := d.textBytes()
	if err != nil {
		return nil, err
	}
	t := d.c.typeNamed(name)
	if t == nil {
		return nil, d.errorf("unknown type %q", name)
	}
	d.types = append(d.types, t)
	return t, nil
}

func (d *Decoder) view() (starlark.Value, error) {
	method, err := d.String()
	if err != nil {
		return nil, err
	}
	base, err := d.Value()
	if err != nil {
		return nil, err
	}
	v, ok := makeView(base, method)
	if !ok {
		return nil, d.errorf("%s has no view %q", base.Type(), method)
	}
	return v, nil
}

func (d *Decoder) time() (starlark.Value, error) {
	sec, err := d.Int()
	if err != nil {
		return nil, err
	}
	nsec, err := d.Int()
	if err != nil {
		return nil, err
	}
	place, err := d.String()
	if err != nil {
		return nil, err
	}
	offset, err := d.Int()
	if err != nil {
		return nil, err
	}
	zone, err := d.String()
	if err != nil {
		return nil, err
	}
	if nsec < 0 || nsec >= 1e9 || offset < -1<<20 || offset > 1<<20 {
		return nil, d.errorf("malformed time")
	}
	t := gotime.Unix(sec, nsec).UTC()
	if place == "UTC" {
		return time.Time(t), nil
	}
	// The same place by name, unless it is unknown here or keeps another time than at the sender's.
	if loc, err := gotime.LoadLocation(place); err == nil {
		if name, o := t.In(loc).Zone(); name == zone && int64(o) == offset {
			return time.Time(t.In(loc)), nil
		}
	}
	return time.Time(t.In(gotime.FixedZone(zone, int(offset)))), nil
}
