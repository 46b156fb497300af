package stdlib

import "go.starlark.net/starlark"

// These methods are for the Go code that makes classes; scripts reach the same through attributes.

// Lookup returns an attribute of the class or of its bases, as it is stored, nil for none.
func (c *Class) Lookup(name string) starlark.Value { return c.lookup(name) }

// Own returns an attribute of the class alone, nil for none.
func (c *Class) Own(name string) starlark.Value {
	v, _ := c.attrs.get(name)
	return v
}

// Put sets an attribute, of a class made by Go code too, which scripts cannot change.
func (c *Class) Put(name string, v starlark.Value) {
	c.attrs.set(name, v)
	c.lib.changed()
}

// Derives reports whether the class is base or derives from it.
func (c *Class) Derives(base starlark.Value) bool {
	b, ok := base.(*Class)
	return ok && c.derives(b)
}

// Derive makes a class with the one base, which like a script's own travels with its attributes.
func (c *Class) Derive(name, module string, attrs starlark.StringDict) (starlark.Value, error) {
	d, err := c.lib.newClass(name, module, []*Class{c})
	if err != nil {
		return nil, err
	}
	for _, k := range attrs.Keys() {
		d.attrs.set(k, attrs[k])
	}
	return d, nil
}

// New makes an instance whose __init__ has not run.
func (c *Class) New() starlark.Value { return &Instance{cls: c} }

// classed is a value written in Go that belongs to a class, which isinstance knows.
type classed interface{ Class() starlark.Value }

// valueClass returns the class of an instance or of a value written in Go that has one, else nil.
func valueClass(v starlark.Value) *Class {
	if x, ok := v.(classed); ok {
		c, _ := x.Class().(*Class)
		return c
	}
	return nil
}

// asClassMethod is an attribute given to NewClass that becomes a class method.
type asClassMethod interface{ ClassMethod() starlark.Callable }
