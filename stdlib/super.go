package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// superObject is super(Class, self): it reads attributes from the classes that come after Class in the order of self's class.
type superObject struct {
	class *Class
	self  starlark.Value // an *Instance, or a *Class in a class method
	of    *Class         // self's class, or self
}

var _ starlark.HasAttrs = (*superObject)(nil)

// builtinSuper is https://docs.python.org/3/library/functions.html#super, with both arguments: Starlark has no cell for the class.
func (l *Lib) builtinSuper(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) != 2 || len(kwargs) > 0 {
		return nil, wire.Errorf("TypeError", "super() needs two arguments: super(Class, self)")
	}
	c, ok := args[0].(*Class)
	if !ok {
		return nil, wire.Errorf("TypeError", "super() argument 1 must be a type, not %s", pyType(args[0]))
	}
	s := &superObject{class: c, self: args[1]}
	switch x := args[1].(type) {
	case *Instance:
		s.of = x.cls
	case *Class:
		s.of = x
	}
	if s.of == nil || !s.of.derives(c) {
		what := "instance of " + pyType(args[1])
		if s.of == args[1] {
			what = "type " + s.of.name
		}
		return nil, wire.Errorf("TypeError", "super(type, obj): obj (%s) is not an instance or subtype of type (%s).", what, c.name)
	}
	return s, nil
}

func (s *superObject) String() string {
	return "<super: " + s.class.String() + ", <" + s.of.name + " object>>"
}
func (s *superObject) Type() string          { return "super" }
func (s *superObject) Truth() starlark.Bool  { return true }
func (s *superObject) Freeze()               { s.self.Freeze() }
func (s *superObject) Hash() (uint32, error) { return pointerHash(s), nil }

// Attr returns the attribute bound to self.
func (s *superObject) Attr(name string) (starlark.Value, error) {
	after := false
	for _, c := range s.of.order() {
		if c == s.class {
			after = true
			continue
		}
		if !after {
			continue
		}
		v, ok := c.attrs.get(name)
		if !ok {
			continue
		}
		x, isInstance := s.self.(*Instance)
		if !isInstance {
			if m, ok := v.(*classMethod); ok {
				return &boundMethod{self: s.of, fn: m.fn}, nil
			}
			return unwrapStatic(s.of, v), nil
		}
		switch p := v.(type) {
		case getter:
			return p.Get(x)
		}
		if binds(v) {
			return &boundMethod{self: x, fn: v.(starlark.Callable)}, nil
		}
		return unwrapStatic(s.of, v), nil
	}
	return nil, wire.Errorf("AttributeError", "'super' object has no attribute '%s'", name)
}

// AttrNames returns the names that dir shows.
func (s *superObject) AttrNames() []string { return s.of.AttrNames() }
