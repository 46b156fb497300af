package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// scriptFunction is a function of a script, whoever runs it.
type scriptFunction interface {
	starlark.Callable
	Doc() string
	Position() syntax.Position
	NumParams() int
	NumKwonlyParams() int
	HasVarargs() bool
	HasKwargs() bool
	Param(i int) (string, syntax.Position)
	ParamDefault(i int) starlark.Value
}

var _ scriptFunction = (*starlark.Function)(nil)

// moduleNameOf returns __name__ of the module that a function belongs to, "" if it has none.
func moduleNameOf(fn starlark.Callable) string {
	switch fn := fn.(type) {
	case interface{ ModuleName() string }:
		return fn.ModuleName()
	case *starlark.Function:
		name, _ := starlark.AsString(orNil(fn.Module().Predeclared()["__name__"]))
		return name
	}
	return ""
}

// binds reports whether a class attribute becomes a bound method when read from an instance: functions of scripts and
// methods written in Go do. As in Python, classes, instances with __call__, built-in functions and methods
// that are bound already don't.
func binds(v starlark.Value) bool {
	switch v.(type) {
	case scriptFunction, *nativeMethod:
		return true
	case *starlark.Builtin, *Class, *Instance, *boundMethod:
		return false
	}
	_, ok := v.(starlark.Callable)
	return ok
}

// unwrapStatic returns what a class attribute that does not bind is when read from an instance of c.
func unwrapStatic(c *Class, v starlark.Value) starlark.Value {
	switch v := v.(type) {
	case *staticMethod:
		return v.fn
	case *classMethod:
		return &boundMethod{self: c, fn: v.fn}
	}
	return v
}

// callMethod calls a class attribute as a method of x, without making a bound method first.
func (l *Lib) callMethod(thread *starlark.Thread, fn starlark.Value, x starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if binds(fn) {
		full := make(starlark.Tuple, 1+len(args))
		full[0] = x
		copy(full[1:], args)
		return l.cfg.Call(thread, fn, full, kwargs)
	}
	if i, ok := x.(*Instance); ok {
		fn = unwrapStatic(i.cls, fn)
	}
	return l.cfg.Call(thread, fn, args, kwargs)
}

// boundMethod is a function with its first argument given: x.f.
type boundMethod struct {
	self    starlark.Value // an *Instance, or the *Class of a class method
	fn      starlark.Callable
	name    string // the attribute it was read as, and the classes' version then:
	version uint64 // for the instance's list of bound methods
	next    *boundMethod
}

var _ starlark.Callable = (*boundMethod)(nil)

// Bound returns the method's receiver and its function.
func (m *boundMethod) Bound() (self starlark.Value, fn starlark.Callable) { return m.self, m.fn }

func (m *boundMethod) Name() string          { return m.fn.Name() }
func (m *boundMethod) Type() string          { return "method" }
func (m *boundMethod) Truth() starlark.Bool  { return true }
func (m *boundMethod) Freeze()               { m.self.Freeze(); m.fn.Freeze() }
func (m *boundMethod) Hash() (uint32, error) { return pointerHash(m.self) ^ pointerHash(m.fn), nil }

func (m *boundMethod) String() string {
	return "<bound method " + m.fn.Name() + " of " + m.self.String() + ">"
}

// CallInternal pushes a frame of its own before the function's: go.starlark.net takes a function's position only
// from a frame that names the function itself. Tracebacks leave the outer one out, as they do all built-in frames.
func (m *boundMethod) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	full := make(starlark.Tuple, 1+len(args))
	full[0] = m.self
	copy(full[1:], args)
	return starlark.Call(thread, m.fn, full, kwargs)
}

// CompareSameType makes methods of the same object and function equal.
func (m *boundMethod) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	o, ok := y.(*boundMethod)
	same := ok && m.self == o.self && m.fn == o.fn
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, wire.Errorf("TypeError", "'%s' not supported between instances of 'method' and '%s'", op, y.Type())
}

// Attr offers __self__, __func__ and __name__.
func (m *boundMethod) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__self__":
		return m.self, nil
	case "__func__":
		return m.fn, nil
	case "__name__":
		return starlark.String(m.fn.Name()), nil
	}
	return nil, wire.Errorf("AttributeError", "'method' object has no attribute '%s'", name)
}

// AttrNames lists the attributes.
func (m *boundMethod) AttrNames() []string { return []string{"__func__", "__name__", "__self__"} }

// nativeMethod is a method that Go code gave to a class: its built-in gets the instance as first argument.
type nativeMethod struct {
	class *Class
	fn    *starlark.Builtin
}

var _ starlark.Callable = (*nativeMethod)(nil)

func (m *nativeMethod) Name() string          { return m.fn.Name() }
func (m *nativeMethod) Type() string          { return "method_descriptor" }
func (m *nativeMethod) Truth() starlark.Bool  { return true }
func (m *nativeMethod) Freeze()               {}
func (m *nativeMethod) Hash() (uint32, error) { return pointerHash(m), nil }
func (m *nativeMethod) String() string {
	return "<method '" + m.fn.Name() + "' of '" + m.class.name + "' objects>"
}

// CallInternal calls the built-in. It is the one place through which methods written in Go are called, so a wrong first
// argument, as in Process.run(1), is refused here.
func (m *nativeMethod) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "unbound method %s.%s() needs an argument", m.class.name, m.fn.Name())
	}
	if x, ok := args[0].(*Instance); !ok || !x.cls.derives(m.class) {
		return nil, wire.Errorf("TypeError", "descriptor '%s' for '%s' objects doesn't apply to a '%s' object",
			m.fn.Name(), m.class.name, args[0].Type())
	}
	return m.fn.CallInternal(thread, args, kwargs)
}

// maxHooks bounds how deeply special methods may call each other through go.starlark.net, whose own bound counts frames only:
// each such call takes several times the Go stack of a plain one. CPython allows 1000 calls of any kind.
const maxHooks = 2000

// hook calls fn, a special method of x, where go.starlark.net gives no thread.
func (l *Lib) hook(x *Instance, fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	thread := l.cfg.Current()
	if thread == nil {
		return nil, wire.Errorf("RuntimeError", "special method of '%s' object called outside any script", x.cls.name)
	}
	if l.hooks >= maxHooks {
		return nil, wire.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	l.hooks++
	defer func() { l.hooks-- }()
	return l.callMethod(thread, fn, x, args, nil)
}
