package mp

import (
	"maps"
	"slices"
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// managedMethod is a method of a managed object beyond those that go.starlark.net's own type has.
type managedMethod = func(s *server, thread *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// managedType is one type of object that a manager serves.
type managedType struct {
	typeid string                          // as manager.typeid() makes it
	proxy  string                          // the proxy's type name
	own    []string                        // methods that go.starlark.net's type has
	list   func() map[string]managedMethod // makes methods, which most processes never need
	once   sync.Once
	made   map[string]managedMethod
}

// methods are those that the server has for objects of the type.
func (t *managedType) methods() map[string]managedMethod {
	t.once.Do(func() { t.made = t.list() })
	return t.made
}

// typeOfManaged returns the type of ours that v is of, or nil.
func typeOfManaged(v starlark.Value) *managedType {
	switch v.(type) {
	case *starlark.Dict:
		return dictType
	case *starlark.List:
		return listType
	case *namespace:
		return namespaceType
	case *managedValue:
		return heldValueType
	}
	return nil
}

// publicNames lists the methods whose names do not begin with an underscore.
func (t *managedType) publicNames() []string {
	names := slices.Clone(t.own)
	for name := range t.methods() {
		if name[0] != '_' && name != updateWith {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// call calls a method of the object itself.
func (t *managedType) call(s *server, thread *starlark.Thread, self starlark.Value, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if m := t.methods()[name]; m != nil {
		return m(s, thread, self, args, kwargs)
	}
	if has, ok := self.(starlark.HasAttrs); ok {
		for _, own := range t.own {
			if own == name {
				f, err := has.Attr(name)
				if err != nil {
					return nil, err
				}
				return s.rt.host.Call(thread, f, args, kwargs)
			}
		}
	}
	return nil, wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", t.typeid, name)
}

func arity(name string, args starlark.Tuple, kwargs []starlark.Tuple, low, high int) error {
	if len(kwargs) > 0 {
		return wire.Errorf("TypeError", "%s() takes no keyword arguments", name)
	}
	if len(args) < low || len(args) > high {
		return wire.Errorf("TypeError", "%s() got %d arguments, want %d to %d", name, len(args), low, high)
	}
	return nil
}

// simple wraps a method that takes a fixed number of positional arguments.
func simple[T starlark.Value](name string, n int, f func(self T, args starlark.Tuple) (starlark.Value, error)) managedMethod {
	return func(_ *server, _ *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := arity(name, args, kwargs, n, n); err != nil {
			return nil, err
		}
		return f(self.(T), args)
	}
}

// common has the methods that objects of most types have.
var common = &managedType{
	list: func() map[string]managedMethod {
		return map[string]managedMethod{
			"__len__": simple("__len__", 0, func(self starlark.Value, _ starlark.Tuple) (starlark.Value, error) {
				return starlark.MakeInt(starlark.Len(self)), nil
			}),
			"__str__": simple("__str__", 0, func(self starlark.Value, _ starlark.Tuple) (starlark.Value, error) {
				return starlark.String(self.String()), nil
			}),
			"__repr__": simple("__repr__", 0, func(self starlark.Value, _ starlark.Tuple) (starlark.Value, error) {
				return starlark.String(self.String()), nil
			}),
			"__contains__": simple("__contains__", 1, func(self starlark.Value, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.IN, args[0], self)
			}),
			"_getvalue": simple("_getvalue", 0, func(self starlark.Value, _ starlark.Tuple) (starlark.Value, error) {
				return self, nil
			}),
		}
	},
}

func withCommon(m map[string]managedMethod) map[string]managedMethod {
	maps.Copy(m, common.methods())
	return m
}

// missingKey is KeyError(key): the key is its argument.
type missingKey struct{ key starlark.Value }

func keyError(k starlark.Value) error { return missingKey{k} }

func (e missingKey) Error() string                 { return e.key.String() }
func (missingKey) ExceptionClass() string          { return "KeyError" }
func (e missingKey) ExceptionArgs() starlark.Tuple { return starlark.Tuple{e.key} }

var dictType = &managedType{
	typeid: "dict", proxy: "DictProxy",
	own: []string{"clear", "get", "items", "keys", "setdefault", "update", "values"},
	list: func() map[string]managedMethod {
		return withCommon(map[string]managedMethod{
			"__getitem__": simple("__getitem__", 1, func(d *starlark.Dict, args starlark.Tuple) (starlark.Value, error) {
				v, found, err := d.Get(args[0])
				if err == nil && !found {
					err = keyError(args[0])
				}
				return v, err
			}),
			"__setitem__": simple("__setitem__", 2, func(d *starlark.Dict, args starlark.Tuple) (starlark.Value, error) {
				return starlark.None, d.SetKey(args[0], args[1])
			}),
			"__delitem__": simple("__delitem__", 1, func(d *starlark.Dict, args starlark.Tuple) (starlark.Value, error) {
				_, found, err := d.Delete(args[0])
				if err == nil && !found {
					err = keyError(args[0])
				}
				return starlark.None, err
			}),
			updateWith: updater(1, func(d *starlark.Dict, args starlark.Tuple, missing starlark.Value) (starlark.Value, func(starlark.Value) error, error) {
				old, found, err := d.Get(args[0])
				if !found {
					old = missing
				}
				return old, func(x starlark.Value) error { return d.SetKey(args[0], x) }, err
			}),
			"pop": func(_ *server, _ *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if err := arity("pop", args, kwargs, 1, 2); err != nil {
					return nil, err
				}
				v, found, err := self.(*starlark.Dict).Delete(args[0])
				switch {
				case err != nil || found:
					return v, err
				case len(args) == 2:
					return args[1], nil
				}
				return nil, keyError(args[0])
			},
			// Python takes the last item, Starlark's own popitem the first.
			"popitem": simple("popitem", 0, func(d *starlark.Dict, _ starlark.Tuple) (starlark.Value, error) {
				keys := d.Keys()
				if len(keys) == 0 {
					return nil, keyError(starlark.String("popitem(): dictionary is empty"))
				}
				last := keys[len(keys)-1]
				v, _, err := d.Delete(last)
				return starlark.Tuple{last, v}, err
			}),
			"copy": simple("copy", 0, func(d *starlark.Dict, _ starlark.Tuple) (starlark.Value, error) { return d, nil }),
			"__iter__": func(s *server, thread *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return special("__iter__")(s, thread, self, args, kwargs)
			},
			"__or__": simple("__or__", 1, func(d *starlark.Dict, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.PIPE, d, args[0])
			}),
			"__ror__": simple("__ror__", 1, func(d *starlark.Dict, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.PIPE, args[0], d)
			}),
		})
	},
}
