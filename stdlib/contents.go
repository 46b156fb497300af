package stdlib

import "go.starlark.net/starlark"

// Contents lists the values that the instance holds, for walks over values.
func (x *Instance) Contents() []starlark.Value {
	all := []starlark.Value{x.cls}
	for _, a := range x.ownItems() {
		all = append(all, a.value)
	}
	if x.exc != nil {
		all = append(all, x.exc.args)
	}
	return all
}

// Contents lists the values that the class holds: attributes and bases.
func (c *Class) Contents() []starlark.Value {
	var all []starlark.Value
	for _, a := range c.attrs.items {
		all = append(all, a.value)
	}
	for _, b := range c.bases {
		all = append(all, b)
	}
	return all
}

// Contents lists what the method is bound of.
func (m *boundMethod) Contents() []starlark.Value { return []starlark.Value{m.self, m.fn} }
