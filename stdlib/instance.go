package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Instance is an object of a Class. Exceptions are instances too, and so are the objects of classes made by Go code, which keep
// their Go state in Native.
type Instance struct {
	cls    *Class
	attrs  attrTable
	dict   *starlark.Dict // in place of attrs once the script has asked for __dict__
	bound  *boundMethod   // methods already bound to this instance, each valid for one version of the classes
	exc    *excState      // only for exceptions
	native any
	frozen bool
}

var (
	_ starlark.HasSetField = (*Instance)(nil)
	_ starlark.Callable    = (*Instance)(nil)
)

// getter is a class attribute that computes the attribute's value for an instance: a property. It comes before the
// instance's own attributes, and can't be assigned unless it is a setter too.
type getter interface {
	starlark.Value
	Get(self starlark.Value) (starlark.Value, error)
}

// setter is a property that can be assigned.
type setter interface {
	getter
	Set(self, v starlark.Value) error
}

// Native returns the Go state that the Go implementation of a base class keeps in the instance, nil before it has set any.
func (x *Instance) Native() any { return x.native }

// SetNative sets the Go state.
func (x *Instance) SetNative(v any) { x.native = v }

// Class returns the class of the instance, a *Class.
func (x *Instance) Class() starlark.Value { return x.cls }

// ClassName returns the name of the class.
func (x *Instance) ClassName() string { return x.cls.name }

// Method returns the attribute with that name bound to the instance, from its class and its bases alone; nil if there
// is none, or none but object's.
func (x *Instance) Method(name string) starlark.Value {
	v := x.cls.special(name)
	if v == nil {
		return nil
	}
	if b := x.alreadyBound(name); b != nil {
		return b
	}
	return x.bind(name, v)
}

// GetAttr is Attr under the name that Go implementations of base classes use.
func (x *Instance) GetAttr(name string) (starlark.Value, error) { return x.Attr(name) }

// Type returns the name of the class.
func (x *Instance) Type() string { return x.cls.typ }

// Name returns the name of the class, as an instance with __call__ is shown in tracebacks.
func (x *Instance) Name() string { return x.cls.name }

// Freeze makes the attributes read-only and freezes their values.
func (x *Instance) Freeze() {
	if x.frozen {
		return
	}
	x.frozen = true
	x.attrs.freeze()
	if x.dict != nil {
		x.dict.Freeze()
	}
	x.cls.Freeze()
	if x.exc != nil {
		x.exc.args.Freeze()
	}
}

// CallInternal calls the instance's __call__.
func (x *Instance) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	fn := x.cls.lookup("__call__")
	if fn == nil {
		return nil, wire.Errorf("TypeError", "'%s' object is not callable", x.cls.name)
	}
	return x.cls.lib.callMethod(thread, fn, x, args, kwargs)
}

// Attr returns an attribute as Python finds it: a property, then the instance's own attributes, then
// the class's and its bases', functions bound to the instance, then what __getattr__ returns, which is asked too where a property
// raises AttributeError.
func (x *Instance) Attr(name string) (starlark.Value, error) {
	c := x.cls
	c.refresh()
	if c.data {
		if p, ok := c.lookup(name).(getter); ok {
			v, err := p.Get(x)
			if err == nil {
				return v, nil
			}
			if fn := c.lookup("__getattr__"); fn != nil {
				if exc, caught := c.lib.catch(err); caught && exc.cls.derives(c.lib.excs["AttributeError"]) {
					return c.lib.hook(x, fn, starlark.String(name))
				}
			}
			return nil, err
		}
	}
	if v := x.own(name); v != nil {
		return v, nil
	}
	if b := x.alreadyBound(name); b != nil {
		return b, nil
	}
	if v := c.lookup(name); v != nil {
		return x.bind(name, v), nil
	}
	switch name {
	case "__class__":
		return c, nil
	case "__dict__":
		return x.dictionary(), nil
	case "__doc__":
		return starlark.None, nil
	case "__module__":
		return starlark.String(c.Module()), nil
	}
	if fn := c.lookup("__getattr__"); fn != nil {
		return c.lib.hook(x, fn, starlark.String(name))
	}
	return nil, wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", c.name, name)
}

// own returns the instance's own attribute or nil.
func (x *Instance) own(name string) starlark.Value {
	if x.dict != nil {
		// A string key is hashable and comparable: this can't fail.
		v, found, _ := x.dict.Get(starlark.String(name))
		if !found {
			return nil
		}
		return v
	}
	v, _ := x.attrs.get(name)
	return v
}

// alreadyBound returns the class's method of that name bound to x, if it is at hand; else nil.
func (x *Instance) alreadyBound(name string) *boundMethod {
	for b := x.bound; b != nil && b.version == x.cls.lib.version; b = b.next {
		if b.name == name {
			return b
		}
	}
	return nil
}

// bind returns what a class attribute is when read from x. A method that it binds it keeps for alreadyBound.
func (x *Instance) bind(name string, v starlark.Value) starlark.Value {
	if !binds(v) {
		return unwrapStatic(x.cls, v)
	}
	b := &boundMethod{self: x, fn: v.(starlark.Callable), name: name, version: x.cls.lib.version}
	if x.bound != nil && x.bound.version == b.version {
		b.next = x.bound
	}
	x.bound = b
	return b
}

// SetField sets an attribute of the instance.
func (x *Instance) SetField(name string, v starlark.Value) error {
	c := x.cls
	c.refresh()
	if c.data {
		switch p := c.lookup(name).(type) {
		case setter:
			return p.Set(x, v)
		case getter:
			return wire.Errorf("AttributeError", "attribute '%s' of '%s' objects is not writable", name, c.name)
		}
	}
	if c.guard && !private(name) {
		_, err := c.lib.hook(x, c.lookup("__setattr__"), starlark.String(name), v)
		return err
	}
	if x.frozen {
		return wire.Errorf("TypeError", "cannot set attribute '%s' of frozen '%s' object", name, c.name)
	}
	switch name {
	case "__class__", "__dict__":
		return wire.Errorf("TypeError", "cannot set attribute '%s' of '%s' object", name, c.name)
	}
	if x.dict != nil {
		return x.dict.SetKey(starlark.String(name), v)
	}
	x.attrs.set(name, v)
	return nil
}

// private reports whether an attribute is the object's own even where all others are elsewhere, as with a NamespaceProxy.
func private(name string) bool { return name != "" && name[0] == '_' }

// dictionary returns the live __dict__. From then on the instance keeps its attributes there.
func (x *Instance) dictionary() *starlark.Dict {
	if x.dict == nil {
		x.dict = x.attrs.dict()
		x.attrs = attrTable{}
		if x.frozen {
			x.dict.Freeze()
		}
	}
	return x.dict
}

// AttrNames returns the names that dir shows.
func (x *Instance) AttrNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, kv := range x.ownItems() {
		names = append(names, kv.name)
		seen[kv.name] = true
	}
	for _, n := range x.cls.AttrNames() {
		if !seen[n] {
			names = append(names, n)
		}
	}
	return names
}

// ownItems returns the instance's own attributes in order. Keys of __dict__ that are no strings have no name.
func (x *Instance) ownItems() []attr {
	if x.dict == nil {
		return x.attrs.items
	}
	items := make([]attr, 0, x.dict.Len())
	for _, kv := range x.dict.Items() {
		if s, ok := starlark.AsString(kv[0]); ok {
			items = append(items, attr{s, kv[1]})
		}
	}
	return items
}

// DelField removes an attribute of the instance's own.
func (x *Instance) DelField(name string) error {
	x.cls.refresh()
	if x.cls.guard && !private(name) {
		_, err := x.cls.lib.hook(x, x.cls.lookup("__delattr__"), starlark.String(name))
		return err
	}
	if x.frozen {
		return wire.Errorf("TypeError", "cannot delete attribute '%s' of frozen '%s' object", name, x.cls.name)
	}
	found := false
	if x.dict != nil {
		_, found, _ = x.dict.Delete(starlark.String(name))
	} else {
		found = x.attrs.delete(name)
	}
	if !found {
		return noAttr(x, name)
	}
	return nil
}
