package stdlib

import (
	"go.starlark.net/starlark"
)

// collectionsModule makes the members of the module collections. https://docs.python.org/3/library/collections.html
// go.starlark.net compares values of different types by their types: a Counter, defaultdict or OrderedDict is == no dict, and
// a named tuple == no tuple. Compare dict(c) or tuple(p).
func (l *Lib) collectionsModule() starlark.StringDict {
	members := starlark.StringDict{
		"deque": &nativeType{module: "collections", name: "deque", make: l.newDeque, methods: dequeMethods,
			is: func(v starlark.Value) bool { _, ok := v.(*deque); return ok }},
		"namedtuple": starlark.NewBuiltin("namedtuple", l.newNamedTuple),
	}
	for kind, f := range map[dictKind]goFunc{kindCounter: l.newCounter, kindDefault: l.newDefaultDict, kindOrdered: l.newOrderedDict} {
		attrs := starlark.StringDict{}
		if kind != kindDefault {
			attrs["fromkeys"] = starlark.NewBuiltin("fromkeys", l.dictFromKeys(kind))
		}
		members[string(kind)] = &nativeType{module: "collections", name: string(kind), make: f, bases: []string{"dict"}, attrs: attrs,
			methods: func() *methodTable { return dictMethods(kind) },
			is:      func(v starlark.Value) bool { d, ok := v.(*pyDict); return ok && d.kind == kind }}
	}
	return members
}
