package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinMap is map(f, *iterables), but returns a list. https://docs.python.org/3/library/functions.html#map
func (l *Lib) builtinMap(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noKeywords("map", kwargs); err != nil {
		return nil, err
	}
	if len(args) < 2 {
		return nil, wire.Errorf("TypeError", "map() must have at least two arguments.")
	}
	cursors := make([]cursor, len(args)-1)
	for i, arg := range args[1:] {
		c, err := l.cursor(thread, arg)
		if err != nil {
			return nil, err
		}
		defer c.close()
		cursors[i] = c
	}
	var out []starlark.Value
	for {
		row := make(starlark.Tuple, len(cursors))
		for i, c := range cursors {
			v, ok, err := c.next(thread)
			if err != nil {
				return nil, err
			}
			if !ok {
				return starlark.NewList(out), nil
			}
			row[i] = v
		}
		v, err := l.callFunction(thread, args[0], row)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// builtinFilter is filter(f, iterable), but returns a list. https://docs.python.org/3/library/functions.html#filter
func (l *Lib) builtinFilter(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("filter", args, kwargs, 2, 2); err != nil {
		return nil, err
	}
	var out []starlark.Value
	err := l.forEach(thread, args[1], func(v starlark.Value) (err error) {
		keep := v
		if args[0] != starlark.None {
			if keep, err = l.callFunction(thread, args[0], starlark.Tuple{v}); err != nil {
				return err
			}
		}
		if keep.Truth() {
			out = append(out, v)
		}
		return l.check() // of __bool__
	})
	if err != nil {
		return nil, err
	}
	return starlark.NewList(out), nil
}

// builtinIter is iter(iterable) and iter(callable, sentinel). https://docs.python.org/3/library/functions.html#iter
func (l *Lib) builtinIter(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("iter", args, kwargs, 1, 2); err != nil {
		return nil, err
	}
	if len(args) == 2 {
		if !isCallable(args[0]) {
			return nil, wire.Errorf("TypeError", "iter(v, w): v must be callable")
		}
		return &Iterator{lib: l, cur: &callCursor{l, args[0], args[1]}}, nil
	}
	switch x := args[0].(type) {
	case *Iterator:
		return x, nil
	case *File:
		return x, nil
	case ownIterator:
		return args[0], nil
	}
	if m := specialMethod(args[0], "__iter__"); m != nil {
		it, err := l.call(thread, m)
		if err != nil {
			return nil, err
		}
		if !isIterator(it) {
			return nil, wire.Errorf("TypeError", "iter() returned non-iterator of type '%s'", pyType(it))
		}
		return it, nil
	}
	c, err := l.cursor(thread, args[0])
	if err != nil {
		return nil, err
	}
	return &Iterator{lib: l, cur: c}, nil
}

// builtinNext is next(iterator[, default]). https://docs.python.org/3/library/functions.html#next
func (l *Lib) builtinNext(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("next", args, kwargs, 1, 2); err != nil {
		return nil, err
	}
	c, ok := iteratorCursor(l, args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "'%s' object is not an iterator", pyType(args[0]))
	}
	if c, ok := c.(*nextCursor); ok && len(args) == 1 {
		return l.call(thread, c.call) // the StopIteration is its own, with its value
	}
	v, ok, err := c.next(thread)
	if err != nil {
		return nil, err
	}
	if ok {
		return v, nil
	}
	if len(args) == 2 {
		return args[1], nil
	}
	return nil, wire.Errorf("StopIteration", "")
}

// builtinEnumerate is enumerate(iterable, start=0): go.starlark.net's, which takes no names.
// https://docs.python.org/3/library/functions.html#enumerate
func builtinEnumerate(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(kwargs) > 0 {
		var iterable starlark.Value
		var start starlark.Value = starlark.MakeInt(0)
		if err := starlark.UnpackArgs("enumerate", args, kwargs, "iterable", &iterable, "start?", &start); err != nil {
			return nil, err
		}
		args = starlark.Tuple{iterable, start}
	}
	return starlark.Universe["enumerate"].(*starlark.Builtin).CallInternal(thread, args, nil)
}

// callFunction calls fn, or raises what CPython does for a value that is no function.
func (l *Lib) callFunction(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple) (starlark.Value, error) {
	if !isCallable(fn) {
		return nil, wire.Errorf("TypeError", "'%s' object is not callable", pyType(fn))
	}
	return l.cfg.Call(thread, fn, args, nil)
}

// noKeywords is the error for a function that takes no keyword arguments.
func noKeywords(name string, kwargs []starlark.Tuple) error {
	if len(kwargs) > 0 {
		return wire.Errorf("TypeError", "%s() takes no keyword arguments", name)
	}
	return nil
}

// argCount checks the arguments of a function that takes between low and high of them, all by position.
func argCount(name string, args starlark.Tuple, kwargs []starlark.Tuple, low, high int) error {
	if err := noKeywords(name, kwargs); err != nil {
		return err
	}
	n := len(args)
	switch {
	case n >= low && n <= high:
		return nil
	case low == high && low == 1:
		return wire.Errorf("TypeError", "%s() takes exactly one argument (%d given)", name, n)
	case low == high:
		return wire.Errorf("TypeError", "%s expected %d argument%s, got %d", name, low, plural(low), n)
	case n < low:
		return wire.Errorf("TypeError", "%s expected at least %d argument%s, got %d", name, low, plural(low), n)
	}
	return wire.Errorf("TypeError", "%s expected at most %d argument%s, got %d", name, high, plural(high), n)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
