package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinType is type(x), the name of x's type as in Starlark, and type(name, bases, attrs), which makes a class as in Python:
// https://docs.python.org/3/library/functions.html#type.
func (l *Lib) builtinType(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(kwargs) > 0 || len(args) != 1 && len(args) != 3 {
		return nil, wire.Errorf("TypeError", "type() takes 1 or 3 arguments")
	}
	if len(args) == 1 {
		if x, ok := args[0].(*Instance); ok {
			return starlark.String(x.cls.name), nil
		}
		return starlark.String(args[0].Type()), nil
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "type.__new__() argument 1 must be str, not %s", pyType(args[0]))
	}
	bases, ok := args[1].(starlark.Tuple)
	if !ok {
		return nil, wire.Errorf("TypeError", "type.__new__() argument 2 must be tuple, not %s", pyType(args[1]))
	}
	attrs, ok := args[2].(*starlark.Dict)
	if !ok {
		return nil, wire.Errorf("TypeError", "type.__new__() argument 3 must be dict, not %s", pyType(args[2]))
	}
	bs, err := l.baseClasses(bases)
	if err != nil {
		return nil, err
	}
	c, err := l.newClass(name, l.callerModule(thread), bs)
	if err != nil {
		return nil, err
	}
	for _, kv := range attrs.Items() {
		k, ok := starlark.AsString(kv[0])
		if !ok {
			return nil, wire.Errorf("TypeError", "type.__new__() attribute names must be strings, not %s", pyType(kv[0]))
		}
		if k == "__module__" {
			if m, ok := starlark.AsString(kv[1]); ok {
				c.module = m
				continue
			}
		}
		c.attrs.set(k, kv[1])
	}
	l.changed()
	return c, nil
}

// callerModule returns the __name__ of the module whose function called the current built-in.
func (l *Lib) callerModule(thread *starlark.Thread) string {
	if fr := l.cfg.Caller(thread); fr.Callable != nil {
		if name := moduleNameOf(fr.Callable); name != "" {
			return name
		}
	}
	return "__main__"
}

func orNil(v starlark.Value) starlark.Value {
	if v == nil {
		return starlark.None
	}
	return v
}

// builtinIsinstance is https://docs.python.org/3/library/functions.html#isinstance.
func (l *Lib) builtinIsinstance(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("isinstance", 2, args, kwargs); err != nil {
		return nil, err
	}
	x, class := args[0], args[1]
	is, ok := l.anyClass(class, func(c starlark.Value) (bool, bool) { return l.isInstance(x, c) })
	if !ok {
		return nil, wire.Errorf("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union")
	}
	return starlark.Bool(is), nil
}

// builtinIssubclass is https://docs.python.org/3/library/functions.html#issubclass.
func (l *Lib) builtinIssubclass(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("issubclass", 2, args, kwargs); err != nil {
		return nil, err
	}
	sub, class := args[0], args[1]
	if !l.isClass(sub) {
		return nil, wire.Errorf("TypeError", "issubclass() arg 1 must be a class")
	}
	is, ok := l.anyClass(class, func(c starlark.Value) (bool, bool) { return l.isSubclass(sub, c) })
	if !ok {
		return nil, wire.Errorf("TypeError", "issubclass() arg 2 must be a class, a tuple of classes, or a union")
	}
	return starlark.Bool(is), nil
}

// anyClass asks about a class, or about each class of a tuple, tuples in it included. ok is false if something in it is no class.
func (l *Lib) anyClass(class starlark.Value, ask func(starlark.Value) (is, ok bool)) (is, ok bool) {
	t, isTuple := class.(starlark.Tuple)
	if !isTuple {
		return ask(class)
	}
	for _, c := range t {
		if is, ok := l.anyClass(c, ask); is || !ok {
			return is, ok
		}
	}
	return false, true
}

// IsInstance reports whether v is an instance of class, a class or a built-in type's function, or of one derived from it.
func (l *Lib) IsInstance(v, class starlark.Value) bool {
	is, _ := l.anyClass(class, func(c starlark.Value) (bool, bool) { return l.isInstance(v, c) })
	return is
}

// ClassLike is a value of another package that isinstance and issubclass take for a class.
type ClassLike interface {
	starlark.Value
	// HasInstance reports whether v is an instance of the class or of one derived from it.
	HasInstance(v starlark.Value) bool
	// DerivesFrom reports whether class is this one or one of its bases.
	DerivesFrom(class starlark.Value) bool
}

// isClass reports whether v is a class of any kind.
func (l *Lib) isClass(v starlark.Value) bool {
	switch v.(type) {
	case *Class, ClassLike:
		return true
	}
	return l.typeOf(v) != ""
}

func (l *Lib) isInstance(v, class starlark.Value) (is, ok bool) {
	if c, ok := class.(ClassLike); ok {
		return c.HasInstance(v), true
	}
	c, ok := class.(*Class)
	if !ok {
		t := l.typeOf(class)
		return t != "" && hasType(v, t), t != ""
	}
	if c == l.object {
		return true, true
	}
	of := valueClass(v)
	return of != nil && of.derives(c), true
}

func (l *Lib) isSubclass(sub, class starlark.Value) (is, ok bool) {
	if !l.isClass(class) {
		return false, false
	}
	c, isClass := class.(*Class)
	if s, ok := sub.(ClassLike); ok {
		return isClass && c == l.object || s.DerivesFrom(class), true
	}
	t := l.typeOf(class)
	if s, ok := sub.(*Class); ok {
		return isClass && s.derives(c), true
	}
	s := l.typeOf(sub)
	return isClass && c == l.object || t != "" && (s == t || s == "bool" && t == "int"), true
}

// typeOf returns the type that a built-in function such as int or str makes, under Starlark's name; "" for any other value.
func (l *Lib) typeOf(v starlark.Value) string {
	b, ok := v.(*starlark.Builtin)
	if !ok || b.Receiver() != nil {
		return ""
	}
	name := b.Name()
	if starlark.Universe[name] != v && l.Predeclared()[name] != v {
		return ""
	}
	switch name {
	case "str":
		return "string"
	case "bool", "bytes", "dict", "float", "int", "list", "range", "set", "slice", "tuple", "type":
		return name
	}
	return ""
}

// hasType reports whether v is of the built-in type t. As in Python a bool is an int.
func hasType(v starlark.Value, t string) bool {
	if _, ok := v.(*Instance); ok {
		return false
	}
	if _, ok := v.(starlark.Bool); ok {
		return t == "bool" || t == "int"
	}
	if t == "type" {
		switch v.(type) {
		case *Class, ClassLike:
			return true
		}
		return false
	}
	if x, ok := v.(isA); ok && x.isA(t) {
		return true
	}
	return v.Type() == t
}
