package wire

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"go.starlark.net/lib/math"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// object has attributes, may be in cycles, and is hashed by its attribute "key".
type object struct{ attrs starlark.StringDict }

func (o *object) String() string       { return "<object>" }
func (o *object) Type() string         { return "object" }
func (o *object) Freeze()              {}
func (o *object) Truth() starlark.Bool { return true }
func (o *object) Hash() (uint32, error) {
	if o.attrs["key"] == nil {
		return 0, errors.New("hashed before it had its key")
	}
	return o.attrs["key"].Hash()
}
func (o *object) CompareSameType(op int, y starlark.Value, depth int) (bool, error) {
	return o == y, nil
}

func objectType() Type {
	return Type{Name: "object", Go: reflect.TypeFor[*object](), Shared: true,
		Encode: func(e *Encoder, v starlark.Value) error {
			o := v.(*object)
			e.Len(len(o.attrs))
			for _, name := range o.attrs.Keys() {
				e.String(name)
				if err := e.Field("."+name, o.attrs[name]); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(d *Decoder, define func(starlark.Value)) (starlark.Value, error) {
			o := &object{starlark.StringDict{}}
			define(o)
			n, err := d.Len()
			if err != nil {
				return nil, err
			}
			for range n {
				name, err := d.String()
				if err != nil {
					return nil, err
				}
				if err := d.Field(func(v starlark.Value) { o.attrs[name] = v }); err != nil {
					return nil, err
				}
			}
			return o, nil
		}}
}

// late is a value that the decoder has only when its first part is there, as a function with its defaults.
type late struct{ first, rest starlark.Value }

func (l *late) String() string        { return "<late>" }
func (l *late) Type() string          { return "late" }
func (l *late) Freeze()               {}
func (l *late) Truth() starlark.Bool  { return true }
func (l *late) Hash() (uint32, error) { return 7, nil }

func lateType() Type {
	return Type{Name: "late", Go: reflect.TypeFor[*late](), Shared: true, Late: true,
		Encode: func(e *Encoder, v starlark.Value) error {
			if err := e.Elem(".first", v.(*late).first); err != nil {
				return err
			}
			e.Defined(v)
			return e.Elem(".rest", v.(*late).rest)
		},
		Decode: func(d *Decoder, define func(starlark.Value)) (starlark.Value, error) {
			first, err := d.Value()
			if err != nil {
				return nil, err
			}
			l := &late{first: first}
			define(l)
			l.rest, err = d.Value()
			return l, err
		}}
}

// plain is a value without identity that carries one of everything.
type plain struct{ starlark.NoneType }

func (plain) Type() string { return "plain" }

func plainType(seen *[]any) Type {
	return Type{Name: "plain", Go: reflect.TypeFor[plain](),
		Encode: func(e *Encoder, _ starlark.Value) error {
			e.Int(-5)
			e.Uint(1 << 63)
			e.Float(1.5)
			e.String("s")
			e.Bytes([]byte{1, 2})
			e.Bool(true)
			e.Handle(77)
			e.Len(2)
			e.Handle(1 << 40)
			e.Handle(77)
			return e.Value(starlark.None)
		},
		Decode: func(d *Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			var list []any
			var failed error
			add := func(v any, err error) { list, failed = append(list, v), errors.Join(failed, err) }
			i, err := d.Int()
			add(i, err)
			u, err := d.Uint()
			add(u, err)
			f, err := d.Float()
			add(f, err)
			s, err := d.String()
			add(s, err)
			b, err := d.Bytes()
			add(string(b), err)
			t, err := d.Bool()
			add(t, err)
			h, err := d.Handle()
			add(h, err)
			n, err := d.Len()
			add(n, err)
			for range n {
				h, err := d.Handle()
				add(h, err)
			}
			v, err := d.Value()
			add(v.Type(), err)
			*seen = list
			return plain{}, failed
		}}
}

func TestTypes(t *testing.T) {
	c := NewCodec()
	var seen []any
	c.Register(plainType(&seen))
	data, handles, err := c.Encode([]byte("before"), "obj", starlark.Tuple{plain{}, plain{}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []Handle{77, 1 << 40, 77, 77, 1 << 40, 77}; !slices.Equal(handles, want) {
		t.Errorf("handles %v, want %v", handles, want)
	}
	if string(data[:6]) != "before" {
		t.Errorf("dst was not kept: %q", data[:6])
	}
	if _, err := c.Decode(data[6:]); err != nil {
		t.Fatal(err)
	}
	want := []any{int64(-5), uint64(1 << 63), 1.5, "s", "\x01\x02", true, Handle(77), 2, Handle(1 << 40), Handle(77), "NoneType"}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("decoded %v, want %v", seen, want)
	}
}

func TestObjects(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	o := &object{starlark.StringDict{"x": starlark.MakeInt(1), "key": starlark.String("k")}}
	o.attrs["self"] = o
	got := roundTrip(t, c, starlark.NewList([]starlark.Value{o, o})).(*starlark.List)
	p := got.Index(0).(*object)
	if p != got.Index(1) || p.attrs["self"] != p || p.attrs["x"] != starlark.MakeInt(1) {
		t.Errorf("got %v", p.attrs)
	}
}

// An object is in sets and dicts that are among its attributes, so it must not be hashed before all is there. The
// attribute with the key comes last.
func TestUnfinishedKeys(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	o := &object{starlark.StringDict{}}
	set, dict := starlark.NewSet(0), starlark.NewDict(0)
	o.attrs["key"] = starlark.String("k")
	_ = set.Insert(starlark.String("first"))
	_ = set.Insert(starlark.Tuple{o, starlark.MakeInt(1)})
	_ = set.Insert(starlark.String("last"))
	_ = dict.SetKey(o, starlark.String("value"))
	_ = dict.SetKey(starlark.MakeInt(3), o)
	inner := &object{starlark.StringDict{"a_outer": o, "key": starlark.MakeInt(5)}}
	_ = dict.SetKey(inner, starlark.None)
	o.attrs["a_set"], o.attrs["b_dict"], o.attrs["c_again"] = set, dict, inner
	o.attrs["d_dict"] = starlark.NewDict(0)
	_ = o.attrs["d_dict"].(*starlark.Dict).SetKey(inner, starlark.None) // complete, but refers to o

	p := roundTrip(t, c, o).(*object)
	gotSet, gotDict := p.attrs["a_set"].(*starlark.Set), p.attrs["b_dict"].(*starlark.Dict)
	if ok, err := gotSet.Has(starlark.Tuple{p, starlark.MakeInt(1)}); !ok || err != nil {
		t.Errorf("not in its set: %v", err)
	}
	if v, ok, err := gotDict.Get(p); !ok || err != nil || v != starlark.String("value") {
		t.Errorf("not in its dict: %v, %v", v, err)
	}
	if gotDict.Len() != 3 || gotDict.Keys()[0] != p || gotDict.Keys()[2] != p.attrs["c_again"] {
		t.Errorf("dict's keys are %v", gotDict.Keys())
	}
	first := ""
	for x := range gotSet.Elements() {
		first += x.Type() + " "
	}
	if first != "string tuple string " {
		t.Errorf("set's elements are %s", first)
	}
}

func TestLateValues(t *testing.T) {
	c := NewCodec()
	c.Register(lateType())
	c.Register(objectType())
	list := starlark.NewList(nil)
	dict := starlark.NewDict(1)
	o := &object{starlark.StringDict{"key": starlark.None}}
	l := &late{first: starlark.NewList([]starlark.Value{list, dict, o}), rest: starlark.None}
	_ = list.Append(starlark.Tuple{l})
	_ = dict.SetKey(starlark.String("k"), l)
	o.attrs["late"] = l
	l.rest = l
	got := roundTrip(t, c, l).(*late)
	first := got.first.(*starlark.List)
	if got.rest != got || first.Index(0).(*starlark.List).Index(0).(starlark.Tuple)[0] != got {
		t.Errorf("got %v", first)
	}
	if v, _, _ := first.Index(1).(*starlark.Dict).Get(starlark.String("k")); v != got {
		t.Errorf("got %v", first)
	}
	if v := first.Index(2).(*object).attrs["late"]; v != got {
		t.Errorf("got %v", v)
	}

	// Places that can't be filled in later are found by the sender.
	set := starlark.NewSet(1)
	bad := &late{first: set, rest: starlark.None}
	_ = set.Insert(bad)
	_, _, err := c.Encode(nil, "obj", bad)
	if want := "cannot send late at obj.first: key <late>: it refers to itself from a place that can't be filled in later"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	s := starlark.NewList(nil)
	bad = &late{first: s, rest: starlark.None}
	_ = s.Append(starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"x": bad}))
	if _, _, err = c.Encode(nil, "obj", bad); err == nil {
		t.Error("no error for a struct")
	}
}

func TestNames(t *testing.T) {
	a, b := NewCodec(), NewCodec()
	answer := starlark.NewBuiltin("answer", nil)
	there := starlark.NewBuiltin("answer", nil)
	o, p := &object{}, &object{}
	a.Name("lib.answer", answer)
	b.Name("lib.answer", there)
	a.Name("stdout", o)
	b.Name("stdout", p)
	for _, c := range []*Codec{a, b} {
		c.Name("math", math.Module)
	}
	other := &starlarkstruct.Module{Name: "math"} // another copy
	v := starlark.Tuple{answer, o, math.Module, math.Module.Members["sqrt"], other, starlark.Universe["len"], math.Module.Members["pi"]}
	data, _, err := a.Encode(nil, "obj", v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	want := starlark.Tuple{there, p, math.Module, math.Module.Members["sqrt"], math.Module, starlark.Universe["len"], math.Module.Members["pi"]}
	for i, x := range got.(starlark.Tuple) {
		if x != want[i] {
			t.Errorf("element %d is %v", i, x)
		}
	}
	if _, err := NewCodec().Decode(data); err == nil {
		t.Error("a name that nobody knows was decoded")
	}
}

// counter has a method whose built-in is named after the type too.
type counter struct{ object }

func (c *counter) Attr(name string) (starlark.Value, error) {
	if name != "add" {
		return nil, nil
	}
	return starlark.NewBuiltin("counter.add", nil).BindReceiver(c), nil
}
func (c *counter) AttrNames() []string { return []string{"add"} }

func TestMethods(t *testing.T) {
	c := NewCodec()
	c.Register(Type{Name: "counter", Go: reflect.TypeFor[*counter](), Shared: true,
		Encode: func(*Encoder, starlark.Value) error { return nil },
		Decode: func(*Decoder, func(starlark.Value)) (starlark.Value, error) { return &counter{}, nil }})
	n := &counter{}
	add, _ := n.Attr("add")
	got := roundTrip(t, c, starlark.Tuple{n, add}).(starlark.Tuple)
	if b := got[1].(*starlark.Builtin); b.Receiver() != got[0] || b.Name() != "counter.add" {
		t.Errorf("got %v of %v", b, b.Receiver())
	}
	stray := starlark.NewBuiltin("sub", nil).BindReceiver(n)
	if _, _, err := c.Encode(nil, "obj", stray); err == nil {
		t.Error("a method that its receiver doesn't have was sent")
	}
}

func TestTimes(t *testing.T) {
	for _, expr := range []string{
		`time.from_timestamp(0)`, `time.time(year=2020, month=2, day=29, hour=1, nanosecond=123456789, location="America/New_York")`,
		`time.time(year=1, month=1, day=1)`, `time.time(year=9999, location="Asia/Kolkata")`, `time.parse_duration("-1h3ns")`,
		`time.parse_time("2021-03-22T23:20:50.52+05:17")`,
	} {
		v, err := starlark.EvalOptions(allOptions, new(starlark.Thread), "expr", expr, starlark.StringDict{"time": time.Module})
		if err != nil {
			t.Fatal(err)
		}
		got := roundTrip(t, NewCodec(), v)
		if eq, err := starlark.Equal(v, got); !eq || err != nil || got.String() != v.String() {
			t.Errorf("%s arrived as %s", v, got)
		}
	}
}

func TestStructConstructors(t *testing.T) {
	point := starlark.NewBuiltin("Point", nil)
	c := NewCodec()
	c.Name("Point", point)
	fields := starlark.StringDict{"x": starlark.MakeInt(1), "y": starlark.NewList(nil)}
	for _, constructor := range []starlark.Value{starlarkstruct.Default, point, starlark.String("other")} {
		got := roundTrip(t, c, starlarkstruct.FromStringDict(constructor, fields)).(*starlarkstruct.Struct)
		if got.Constructor() != constructor || got.String() != starlarkstruct.FromStringDict(constructor, fields).String() {
			t.Errorf("got %v", got)
		}
	}
	stranger := starlark.NewBuiltin("Stranger", nil)
	_, _, err := c.Encode(nil, "obj", starlarkstruct.FromStringDict(stranger, fields))
	if want := "cannot send builtin_function_or_method at obj.constructor: built-in function Stranger has no name that other processes know"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
