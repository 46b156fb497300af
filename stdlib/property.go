package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// property is a class attribute computed by Go code. Without set it is read-only.
type property struct {
	get func(x *Instance) (starlark.Value, error)
	set func(x *Instance, v starlark.Value) error
}

var _ setter = (*property)(nil)

func (p *property) String() string        { return "<attribute>" }
func (p *property) Type() string          { return "getset_descriptor" }
func (p *property) Truth() starlark.Bool  { return true }
func (p *property) Freeze()               {}
func (p *property) Hash() (uint32, error) { return pointerHash(p), nil }

// Get returns the attribute of self.
func (p *property) Get(self starlark.Value) (starlark.Value, error) { return p.get(self.(*Instance)) }

// Set sets the attribute of self.
func (p *property) Set(self, v starlark.Value) error {
	x := self.(*Instance)
	if p.set == nil {
		return wire.Errorf("AttributeError", "attribute '%s' of '%s' objects is not writable", x.cls.nameOf(p), x.cls.name)
	}
	return p.set(x, v)
}

// nameOf returns the name under which the class or one of its bases has v.
func (c *Class) nameOf(v starlark.Value) string {
	for _, k := range c.order() {
		for i := range k.attrs.items {
			if k.attrs.items[i].value == v {
				return k.attrs.items[i].name
			}
		}
	}
	return ""
}

// scriptProperty is what property(fget, fset) returns.
type scriptProperty struct {
	lib        *Lib
	fget, fset starlark.Value // None where not given
}

var _ setter = (*scriptProperty)(nil)

func (p *scriptProperty) String() string        { return "<property object at " + hexAddress(p) + ">" }
func (p *scriptProperty) Type() string          { return "property" }
func (p *scriptProperty) Truth() starlark.Bool  { return true }
func (p *scriptProperty) Freeze()               { p.fget.Freeze(); p.fset.Freeze() }
func (p *scriptProperty) Hash() (uint32, error) { return pointerHash(p), nil }

// Get calls fget.
func (p *scriptProperty) Get(self starlark.Value) (starlark.Value, error) {
	if p.fget == starlark.None {
		return nil, wire.Errorf("AttributeError", "property '%s' of '%s' object has no getter", self.(*Instance).cls.nameOf(p), pyType(self))
	}
	return p.lib.callNow(p.fget, self)
}

// Set calls fset.
func (p *scriptProperty) Set(self, v starlark.Value) error {
	if p.fset == starlark.None {
		return wire.Errorf("AttributeError", "property '%s' of '%s' object has no setter", self.(*Instance).cls.nameOf(p), pyType(self))
	}
	_, err := p.lib.callNow(p.fset, self, v)
	return err
}

// staticMethod is what staticmethod(f) returns: a class attribute that is never bound.
type staticMethod struct{ fn starlark.Callable }

func (m *staticMethod) String() string        { return "<staticmethod(" + m.fn.String() + ")>" }
func (m *staticMethod) Type() string          { return "staticmethod" }
func (m *staticMethod) Truth() starlark.Bool  { return true }
func (m *staticMethod) Freeze()               { m.fn.Freeze() }
func (m *staticMethod) Hash() (uint32, error) { return pointerHash(m), nil }

// classMethod is what classmethod(f) returns: a class attribute that is bound to the class.
type classMethod struct{ fn starlark.Callable }

func (m *classMethod) String() string        { return "<classmethod(" + m.fn.String() + ")>" }
func (m *classMethod) Type() string          { return "classmethod" }
func (m *classMethod) Truth() starlark.Bool  { return true }
func (m *classMethod) Freeze()               { m.fn.Freeze() }
func (m *classMethod) Hash() (uint32, error) { return pointerHash(m), nil }

func (l *Lib) builtinProperty(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := &scriptProperty{lib: l, fget: starlark.None, fset: starlark.None}
	var doc starlark.Value
	if err := starlark.UnpackArgs("property", args, kwargs, "fget?", &p.fget, "fset?", &p.fset, "doc?", &doc); err != nil {
		return nil, err
	}
	return p, nil
}

func builtinStaticmethod(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Callable
	if err := starlark.UnpackPositionalArgs("staticmethod", args, kwargs, 1, &fn); err != nil {
		return nil, err
	}
	return &staticMethod{fn}, nil
}

func builtinClassmethod(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Callable
	if err := starlark.UnpackPositionalArgs("classmethod", args, kwargs, 1, &fn); err != nil {
		return nil, err
	}
	return &classMethod{fn}, nil
}
