package mp

import (
	"fmt"
	"sort"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// namespace is what Manager().Namespace() serves: attributes.
type namespace struct{ fields starlark.StringDict }

func (n *namespace) Type() string          { return "Namespace" }
func (n *namespace) Freeze()               { n.fields.Freeze() }
func (n *namespace) Truth() starlark.Bool  { return true }
func (n *namespace) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable type: Namespace") }

// String lists the public attributes, as CPython does.
func (n *namespace) String() string {
	var parts []string
	for name, v := range n.fields {
		if !strings.HasPrefix(name, "_") {
			parts = append(parts, name+"="+v.String())
		}
	}
	sort.Strings(parts)
	return "Namespace(" + strings.Join(parts, ", ") + ")"
}

func (n *namespace) field(name starlark.Value) (string, error) {
	s, ok := starlark.AsString(name)
	if !ok {
		return "", wire.Errorf("TypeError", "attribute name must be string, not '%s'", name.Type())
	}
	if _, ok := n.fields[s]; !ok {
		return s, wire.Errorf("AttributeError", "'Namespace' object has no attribute '%s'", s)
	}
	return s, nil
}

// makeNamespace is Namespace(**kwds).
func makeNamespace(_ *Runtime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, wire.Errorf("TypeError", "Namespace() takes no positional arguments")
	}
	ns := &namespace{fields: starlark.StringDict{}}
	for _, kv := range kwargs {
		ns.fields[string(kv[0].(starlark.String))] = kv[1]
	}
	return ns, nil
}

var namespaceType = &managedType{
	typeid: "Namespace", proxy: "NamespaceProxy",
	list: func() map[string]managedMethod {
		return map[string]managedMethod{
			"__repr__":  common.methods()["__repr__"],
			"__str__":   common.methods()["__str__"],
			"_getvalue": common.methods()["_getvalue"],
			updateWith: updater(1, func(n *namespace, args starlark.Tuple, missing starlark.Value) (starlark.Value, func(starlark.Value) error, error) {
				name, err := n.field(args[0])
				old, found := n.fields[name]
				if !found && missing != starlark.None {
					old, err = missing, nil
				}
				return old, func(x starlark.Value) error { n.fields[name] = x; return nil }, err
			}),
			"__getattribute__": simple("__getattribute__", 1, func(n *namespace, args starlark.Tuple) (starlark.Value, error) {
				name, err := n.field(args[0])
				return n.fields[name], err
			}),
			"__setattr__": simple("__setattr__", 2, func(n *namespace, args starlark.Tuple) (starlark.Value, error) {
				name, ok := starlark.AsString(args[0])
				if !ok {
					return nil, wire.Errorf("TypeError", "attribute name must be string, not '%s'", args[0].Type())
				}
				n.fields[name] = args[1]
				return starlark.None, nil
			}),
			"__delattr__": simple("__delattr__", 1, func(n *namespace, args starlark.Tuple) (starlark.Value, error) {
				name, err := n.field(args[0])
				delete(n.fields, name)
				return starlark.None, err
			}),
		}
	},
}
