package mp

import (
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Class is a class of the module whose objects are made by Go code, such as multiprocessing.synchronize.Lock: calling it
// makes an object, isinstance and issubclass take it, and it travels by name. Its attributes are the methods, which take the object
// as their first argument. Unlike CPython's, it cannot be derived from.
type Class struct {
	name   string // without the module
	module string
	bases  []*Class
	make   *starlark.Builtin            // nil: only other functions make objects
	types  []*sharedType                // of its instances, those of derived classes included
	has    func(starlark.Value) bool    // for instances that have no sharedType; may be nil
	ctx    string                       // the keyword that takes a context, "" for none
	made   map[string]*starlark.Builtin // unbound methods; guarded by the script lock
}

var (
	_ starlark.Callable = (*Class)(nil)
	_ starlark.HasAttrs = (*Class)(nil)
)

// newClass is a class in multiprocessing.module that f makes objects of. types are those of its instances, the class's own first.
func newClass(module, name string, f builtinFunc, bases []*Class, types ...*sharedType) *Class {
	c := &Class{name: name, module: "multiprocessing." + module, bases: bases, types: types, ctx: "ctx"}
	if f != nil {
		c.make = starlark.NewBuiltin(name, f)
	}
	return c
}

func (c *Class) String() string        { return "<class '" + c.module + "." + c.name + "'>" }
func (c *Class) Type() string          { return "type" }
func (c *Class) Name() string          { return c.name }
func (c *Class) Freeze()               {}
func (c *Class) Truth() starlark.Bool  { return true }
func (c *Class) Hash() (uint32, error) { return pointerHash(c), nil }

// CallInternal makes an object. The context that CPython's classes are given says nothing here, where there is one start method.
func (c *Class) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if c.make == nil {
		return nil, wire.Errorf("TypeError", "cannot create '%s.%s' instances", c.module, c.name)
	}
	for i, kv := range kwargs {
		if kv[0] == starlark.String(c.ctx) {
			if _, ok := kv[1].(*Context); !ok && kv[1] != starlark.None {
				return nil, wire.Errorf("TypeError", "%s: %s: got %s, want a context", c.name, c.ctx, kv[1].Type())
			}
			kwargs = slices.Delete(slices.Clone(kwargs), i, i+1)
			break
		}
	}
	return c.make.CallInternal(thread, args, kwargs)
}

// HasInstance reports whether v is an instance of the class or of one derived from it.
func (c *Class) HasInstance(v starlark.Value) bool {
	if k, ok := v.(interface{ kind() *sharedType }); ok && slices.Contains(c.types, k.kind()) {
		return true
	}
	return c.has != nil && c.has(v)
}

// DerivesFrom reports whether class is c or one of its bases.
func (c *Class) DerivesFrom(class starlark.Value) bool {
	return c == class || slices.ContainsFunc(c.bases, func(b *Class) bool { return b.DerivesFrom(class) })
}

// Attr implements starlark.HasAttrs.
func (c *Class) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(c.name), nil
	case "__module__":
		return starlark.String(c.module), nil
	}
	if b := c.made[name]; b != nil {
		return b, nil
	}
	if len(c.types) == 0 || c.types[0].method(name) == nil {
		return nil, nil
	}
	if c.made == nil {
		c.made = map[string]*starlark.Builtin{}
	}
	c.made[name] = starlark.NewBuiltin(c.name+"."+name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args) == 0 || !c.HasInstance(args[0]) {
			return nil, wire.Errorf("TypeError", "%s.%s() needs a %s as its first argument", c.name, name, c.name)
		}
		bound, err := args[0].(starlark.HasAttrs).Attr(name)
		if err != nil {
			return nil, err
		}
		return starlark.Call(thread, bound, args[1:], kwargs)
	})
	return c.made[name], nil
}

// AttrNames implements starlark.HasAttrs.
func (c *Class) AttrNames() []string {
	names := []string{"__module__", "__name__", "__qualname__"}
	if len(c.types) > 0 {
		for _, m := range c.types[0].methods {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	return names
}
