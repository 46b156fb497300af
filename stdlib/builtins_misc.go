package stdlib

import (
	"hash/fnv"
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinCallable is callable(object). https://docs.python.org/3/library/functions.html#callable
func builtinCallable(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("callable", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	return starlark.Bool(isCallable(args[0])), nil
}

// isCallable reports whether a script can call v. An instance is a starlark.Callable whether it has __call__ or not.
func isCallable(v starlark.Value) bool {
	if x, ok := v.(interface{ Method(string) starlark.Value }); ok {
		return x.Method("__call__") != nil
	}
	_, ok := v.(starlark.Callable)
	return ok
}

// builtinID is id(object): the same for the same object while it lives. https://docs.python.org/3/library/functions.html#id
// Immutable scalars have no identity in Starlark: equal ones have equal ids.
func builtinID(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("id", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	switch v := reflect.ValueOf(args[0]); {
	case v.Kind() == reflect.Pointer:
		return starlark.MakeUint64(uint64(v.Pointer())), nil
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return starlark.MakeUint64(uint64(v.Pointer())), nil
	}
	h := fnv.New64a()
	h.Write([]byte(args[0].Type()))
	h.Write([]byte(args[0].String()))
	return starlark.MakeUint64(h.Sum64() >> 8), nil
}

// builtinInput is input(prompt=""): it blocks for a line of standard input, which it returns without its newline, and
// raises EOFError at the end. https://docs.python.org/3/library/functions.html#input
func (l *Lib) builtinInput(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("input", args, kwargs, 0, 1); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		prompt, err := l.str(args[0])
		if err != nil {
			return nil, err
		}
		if err := l.std().out.writeString(thread, prompt); err != nil {
			return nil, err
		}
	}
	line, err := l.std().in.readLine(thread, -1)
	if err != nil {
		return nil, err
	}
	if line == "" {
		return nil, wire.Errorf("EOFError", "EOF when reading a line")
	}
	if line[len(line)-1] == '\n' {
		line = line[:len(line)-1]
	}
	return starlark.String(line), nil
}
