package stdlib

import (
	"go.starlark.net/starlark"
)

// extraNames are the methods of Python's built-in types that go.starlark.net's lack. Rewrite sends what has such a name through Lib.extra.
var extraNames = map[string]bool{
	// str and bytes
	"casefold": true, "center": true, "decode": true, "encode": true, "expandtabs": true, "format": true, "format_map": true, "hex": true,
	"isascii": true, "isdecimal": true, "isidentifier": true, "isnumeric": true, "isprintable": true, "ljust": true, "rjust": true,
	"swapcase": true, "zfill": true,
	// list, tuple, dict and set
	"copy": true, "count": true, "difference_update": true, "index": true, "intersection_update": true, "isdisjoint": true,
	"reverse": true, "sort": true, "symmetric_difference_update": true,
	// int and float
	"bit_count": true, "bit_length": true, "is_integer": true, "to_bytes": true,
	// functions
	"__doc__": true, "__name__": true,
}

type extraMethod = func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// extra returns the method with that name, one of extraNames, bound to x; nil if it is not a value of a built-in type that lacks it.
func (l *Lib) extra(x starlark.Value, name string) starlark.Value {
	var f extraMethod
	switch x := x.(type) {
	case *starlark.Function, *starlark.Builtin:
		return functionAttr(x.(starlark.Callable), name)
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
		if f, ok := f.(*starlark.Function); ok && f.Doc() != "" {
			return starlark.String(f.Doc())
		}
		return starlark.None
	}
	return nil
}
