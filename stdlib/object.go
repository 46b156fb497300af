package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const syntaxEQL = syntax.EQL

// makeObject makes the root of all classes. Its special methods are what every instance does without any of its own; Class.special
// does not find them.
func (l *Lib) makeObject() {
	c := &Class{lib: l, name: "object", typ: "object", native: true}
	c.mro = []*Class{c}
	l.object = c
	method := func(name string, nargs int, f func(x *Instance, args starlark.Tuple) (starlark.Value, error)) starlark.Value {
		m := &nativeMethod{class: c, fn: starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if nargs >= 0 && (len(args) != nargs+1 || len(kwargs) > 0) {
				return nil, wire.Errorf("TypeError", "%s() takes %d arguments (%d given)", b.Name(), nargs, len(args)-1+len(kwargs))
			}
			return f(args[0].(*Instance), args[1:])
		})}
		c.attrs.set(name, m)
		return m
	}
	l.objectInit = method("__init__", -1, func(x *Instance, args starlark.Tuple) (starlark.Value, error) {
		if len(args) > 0 {
			return nil, wire.Errorf("TypeError", "object.__init__() takes exactly one argument (the instance to initialize)")
		}
		return starlark.None, nil
	})
	method("__repr__", 0, func(x *Instance, _ starlark.Tuple) (starlark.Value, error) {
		return starlark.String(x.defaultRepr()), nil
	})
	method("__str__", 0, func(x *Instance, _ starlark.Tuple) (starlark.Value, error) {
		s, err := l.repr(x)
		return starlark.String(s), err
	})
	method("__hash__", 0, func(x *Instance, _ starlark.Tuple) (starlark.Value, error) {
		return bigAddress(x), nil
	})
	method("__eq__", 1, func(x *Instance, args starlark.Tuple) (starlark.Value, error) {
		if starlark.Value(x) == args[0] {
			return starlark.True, nil
		}
		return l.notImpl, nil
	})
	method("__ne__", 1, func(x *Instance, args starlark.Tuple) (starlark.Value, error) {
		v, err := x.try("__eq__", args[0])
		if v == nil {
			if starlark.Value(x) == args[0] {
				return starlark.False, err
			}
			return l.notImpl, err
		}
		return !v.Truth(), err
	})
	method("__setattr__", 2, func(x *Instance, args starlark.Tuple) (starlark.Value, error) {
		name, ok := starlark.AsString(args[0])
		if !ok {
			return nil, wire.Errorf("TypeError", "attribute name must be string, not '%s'", args[0].Type())
		}
		return starlark.None, x.SetField(name, args[1])
	})
}
