package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// attrTable keeps the attributes of a class or an instance in the order in which they were set. Few names are
// found faster by walking than by hashing.
type attrTable struct {
	items []attr
	index map[string]int // only with more than indexFrom items
}

type attr struct {
	name  string
	value starlark.Value
}

const indexFrom = 8

func (t *attrTable) find(name string) int {
	if t.index != nil {
		if i, ok := t.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range t.items {
		if t.items[i].name == name {
			return i
		}
	}
	return -1
}

func (t *attrTable) get(name string) (starlark.Value, bool) {
	if i := t.find(name); i >= 0 {
		return t.items[i].value, true
	}
	return nil, false
}

func (t *attrTable) set(name string, v starlark.Value) {
	if i := t.find(name); i >= 0 {
		t.items[i].value = v
		return
	}
	t.items = append(t.items, attr{name, v})
	switch n := len(t.items); {
	case t.index != nil:
		t.index[name] = n - 1
	case n > indexFrom:
		t.index = make(map[string]int, 2*n)
		for i := range t.items {
			t.index[t.items[i].name] = i
		}
	}
}

func (t *attrTable) freeze() {
	for i := range t.items {
		t.items[i].value.Freeze()
	}
}

// Attr returns an attribute of the class itself: functions come as they are, so that Base.__init__(self) works.
func (c *Class) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(c.name), nil
	case "__module__":
		return starlark.String(c.Module()), nil
	case "__bases__":
		return classTuple(c.bases), nil
	case "__mro__":
		return classTuple(c.order()), nil
	case "__dict__":
		return c.attrs.dict(), nil
	case "__class__":
		return c.lib.Predeclared()["type"], nil
	case "__doc__":
		if v, ok := c.attrs.get(name); ok {
			return v, nil
		}
		return starlark.None, nil
	}
	switch v := c.lookup(name).(type) {
	case nil:
		return nil, wire.Errorf("AttributeError", "type object '%s' has no attribute '%s'", c.name, name)
	case *staticMethod:
		return v.fn, nil
	case *classMethod:
		return &boundMethod{self: c, fn: v.fn}, nil
	default:
		return v, nil
	}
}

// SetField sets an attribute of the class: its instances and derived classes see it at once.
func (c *Class) SetField(name string, v starlark.Value) error {
	if c.native {
		return wire.Errorf("TypeError", "cannot set '%s' attribute of immutable type '%s'", name, c.name)
	}
	if c.frozen {
		return wire.Errorf("TypeError", "cannot set '%s' attribute of frozen class '%s'", name, c.name)
	}
	switch name {
	case "__name__", "__qualname__":
		s, ok := starlark.AsString(v)
		if !ok {
			return wire.Errorf("TypeError", "can only assign string to %s.%s, not '%s'", c.name, name, v.Type())
		}
		c.name, c.typ = s, typeName(s)
		return nil
	case "__module__":
		if s, ok := starlark.AsString(v); ok {
			c.module = s
			return nil
		}
		return wire.Errorf("TypeError", "can only assign string to %s.__module__, not '%s'", c.name, v.Type())
	case "__bases__", "__mro__", "__dict__", "__class__":
		return wire.Errorf("AttributeError", "attribute '%s' of type '%s' is not writable", name, c.name)
	}
	c.attrs.set(name, v)
	c.lib.changed()
	return nil
}

// AttrNames returns the names that dir shows: those of the class and its bases.
func (c *Class) AttrNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, k := range c.order() {
		for i := range k.attrs.items {
			if n := k.attrs.items[i].name; !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	return names
}

func (t *attrTable) dict() *starlark.Dict {
	d := starlark.NewDict(len(t.items))
	for i := range t.items {
		// The key is a string and d is new: this can't fail.
		_ = d.SetKey(starlark.String(t.items[i].name), t.items[i].value)
	}
	return d
}

func classTuple(cs []*Class) starlark.Tuple {
	t := make(starlark.Tuple, len(cs))
	for i, c := range cs {
		t[i] = c
	}
	return t
}

// DelField removes an attribute of the class itself.
func (c *Class) DelField(name string) error {
	if c.native || c.frozen {
		return wire.Errorf("TypeError", "cannot delete '%s' attribute of immutable type '%s'", name, c.name)
	}
	if !c.attrs.delete(name) {
		return wire.Errorf("AttributeError", "type object '%s' has no attribute '%s'", c.name, name)
	}
	c.lib.changed()
	return nil
}

// delete removes a name and reports whether it was there.
func (t *attrTable) delete(name string) bool {
	i := t.find(name)
	if i < 0 {
		return false
	}
	rest := append([]attr(nil), t.items[:i]...)
	rest = append(rest, t.items[i+1:]...)
	*t = attrTable{}
	for _, a := range rest {
		t.set(a.name, a.value)
	}
	return true
}
