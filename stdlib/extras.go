package stdlib

import (
	"slices"

	"go.starlark.net/starlark"
)

// extraNames are the methods of Python's built-in types that go.starlark.net's lack, sorted. Rewrite sends what has such a name through
// Lib.extra. A map would cost each child its making.
var extraNames = [...]string{
	"__delitem__", "__doc__", "__getitem__", "__name__", "__setitem__", "bit_count", "bit_length", "casefold", "center", "copy", "count", "decode", "difference", "difference_update",
	"encode", "expandtabs", "format", "format_map", "hex", "index", "intersection", "intersection_update", "is_integer", "isascii",
	"isdecimal", "isdisjoint", "isidentifier", "isnumeric", "isprintable", "issubset", "issuperset", "ljust", "reverse", "rjust", "sort", "swapcase",
	"symmetric_difference", "symmetric_difference_update", "to_bytes", "zfill",
}

func isExtra(name string) bool {
	_, found := slices.BinarySearch(extraNames[:], name)
	return found
}

type extraMethod = func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// extra returns the method with that name, one of extraNames, bound to x; nil if it is not a value of a built-in type that lacks it.
func (l *Lib) extra(x starlark.Value, name string) starlark.Value {
	var f extraMethod
	switch x := x.(type) {
	case scriptFunction:
		return functionAttr(x, name)
	case *starlark.Builtin:
		return functionAttr(x, name)
	case starlark.String:
		f = extraOfString(name)
	case starlark.Bytes:
		f = extraOfBytes(name)
	case *starlark.List:
		f = extraOfList(name)
	case starlark.Tuple:
		f = extraOfTuple(name)
	case *starlark.Dict:
		if name == "copy" {
			f = dictCopy
		}
	case *starlark.Set:
		f = extraOfSet(name)
	case starlark.Int, starlark.Bool:
		f = extraOfInt(name)
	case starlark.Float:
		if name == "is_integer" {
			f = floatIsInteger
		}
	}
	if f == nil {
		switch x.(type) {
		case starlark.String, starlark.Bytes, *starlark.List, starlark.Tuple, *starlark.Dict:
			f = extraOfItems(x, name)
		}
	}
	if f == nil {
		return nil
	}
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return f(l, thread, b, args, kwargs)
	}).BindReceiver(x)
}

// functionAttr is __name__ or __doc__ of a function.
func functionAttr(f starlark.Callable, name string) starlark.Value {
	switch name {
	case "__name__":
		if f.Name() == "lambda" {
			return starlark.String("<lambda>")
		}
		return starlark.String(f.Name())
	case "__doc__":
		if f, ok := f.(scriptFunction); ok && f.Doc() != "" {
			return starlark.String(f.Doc())
		}
		return starlark.None
	}
	return nil
}
