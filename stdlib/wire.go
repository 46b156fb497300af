package stdlib

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// WireNative is implemented by a class attribute (of any name) of a class made by Go code. It carries what the class keeps
// in Instance.Native to another process.
type WireNative interface {
	EncodeNative(e *wire.Encoder, self starlark.Value) error
	// DecodeNative reads all that EncodeNative wrote. The attributes of self may not be complete yet.
	DecodeNative(d *wire.Decoder, self starlark.Value) error
}

// Register makes classes, instances, exceptions, methods and streams travel, and names all built-ins and modules of
// the library. A runtime calls it once for its codec.
func (l *Lib) Register(c *wire.Codec) {
	for name, v := range l.Predeclared() {
		c.Name(name, v)
	}
	for name, class := range l.excs {
		c.Name(name, class)
	}
	c.Name("result", l.result)
	c.Register(wire.Type{Name: "class", Go: reflect.TypeFor[*Class](), Shared: true, Encode: l.encodeClass, Decode: l.decodeClass})
	c.Register(wire.Type{Name: "instance", Go: reflect.TypeFor[*Instance](), Shared: true, Encode: l.encodeInstance, Decode: l.decodeInstance})
	l.made = append(l.made, c.Renamed)
	l.registerMethods(c)
	l.registerValues(c)
}

// encodeClass writes ID, name and module, the bases, then the attributes.
func (l *Lib) encodeClass(e *wire.Encoder, v starlark.Value) error {
	c := v.(*Class)
	if c.native {
		return wire.Errorf("TypeError", "class %s has no name in other processes", c.name)
	}
	e.String(l.idOf(c))
	e.String(c.name)
	e.String(c.module)
	e.Len(len(c.bases))
	for _, b := range c.bases {
		if err := e.Elem(".__bases__", b); err != nil {
			return err
		}
	}
	return encodeAttrs(e, c.attrs.items)
}

// decodeClass reads a class. One that this process has already is taken as it is, and what came is read and dropped.
func (l *Lib) decodeClass(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	id, err := d.String()
	if err != nil {
		return nil, err
	}
	c := &Class{lib: l, id: id}
	known := l.ids.get(id)
	if known != nil {
		define(known)
	} else {
		define(c)
	}
	if c.name, err = d.String(); err != nil {
		return nil, err
	}
	c.typ = typeName(c.name)
	if c.module, err = d.String(); err != nil {
		return nil, err
	}
	n, err := d.Len()
	if err != nil {
		return nil, err
	}
	for range n {
		b, err := d.Value()
		if err != nil {
			return nil, err
		}
		base, ok := b.(*Class)
		if !ok {
			return nil, wire.Errorf("ValueError", "bad message: base of class %s is %s", c.name, b.Type())
		}
		c.bases = append(c.bases, base)
	}
	// A base may still be incomplete itself, so the order is found when it is needed.
	err = decodeAttrs(d, &c.attrs)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return known, nil
	}
	c.mro = nil // if it was asked for before all bases were there
	l.changed()
	l.ids.add(c)
	return c, nil
}

func encodeAttrs(e *wire.Encoder, items []attr) error {
	e.Len(len(items))
	for _, a := range items {
		e.String(a.name)
		if err := e.Field("."+a.name, a.value); err != nil {
			return err
		}
	}
	return nil
}

func decodeAttrs(d *wire.Decoder, t *attrTable) error {
	n, err := d.Len()
	if err != nil {
		return err
	}
	for range n {
		name, err := d.String()
		if err != nil {
			return err
		}
		t.set(name, starlark.None) // keeps the place of one that is set later
		if err := d.Field(func(v starlark.Value) { t.set(name, v) }); err != nil {
			return err
		}
	}
	return nil
}

// What an instance's message has besides class and attributes.
const (
	hasException = 1 << iota
	hasDict      // attributes are in a dict that the script has seen
	hasNative
)

// encodeInstance writes the class, what else there is, the attributes and all that.
func (l *Lib) encodeInstance(e *wire.Encoder, v starlark.Value) error {
	x := v.(*Instance)
	if err := e.Elem(".__class__", x.cls); err != nil {
		return err
	}
	var has uint64
	if x.exc != nil {
		has |= hasException
	}
	if x.dict != nil {
		has |= hasDict
	}
	owner, hook := x.cls.wireNative()
	if hook != nil {
		has |= hasNative
	}
	e.Uint(has)
	var err error
	if x.dict != nil {
		err = e.Elem(".__dict__", x.dict)
	} else {
		err = encodeAttrs(e, x.attrs.items)
	}
	if err == nil && x.exc != nil {
		err = l.encodeException(e, x)
	}
	if err == nil && hook != nil {
		if err = e.Elem(".__class__", owner); err == nil {
			err = hook.EncodeNative(e, x)
		}
	}
	return err
}

// wireNative finds the class's WireNative, and the class that owns it.
func (c *Class) wireNative() (*Class, WireNative) {
	for _, k := range c.order() {
		if !k.native {
			continue
		}
		for i := range k.attrs.items {
			if w, ok := k.attrs.items[i].value.(WireNative); ok {
				return k, w
			}
		}
	}
	return nil, nil
}

func (l *Lib) decodeInstance(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	x := &Instance{cls: l.object} // until the class is known, which may refer to the instance
	define(x)
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	c, ok := v.(*Class)
	if !ok {
		return nil, wire.Errorf("ValueError", "bad message: class of an instance is %s", v.Type())
	}
	x.cls = c
	has, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if has&hasDict != 0 {
		v, err := d.Value()
		if err != nil {
			return nil, err
		}
		if x.dict, ok = v.(*starlark.Dict); !ok {
			return nil, wire.Errorf("ValueError", "bad message: __dict__ of an instance is %s", v.Type())
		}
	} else if err := decodeAttrs(d, &x.attrs); err != nil {
		return nil, err
	}
	if has&hasException != 0 {
		if err := decodeException(d, x); err != nil {
			return nil, err
		}
	}
	if has&hasNative != 0 {
		return x, decodeNative(d, x)
	}
	return x, nil
}

func decodeNative(d *wire.Decoder, x *Instance) error {
	v, err := d.Value()
	if err != nil {
		return err
	}
	if c, ok := v.(*Class); ok && c.native {
		if _, hook := c.wireNative(); hook != nil {
			return hook.DecodeNative(d, x)
		}
	}
	return wire.Errorf("ValueError", "bad message: instance of %s has Go state of %s", x.cls.name, v)
}

// encodeException writes arguments, message, traceback, cause and context. The traceback becomes text here: frames of another
// process mean nothing to the receiver.
func (l *Lib) encodeException(e *wire.Encoder, x *Instance) error {
	if err := e.Field(".args", x.exc.args); err != nil {
		return err
	}
	e.String(x.exc.text)
	sent := l.sentTrace(x)
	e.Bool(sent != nil)
	if sent != nil {
		e.String(sent.before)
		e.String(sent.frames)
		e.String(sent.last)
	}
	e.Bool(x.exc.suppress)
	if err := e.Field(".__cause__", orNone(x.exc.cause)); err != nil {
		return err
	}
	return e.Field(".__context__", orNone(x.exc.context))
}

func decodeTrace(d *wire.Decoder) (*trace, error) {
	if has, err := d.Bool(); !has || err != nil {
		return nil, err
	}
	t := new(trace)
	for _, part := range []*string{&t.before, &t.frames, &t.last} {
		var err error
		if *part, err = d.String(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func decodeException(d *wire.Decoder, x *Instance) error {
	exc := x.state()
	err := d.Field(func(v starlark.Value) { exc.args, _ = v.(starlark.Tuple) })
	if err == nil {
		exc.text, err = d.String()
	}
	if err == nil {
		exc.remote, err = decodeTrace(d)
	}
	if err == nil {
		exc.suppress, err = d.Bool()
	}
	if err == nil {
		err = d.Field(func(v starlark.Value) { exc.cause, _ = v.(*Instance) })
	}
	if err == nil {
		err = d.Field(func(v starlark.Value) { exc.context, _ = v.(*Instance) })
	}
	return err
}
