package mp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// invoke calls a method of a served object for c, in thread.
func (s *server) invoke(c *client, thread *starlark.Thread, o *managed, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if o.typ != nil {
		if o.owner == thread || o.owner == nil && !slowMethods[method] {
			return s.call(c, thread, o, method, args, kwargs)
		}
		give, err := s.take(thread, o)
		if err != nil {
			return nil, err
		}
		defer give()
	}
	return s.call(c, thread, o, method, args, kwargs)
}

func (s *server) call(c *client, thread *starlark.Thread, o *managed, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if method == "#GETVALUE" {
		method = "_getvalue"
	}
	if o.exposed != nil && !o.exposed[method] {
		switch method {
		case "_getvalue", "__str__", "__repr__":
		default:
			return nil, s.remoteError(wire.Errorf("AttributeError", "method '%s' of '%s' object is not in exposed=%s", method, o.value.Type(), exposedNames(o)))
		}
	}
	var v starlark.Value
	var err error
	if o.typ != nil {
		v, err = o.typ.call(s, thread, o.value, method, args, kwargs)
	} else {
		v, err = s.callValue(thread, o.value, method, args, kwargs)
	}
	if err != nil {
		if _, _, exits := s.rt.host.ExitStatus(err); exits {
			err = s.remoteError(err) // it is not the client that is to exit
		}
		return nil, err
	}
	c.note(thread, o, method, v)
	if typeid := o.wraps[method]; typeid != "" {
		return s.wrap(typeid, v)
	}
	return v, nil
}

// wrap serves the result of a method as an object of another type.
func (s *server) wrap(typeid string, v starlark.Value) (starlark.Value, error) {
	if s.registry[typeid] == nil && s.builtin(typeid) == nil {
		return nil, s.remoteError(keyError(starlark.String(typeid)))
	}
	if r := s.registry[typeid]; r != nil && r.callable != starlark.None {
		made, err := s.rt.host.Call(s.thread, r.callable, starlark.Tuple{v}, nil)
		if err != nil {
			return nil, s.remoteError(err)
		}
		v = made
	}
	return s.serveValue(typeid, v)
}

func exposedNames(o *managed) string {
	var names []string
	for name := range o.exposed {
		names = append(names, "'"+name+"'")
	}
	slices.Sort(names)
	return "{" + strings.Join(names, ", ") + "}"
}

// remoteError is a failure of the server rather than of the object: the client gets the traceback as text.
func (s *server) remoteError(err error) error {
	return wire.Errorf("multiprocessing.managers.RemoteError", "%s", s.rt.host.Traceback(err))
}

// unserializable is what a client gets for a result, or an exception, that cannot be sent.
func unserializable(err error) error {
	return wire.Errorf("multiprocessing.managers.RemoteError", "Unserializable message: %v", err)
}

// attrOf is getattr(v, name).
func attrOf(v starlark.Value, name string) (starlark.Value, error) {
	if x, ok := v.(starlark.HasAttrs); ok {
		if f, err := x.Attr(name); f != nil || err != nil {
			return f, err
		}
	}
	return nil, noAttribute(v, name)
}

func noAttribute(v starlark.Value, name string) error {
	return wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", pythonType(v), name)
}

// publicMethods lists the methods that an object has and that do not begin with an underscore.
func (s *server) publicMethods(v starlark.Value, typ *managedType) (starlark.Tuple, error) {
	var names []string
	if typ != nil {
		names = typ.publicNames()
	} else if x, ok := v.(starlark.HasAttrs); ok {
		for _, name := range x.AttrNames() {
			if name == "" || name[0] == '_' {
				continue
			}
			f, err := x.Attr(name)
			if err != nil {
				return nil, err
			}
			if _, ok := f.(starlark.Callable); ok {
				names = append(names, name)
			}
		}
	}
	t := starlark.Tuple{}
	for _, name := range names {
		t = append(t, starlark.String(name))
	}
	return t, nil
}

// repr is the text of a served object. What is served as the lock or array of the family that it is has a proxy's face, which is not meant.
func (s *server) repr(v starlark.Value) (string, error) {
	if _, ok := v.(interface{ Repr() string }); ok {
		return v.String(), nil
	}
	return s.rt.host.Repr(v)
}

// callValue calls a method of an object that is none of our own types. Special methods work for values that have what they stand for
// in Starlark.
func (s *server) callValue(thread *starlark.Thread, v starlark.Value, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch name {
	case "_getvalue":
		return v, nil
	case "__repr__", "__str__":
		text, err := s.repr(v)
		return starlark.String(text), err
	case "__getattribute__", "__setattr__", "__delattr__":
		return attributeMethod(v, name, args)
	}
	if x, ok := v.(starlark.HasAttrs); ok {
		f, err := x.Attr(name)
		if f != nil {
			return s.rt.host.Call(thread, f, args, kwargs)
		}
		if err != nil && special(name) == nil {
			return nil, err
		}
	}
	if f := special(name); f != nil {
		return f(s, thread, v, args, kwargs)
	}
	return nil, noAttribute(v, name)
}

// attributeMethod is v.__getattribute__(name) and its siblings.
func attributeMethod(v starlark.Value, method string, args starlark.Tuple) (starlark.Value, error) {
	want := 1
	if method == "__setattr__" {
		want = 2
	}
	if err := arity(method, args, nil, want, want); err != nil {
		return nil, err
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "attribute name must be string, not '%s'", pythonType(args[0]))
	}
	switch method {
	case "__getattribute__":
		return attrOf(v, name)
	case "__setattr__":
		if x, ok := v.(starlark.HasSetField); ok {
			return starlark.None, x.SetField(name, args[1])
		}
	default:
		if x, ok := v.(interface{ DelField(name string) error }); ok {
			return starlark.None, x.DelField(name)
		}
	}
	return nil, noAttribute(v, name)
}

// special returns what stands for a special method in values that go.starlark.net knows how to work with; nil for no such.
func special(name string) managedMethod {
	for _, b := range binaryMethods {
		if name == b.name || name == b.reflected {
			return simple(name, 1, func(v starlark.Value, args starlark.Tuple) (starlark.Value, error) {
				if name == b.name {
					return starlark.Binary(b.op, v, args[0])
				}
				return starlark.Binary(b.op, args[0], v)
			})
		}
	}
	switch name {
	case "__call__":
		return func(s *server, thread *starlark.Thread, v starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return s.rt.host.Call(thread, v, args, kwargs)
		}
	case "__iter__":
		return simple(name, 0, func(v starlark.Value, _ starlark.Tuple) (starlark.Value, error) {
			iter := starlark.Iterate(v)
			if iter == nil {
				return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pythonType(v))
			}
			defer iter.Done()
			var all starlark.Tuple
			for x := starlark.Value(nil); iter.Next(&x); {
				all = append(all, x)
			}
			return &servedIterator{rest: all}, nil
		})
	case "__getitem__":
		return simple(name, 1, func(v starlark.Value, args starlark.Tuple) (starlark.Value, error) {
			switch x := v.(type) {
			case starlark.Mapping:
				found, ok, err := x.Get(args[0])
				if err == nil && !ok {
					err = keyError(args[0])
				}
				return found, err
			case starlark.Indexable:
				i, err := index("sequence", args[0], x.Len())
				if err != nil {
					return nil, err
				}
				return x.Index(i), nil
			}
			return nil, wire.Errorf("TypeError", "'%s' object is not subscriptable", pythonType(v))
		})
	case "__setitem__":
		return simple(name, 2, func(v starlark.Value, args starlark.Tuple) (starlark.Value, error) {
			if x, ok := v.(starlark.HasSetKey); ok {
				return starlark.None, x.SetKey(args[0], args[1])
			}
			return nil, wire.Errorf("TypeError", "'%s' object does not support item assignment", pythonType(v))
		})
	}
	return common.methods()[name]
}

var binaryMethods = []struct {
	name, reflected string
	op              syntax.Token
}{
	{"__add__", "__radd__", syntax.PLUS},
	{"__sub__", "__rsub__", syntax.MINUS},
	{"__mul__", "__rmul__", syntax.STAR},
	{"__truediv__", "__rtruediv__", syntax.SLASH},
	{"__floordiv__", "__rfloordiv__", syntax.SLASHSLASH},
	{"__mod__", "__rmod__", syntax.PERCENT},
	{"__and__", "__rand__", syntax.AMP},
	{"__or__", "__ror__", syntax.PIPE},
	{"__xor__", "__rxor__", syntax.CIRCUMFLEX},
}

// servedIterator is what an Iterator's proxy walks over where the server made it itself.
type servedIterator struct{ rest starlark.Tuple }

var _ starlark.HasAttrs = (*servedIterator)(nil)

func (it *servedIterator) String() string        { return fmt.Sprintf("<iterator object at %p>", it) }
func (it *servedIterator) Type() string          { return "iterator" }
func (it *servedIterator) Freeze()               {}
func (it *servedIterator) Truth() starlark.Bool  { return true }
func (it *servedIterator) Hash() (uint32, error) { return pointerHash(it), nil }

// Attr implements starlark.HasAttrs.
func (it *servedIterator) Attr(name string) (starlark.Value, error) {
	if name != "__next__" {
		return nil, nil
	}
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		if len(it.rest) == 0 {
			return nil, wire.Errorf("StopIteration", "")
		}
		v := it.rest[0]
		it.rest = it.rest[1:]
		return v, nil
	}), nil
}

// AttrNames implements starlark.HasAttrs.
func (it *servedIterator) AttrNames() []string { return []string{"__next__"} }
