package stdlib

import (
	"reflect"
	"weak"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// registerCollections registers the values that the modules collections, functools and re make.
func (l *Lib) registerCollections(c *wire.Codec) {
	c.Register(wire.Type{Name: "re.Pattern", Go: reflect.TypeFor[*pattern](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		p := v.(*pattern)
		e.Int(int64(p.re.Flags()))
		return e.Value(p.source)
	}, Decode: l.decodePattern})
	register(c, "partial", func(p *partial) []starlark.Value {
		kwargs := make(starlark.Tuple, len(p.kwargs))
		for i, kv := range p.kwargs {
			kwargs[i] = kv
		}
		return []starlark.Value{orNil(p.fn), p.args, kwargs}
	}, func(p *partial, vs []starlark.Value) bool {
		args, ok := vs[1].(starlark.Tuple)
		kwargs, ok2 := vs[2].(starlark.Tuple)
		p.lib, p.fn, p.args = l, vs[0], args
		for _, kv := range kwargs {
			t, isTuple := kv.(starlark.Tuple)
			if !isTuple || len(t) != 2 || t[0].Type() != "string" {
				return false
			}
			p.kwargs = append(p.kwargs, t)
		}
		return ok && ok2
	})
	register(c, "getter", func(g *getterFunc) []starlark.Value {
		kwargs := make(starlark.Tuple, len(g.kwargs))
		for i, kv := range g.kwargs {
			kwargs[i] = kv
		}
		return []starlark.Value{starlark.String(g.kind), g.items, kwargs}
	}, func(g *getterFunc, vs []starlark.Value) bool {
		kind, ok := starlark.AsString(vs[0])
		items, ok2 := vs[1].(starlark.Tuple)
		kwargs, ok3 := vs[2].(starlark.Tuple)
		if !ok || !ok2 || !ok3 || len(items) == 0 {
			return false
		}
		for _, kv := range kwargs {
			t, isTuple := kv.(starlark.Tuple)
			if !isTuple || len(t) != 2 || t[0].Type() != "string" {
				return false
			}
			g.kwargs = append(g.kwargs, t)
		}
		g.lib, g.kind, g.items = l, kind, items
		_, err := l.newGetter(kind, items, g.kwargs)
		return err == nil
	})
	c.Register(wire.Type{Name: "logger", Go: reflect.TypeFor[*logger](), Encode: func(e *wire.Encoder, v starlark.Value) error {
		e.String(v.(*logger).name)
		return nil
	}, Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
		name, err := d.String()
		if err != nil {
			return nil, err
		}
		l.Module("logging").(*Module).ModuleMembers() // makes logs
		return l.logs.named(name), nil
	}})
	register(c, "wraps", func(w *wrapper) []starlark.Value {
		if w.fn == nil {
			return []starlark.Value{nil, nil}
		}
		return []starlark.Value{w.fn, w.wrapped}
	}, func(w *wrapper, vs []starlark.Value) (ok bool) {
		w.fn, ok = vs[0].(starlark.Callable)
		w.wrapped = vs[1]
		return ok
	})
	c.Register(wire.Type{Name: "lru_cache", Go: reflect.TypeFor[*lruCache](), Shared: true, Encode: func(e *wire.Encoder, v starlark.Value) error {
		x := v.(*lruCache)
		e.Int(int64(x.limit))
		e.Bool(x.typed)
		return e.Elem(".__wrapped__", x.fn)
	}, Decode: l.decodeCache})
	c.Register(wire.Type{Name: "dict", Go: reflect.TypeFor[*pyDict](), Shared: true, Encode: func(e *wire.Encoder, v starlark.Value) error {
		d := v.(*pyDict)
		e.String(string(d.kind))
		if err := e.Elem(".default_factory", orNil(d.factory)); err != nil {
			return err
		}
		return e.Elem("", d.Dict)
	}, Decode: l.decodeDict})
	c.Register(wire.Type{Name: "deque", Go: reflect.TypeFor[*deque](), Shared: true, Encode: func(e *wire.Encoder, v starlark.Value) error {
		d := v.(*deque)
		e.Int(int64(d.max))
		return e.Elem("", starlark.NewList(d.values()))
	}, Decode: l.decodeDeque})
	c.Register(wire.Type{Name: "namedtuple class", Go: reflect.TypeFor[*namedTupleType](), Shared: true,
		Encode: l.encodeTupleType, Decode: l.decodeTupleType})
	c.Register(wire.Type{Name: "namedtuple", Go: reflect.TypeFor[*namedTuple](), Shared: true, Late: true, Encode: func(e *wire.Encoder, v starlark.Value) error {
		x := v.(*namedTuple)
		if err := e.Elem(".__class__", x.typ); err != nil {
			return err
		}
		return e.Elem("", x.Tuple)
	}, Decode: func(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
		typ, err := d.Value()
		if err != nil {
			return nil, err
		}
		v, err := d.Value()
		if err != nil {
			return nil, err
		}
		t, ok := typ.(*namedTupleType)
		vs, ok2 := v.(starlark.Tuple)
		if !ok || !ok2 || len(vs) != len(t.fields) {
			return nil, wire.Errorf("ValueError", "bad message: named tuple")
		}
		return &namedTuple{t, vs}, nil
	}})
}

func (l *Lib) decodePattern(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	flags, err := d.Int()
	if err != nil {
		return nil, err
	}
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	p, err := l.compilePattern(v, int(flags))
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (l *Lib) decodeCache(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	c := l.newCache(nil, 0, false)
	define(c)
	limit, err := d.Int()
	if err != nil {
		return nil, err
	}
	c.limit = int(limit)
	if c.typed, err = d.Bool(); err != nil {
		return nil, err
	}
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	var ok bool
	if c.fn, ok = v.(starlark.Callable); !ok {
		return nil, wire.Errorf("ValueError", "bad message: a cached %s", v.Type())
	}
	return c, nil
}

func (l *Lib) decodeDict(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	x := &pyDict{Dict: new(starlark.Dict), lib: l}
	define(x)
	kind, err := d.String()
	if err != nil {
		return nil, err
	}
	switch x.kind = dictKind(kind); x.kind {
	case kindCounter, kindDefault, kindOrdered:
	default:
		return nil, wire.Errorf("ValueError", "bad message: class %s", kind)
	}
	if x.factory, err = d.Value(); err != nil {
		return nil, err
	}
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	var ok bool
	if x.Dict, ok = v.(*starlark.Dict); !ok {
		x.Dict = new(starlark.Dict)
		return nil, wire.Errorf("ValueError", "bad message: contents of a %s", kind)
	}
	return x, nil
}

func (l *Lib) decodeDeque(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	x := &deque{lib: l}
	define(x)
	limit, err := d.Int()
	if err != nil {
		return nil, err
	}
	x.max = int(max(limit, -1))
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	list, ok := v.(*starlark.List)
	if !ok {
		return nil, wire.Errorf("ValueError", "bad message: contents of a deque")
	}
	for i := range list.Len() {
		x.push(list.Index(i))
	}
	return x, nil
}

// encodeTupleType writes ID, name, module, fields and defaults.
func (l *Lib) encodeTupleType(e *wire.Encoder, v starlark.Value) error {
	t := v.(*namedTupleType)
	if t.id == "" {
		t.id = l.cfg.ClassID()
		l.knowTupleType(t)
	}
	e.String(t.id)
	e.String(t.name)
	e.String(t.module)
	e.Len(len(t.fields))
	for _, f := range t.fields {
		e.String(f)
	}
	return e.Elem("._field_defaults", starlark.Tuple(t.defaults))
}

func (l *Lib) knowTupleType(t *namedTupleType) {
	if l.tupleTypes == nil {
		l.tupleTypes = map[string]weak.Pointer[namedTupleType]{}
	}
	l.tupleTypes[t.id] = weak.Make(t)
}

func (l *Lib) decodeTupleType(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	id, err := d.String()
	if err != nil {
		return nil, err
	}
	t := &namedTupleType{lib: l, id: id}
	known := l.tupleTypes[id].Value()
	if known != nil {
		define(known)
	} else {
		define(t)
	}
	if t.name, err = d.String(); err != nil {
		return nil, err
	}
	if t.module, err = d.String(); err != nil {
		return nil, err
	}
	n, err := d.Len()
	if err != nil {
		return nil, err
	}
	for range n {
		f, err := d.String()
		if err != nil {
			return nil, err
		}
		t.fields = append(t.fields, f)
	}
	v, err := d.Value()
	if err != nil {
		return nil, err
	}
	defaults, ok := v.(starlark.Tuple)
	if !ok || len(defaults) > len(t.fields) {
		return nil, wire.Errorf("ValueError", "bad message: class %s", t.name)
	}
	t.defaults = defaults
	if known != nil {
		return known, nil
	}
	l.knowTupleType(t)
	return t, nil
}
