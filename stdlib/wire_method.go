package stdlib

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// registerMethods registers the small values that classes are made of. Each is written as the values it holds.
func (l *Lib) registerMethods(c *wire.Codec) {
	register(c, "method", func(m *boundMethod) []starlark.Value { return []starlark.Value{m.self, m.fn} },
		func(m *boundMethod, vs []starlark.Value) bool {
			ok := false
			switch m.self = vs[0]; vs[0].(type) {
			case *Instance, *Class:
				m.fn, ok = vs[1].(starlark.Callable)
			}
			return ok
		})
	register(c, "staticmethod", func(m *staticMethod) []starlark.Value { return []starlark.Value{m.fn} },
		func(m *staticMethod, vs []starlark.Value) (ok bool) {
			m.fn, ok = vs[0].(starlark.Callable)
			return ok
		})
	register(c, "classmethod", func(m *classMethod) []starlark.Value { return []starlark.Value{m.fn} },
		func(m *classMethod, vs []starlark.Value) (ok bool) {
			m.fn, ok = vs[0].(starlark.Callable)
			return ok
		})
	register(c, "property", func(p *scriptProperty) []starlark.Value { return []starlark.Value{p.fget, p.fset} },
		func(p *scriptProperty, vs []starlark.Value) bool {
			p.lib, p.fget, p.fset = l, vs[0], vs[1]
			return true
		})
	// A method written in Go is found again by its name.
	c.Register(wire.Type{Name: "nativemethod", Go: reflect.TypeFor[*nativeMethod](), Shared: true, Late: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			m := v.(*nativeMethod)
			if err := e.Elem(".__class__", m.class); err != nil {
				return err
			}
			e.String(m.class.nameOf(m))
			e.Defined(v)
			return nil
		},
		Decode: func(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
			v, err := d.Value()
			if err != nil {
				return nil, err
			}
			name, err := d.String()
			if err != nil {
				return nil, err
			}
			if c, ok := v.(*Class); ok {
				if m, ok := c.lookup(name).(*nativeMethod); ok {
					define(m)
					return m, nil
				}
			}
			return nil, wire.Errorf("ValueError", "bad message: no method %s of %s", name, v)
		}})
}

// register registers a type whose content is a fixed number of values.
func register[T any, P interface {
	*T
	starlark.Value
}](c *wire.Codec, name string, parts func(P) []starlark.Value, fill func(P, []starlark.Value) bool) {
	c.Register(wire.Type{Name: name, Go: reflect.TypeFor[P](), Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			for _, part := range parts(v.(P)) {
				if err := e.Elem("", part); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
			x := P(new(T))
			define(x)
			var vs []starlark.Value
			for range parts(x) {
				v, err := d.Value()
				if err != nil {
					return nil, err
				}
				vs = append(vs, v)
			}
			if !fill(x, vs) {
				return nil, wire.Errorf("ValueError", "bad message: %s", name)
			}
			return x, nil
		}})
}
