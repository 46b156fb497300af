package stdlib

import (
	"reflect"
	"strconv"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Class is a class: what type(name, bases, attrs) returns, an exception class, or a class made by Go code.
// Calling it makes an instance.
type Class struct {
	lib     *Lib
	name    string
	module  string   // __module__: "__main__", "queue" ... ; "" for a built-in
	typ     string   // what Type of an instance returns, see typeName
	id      string   // names the class in the whole family; "" until it travels, and for classes made by Go
	bases   []*Class // in the order of definition; empty for object alone
	mro     []*Class // itself first, object last; nil until order is asked for
	sorting bool     // order is being found
	attrs   attrTable
	native  bool // made by Go code: scripts can't change it, and it travels by name
	frozen  bool
	cache   map[string]starlark.Value // attribute lookups through mro, misses as nil; valid for version
	version uint64
	data    bool // some attribute is a property; valid for version
	guard   bool // setting and deleting attributes of instances is up to methods written in Go; valid for version
}

var (
	_ starlark.Callable    = (*Class)(nil)
	_ starlark.HasSetField = (*Class)(nil)
)

// cacheLimit bounds a class's lookup cache, which also remembers names that were not found.
const cacheLimit = 1024

// NewClass makes a class in Go code. Bases are class values, object if there are none. In attrs a *starlark.Builtin is
// a method and gets the instance as its first argument; a value with the method Get(self) is a property, read-only
// unless it has Set(self, v) too; one with the method ClassMethod() is a class method; a value with the methods of WireNative carries the instance's Go state to other processes.
// __module__ is the module's name. The class travels to other processes by the name under which the caller registers it with the codec.
// The error is a TypeError where the bases have no consistent order.
func (l *Lib) NewClass(name string, bases []starlark.Value, attrs starlark.StringDict) (starlark.Value, error) {
	bs, err := l.baseClasses(bases)
	if err != nil {
		return nil, err
	}
	c, err := l.newClass(name, "", bs)
	if err != nil {
		return nil, err
	}
	c.native = true
	for _, k := range attrs.Keys() {
		v := attrs[k]
		if k == "__module__" {
			c.module, _ = starlark.AsString(v)
			continue
		}
		switch m := v.(type) {
		case *starlark.Builtin:
			v = &nativeMethod{class: c, fn: m}
		case asClassMethod:
			v = &classMethod{m.ClassMethod()}
		}
		c.attrs.set(k, v)
	}
	return c, nil
}

// newClass returns a class without attributes of its own.
func (l *Lib) newClass(name, module string, bases []*Class) (*Class, error) {
	if len(bases) == 0 && l.object != nil {
		bases = []*Class{l.object}
	}
	c := &Class{lib: l, name: name, module: module, typ: typeName(name), bases: bases}
	mro, err := linearize(c, bases)
	c.mro = mro
	return c, err
}

// order returns the method resolution order. Of a class that arrived it is found when first needed, since a base may arrive later
// than what it is needed for. Bases without an order, which only damaged messages have, count as none.
func (c *Class) order() []*Class {
	if c.mro == nil && !c.sorting {
		c.sorting = true
		mro, err := linearize(c, c.bases)
		if err != nil {
			mro = []*Class{c, c.lib.object}
		}
		c.mro, c.sorting = mro, false
	}
	return c.mro
}

// isException reports whether the class derives from BaseException.
func (c *Class) isException() bool { return c.derives(c.lib.base) }

// changed invalidates all cached attribute lookups.
func (l *Lib) changed() { l.version++ }

// typeName returns what Type returns for instances of a class with that name: the name, except where go.starlark.net
// would take an instance for one of its own values, because it compares values whose types have equal names.
func typeName(name string) string {
	switch name {
	case "NoneType", "bool", "int", "float", "string", "bytes", "list", "tuple", "dict", "set", "range", "struct",
		"function", "builtin_function_or_method", "module", "type", "time.time", "time.duration":
		return "class " + name
	}
	return name
}

// lookup finds an attribute in the class and its bases, in method resolution order; nil if there is none.
func (c *Class) lookup(name string) starlark.Value {
	c.refresh()
	if v, ok := c.cache[name]; ok {
		return v
	}
	if len(c.cache) >= cacheLimit {
		clear(c.cache)
	}
	v := c.find(name)
	c.cache[name] = v
	return v
}

// refresh empties the cache if any class has changed since it was filled.
func (c *Class) refresh() {
	if c.version == c.lib.version && c.cache != nil {
		return
	}
	c.version = c.lib.version
	if c.cache == nil {
		c.cache = make(map[string]starlark.Value)
	} else {
		clear(c.cache)
	}
	c.data, c.guard = false, false
	for _, k := range c.order() {
		for i := range k.attrs.items {
			if _, ok := k.attrs.items[i].value.(getter); ok {
				c.data = true
			}
			if _, ok := k.attrs.items[i].value.(*nativeMethod); ok && k != c.lib.object && k.attrs.items[i].name == "__setattr__" {
				c.guard = true
			}
		}
	}
}

func (c *Class) find(name string) starlark.Value {
	for _, k := range c.order() {
		if v, ok := k.attrs.get(name); ok {
			return v
		}
	}
	return nil
}

// special finds a special method, or nil where the class only has the default that object gives it.
func (c *Class) special(name string) starlark.Value {
	v := c.lookup(name)
	if v == nil || v == starlark.None {
		return nil
	}
	if d, ok := c.lib.object.attrs.get(name); ok && d == v {
		return nil
	}
	return v
}

// derives reports whether c is base or derives from it.
func (c *Class) derives(base *Class) bool {
	for _, k := range c.order() {
		if k == base {
			return true
		}
	}
	return false
}

// Name returns the class's name, without its module.
func (c *Class) Name() string { return c.name }

// Module returns the name of the module that defines the class, "builtins" for a built-in class.
func (c *Class) Module() string {
	if c.module == "" {
		return "builtins"
	}
	return c.module
}

// qualified is the name by which Go code knows an exception class: "ValueError", "queue.Empty".
func (c *Class) qualified() string {
	if c.module == "" {
		return c.name
	}
	return c.module + "." + c.name
}

func (c *Class) String() string        { return "<class '" + c.qualified() + "'>" }
func (c *Class) Type() string          { return "type" }
func (c *Class) Truth() starlark.Bool  { return true }
func (c *Class) Hash() (uint32, error) { return pointerHash(c), nil }

// Freeze makes the class's attributes read-only, and freezes them, as go.starlark.net does with a loaded module's values.
func (c *Class) Freeze() {
	if c.frozen {
		return
	}
	c.frozen = true
	c.attrs.freeze()
	for _, b := range c.bases {
		b.Freeze()
	}
}

// CallInternal makes an instance: the class's __init__ gets the arguments.
func (c *Class) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x := &Instance{cls: c}
	if c.isException() {
		x.cls = c.lib.byErrno(c, args)
		x.exc = &excState{args: args}
	}
	init := c.lookup("__init__")
	if init == nil || init == c.lib.objectInit {
		if len(args)+len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "%s() takes no arguments", c.name)
		}
		return x, nil
	}
	v, err := c.lib.callMethod(thread, init, x, args, kwargs)
	if err != nil {
		return nil, err
	}
	if v != starlark.None {
		return nil, wire.Errorf("TypeError", "__init__() should return None, not '%s'", v.Type())
	}
	return x, nil
}

// address is an object's identity as Python shows it.
func address(x any) uint64 { return uint64(reflect.ValueOf(x).Pointer()) }

func hexAddress(x any) string { return "0x" + strconv.FormatUint(address(x), 16) }

// pointerHash hashes an identity. The low bits of addresses are equal for objects of a size.
func pointerHash(x any) uint32 {
	p := address(x)
	return uint32((p >> 4) * 0x9E3779B97F4A7C15 >> 32)
}
