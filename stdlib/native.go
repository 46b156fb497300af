package stdlib

import (
	"slices"
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// nativeType is a built-in class whose objects are Go values of a type of their own: collections.deque, datetime.date. Scripts
// call it, read its attributes and ask isinstance about it, but can't derive from it.
type nativeType struct {
	module, name string
	make         goFunc
	is           func(starlark.Value) bool // reports whether a value is of this type or one derived from it
	bases        []string                  // qualified names of nativeTypes, and built-in types, that it derives from
	attrs        starlark.StringDict       // class attributes and class methods; may be nil
	methods      func() *methodTable       // may be nil
}

var (
	_ starlark.Callable = (*nativeType)(nil)
	_ starlark.HasAttrs = (*nativeType)(nil)
	_ ClassLike         = (*nativeType)(nil)
)

func (t *nativeType) qualified() string     { return t.module + "." + t.name }
func (t *nativeType) String() string        { return "<class '" + t.qualified() + "'>" }
func (t *nativeType) Name() string          { return t.name }
func (t *nativeType) Type() string          { return "type" }
func (t *nativeType) Truth() starlark.Bool  { return true }
func (t *nativeType) Freeze()               {}
func (t *nativeType) Hash() (uint32, error) { return pointerHash(t), nil }

// CallInternal makes an object.
func (t *nativeType) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if t.make == nil {
		return nil, wire.Errorf("TypeError", "cannot create '%s' instances", t.qualified())
	}
	return t.make(thread, nil, args, kwargs)
}

// Attr returns a class attribute, a class method, or a method as a function of the object, as in deque.append(d, x).
func (t *nativeType) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(t.name), nil
	case "__module__":
		return starlark.String(t.module), nil
	}
	if v := t.attrs[name]; v != nil {
		return v, nil
	}
	if t.methods != nil && t.methods().m[name] != nil {
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(args) == 0 {
				return nil, wire.Errorf("TypeError", "unbound method %s.%s() needs an argument", t.name, name)
			}
			if !t.is(args[0]) {
				return nil, wire.Errorf("TypeError", "descriptor '%s' for '%s' objects doesn't apply to a '%s' object", name, t.qualified(), pyType(args[0]))
			}
			return starlark.Call(thread, t.methods().bound(args[0], name), args[1:], kwargs)
		}).BindReceiver(t), nil
	}
	return nil, wire.Errorf("AttributeError", "type object '%s' has no attribute '%s'", t.qualified(), name)
}

// AttrNames lists the class's attributes and methods.
func (t *nativeType) AttrNames() []string {
	names := t.attrs.Keys()
	if t.methods != nil {
		names = append(names, t.methods().names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// HasInstance implements ClassLike.
func (t *nativeType) HasInstance(v starlark.Value) bool { return t.is(v) }

// DerivesFrom implements ClassLike.
func (t *nativeType) DerivesFrom(class starlark.Value) bool {
	switch c := class.(type) {
	case *nativeType:
		return t == c || slices.Contains(t.bases, c.qualified())
	case *starlark.Builtin:
		return slices.Contains(t.bases, c.Name())
	}
	return false
}

// isA is implemented by Go values that isinstance takes for one of a built-in type: a Counter is a dict.
type isA interface{ isA(typ string) bool }

// methodTable has the methods of a Go type: built-ins without receiver, made when the first is asked for. A variable of it has no
// initialiser, since methods lead back to the modules, which lead back to it; a function beside it fills it.
type methodTable struct {
	once sync.Once
	m    map[string]*starlark.Builtin
}

func (t *methodTable) fill(fns func() map[string]goFunc) *methodTable {
	t.once.Do(func() {
		m := map[string]*starlark.Builtin{}
		for name, f := range fns() {
			m[name] = starlark.NewBuiltin(name, f)
		}
		t.m = m
	})
	return t
}

// bound returns the method bound to recv; nil if there is none of that name.
func (t *methodTable) bound(recv starlark.Value, name string) starlark.Value {
	if b := t.m[name]; b != nil {
		return b.BindReceiver(recv)
	}
	return nil
}

func (t *methodTable) names() []string {
	names := make([]string, 0, len(t.m))
	for name := range t.m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// method makes a goFunc of a function that wants its receiver.
func method[T starlark.Value](f func(x T, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return f(b.Receiver().(T), thread, args, kwargs)
	}
}

// unhashable is the error of Hash for a value that can be changed.
func unhashable(v starlark.Value) error {
	return wire.Errorf("TypeError", "unhashable type: '%s'", pyType(v))
}

// noOrder is the error of a comparison that the type of two values doesn't have.
func noOrder(op string, x, y starlark.Value) error {
	return wire.Errorf("TypeError", "'%s' not supported between instances of '%s' and '%s'", op, pyType(x), pyType(y))
}

// otherType compares with a value whose type has the same name by chance, such as an instance of a script's class.
func otherType(op syntax.Token, x, y starlark.Value) (bool, error) {
	switch op {
	case syntax.EQL:
		return false, nil
	case syntax.NEQ:
		return true, nil
	}
	return false, noOrder(op.String(), x, y)
}

// stringList makes a list of strings.
func stringList(ss []string) *starlark.List {
	vs := make([]starlark.Value, len(ss))
	for i, s := range ss {
		vs[i] = starlark.String(s)
	}
	return starlark.NewList(vs)
}
