package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// items is what has elements that can be read and written: __getitem__ and the like are the same for all.
type items interface {
	starlark.HasSetKey
	Len() int
}

// itemMethods are the special methods of items, for Starlark has no syntax for the assignment to a slice.
var itemMethods = []method{
	{"__getitem__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var key starlark.Value
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &key); err != nil {
			return nil, err
		}
		v, _, err := b.Receiver().(items).Get(key)
		return v, err
	}},
	{"__setitem__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var key, v starlark.Value
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &key, &v); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(items).SetKey(key, v)
	}},
	{"__delitem__", func(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return nil, wire.Errorf("TypeError", "'%s' object doesn't support item deletion", b.Receiver().Type())
	}},
	{"__len__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.MakeInt(b.Receiver().(items).Len()), noArgs(b, args, kwargs)
	}},
}
