package stdlib

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// copyModule makes the members of the module copy. https://docs.python.org/3/library/copy.html
func (l *Lib) copyModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"copy": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var x starlark.Value
			if err := bind("copy", args, kwargs, "x", &x); err != nil {
				return nil, err
			}
			return l.copyValue(thread, x, func(v starlark.Value) (starlark.Value, error) { return v, nil }, nil)
		},
		"deepcopy": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var x, memo starlark.Value
			if err := bind("deepcopy", args, kwargs, "x", &x, "memo?", &memo); err != nil {
				return nil, err
			}
			d := &deepCopier{lib: l, thread: thread, done: map[starlark.Value]starlark.Value{}}
			return d.copy(x)
		},
		"replace": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(args) != 1 {
				return nil, wire.Errorf("TypeError", "replace() takes 1 positional argument but %d were given", len(args))
			}
			for _, name := range []string{"__replace__", "_replace", "replace"} {
				if _, isString := args[0].(starlark.String); isString {
					break
				}
				if m, found, _, err := l.attribute(args[0], name); err != nil {
					return nil, err
				} else if found {
					return l.cfg.Call(thread, m, nil, kwargs)
				}
			}
			return nil, wire.Errorf("TypeError", "replace() does not support %s objects", pyType(args[0]))
		},
	})
	members["Error"] = l.moduleException("copy.Error", "Exception")
	members["error"] = members["Error"]
	return members
}

// deepCopier copies what a value refers to, each once.
type deepCopier struct {
	lib    *Lib
	thread *starlark.Thread
	done   map[starlark.Value]starlark.Value // by what was copied
	depth  int
}

func (d *deepCopier) copy(v starlark.Value) (starlark.Value, error) {
	isRef := reflect.TypeOf(v).Kind() == reflect.Pointer
	if isRef {
		if c := d.done[v]; c != nil {
			return c, nil
		}
	}
	if d.depth++; d.depth > 10_000 {
		return nil, wire.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	defer func() { d.depth-- }()
	c, err := d.lib.copyValue(d.thread, v, d.copy, func(c starlark.Value) {
		if isRef {
			d.done[v] = c
		}
	})
	if err == nil && isRef {
		d.done[v] = c
	}
	return c, err
}

// copyValue copies a value whose parts are copied by part. known is called with the copy before its parts are, so that they
// may refer to it. What can't be changed is its own copy.
func (l *Lib) copyValue(thread *starlark.Thread, v starlark.Value, part func(starlark.Value) (starlark.Value, error), known func(starlark.Value)) (starlark.Value, error) {
	deep := known != nil
	if !deep {
		known = func(starlark.Value) {}
	}
	switch v := v.(type) {
	case *starlark.List:
		c := starlark.NewList(nil)
		known(c)
		for i := 0; i < v.Len(); i++ {
			e, err := part(v.Index(i))
			if err != nil {
				return nil, err
			}
			_ = c.Append(e) // new, not frozen
		}
		return c, nil
	case *starlark.Dict:
		c := starlark.NewDict(v.Len())
		known(c)
		return c, copyEntries(c, v, part)
	case *pyDict:
		c := &pyDict{Dict: starlark.NewDict(v.Len()), lib: l, kind: v.kind, factory: v.factory}
		known(c)
		return c, copyEntries(c.Dict, v.Dict, part)
	case *starlark.Set:
		c := starlark.NewSet(v.Len())
		known(c)
		for e := range starlark.Elements(v) {
			e, err := part(e)
			if err == nil {
				err = c.Insert(e)
			}
			if err != nil {
				return nil, err
			}
		}
		return c, nil
	case *deque:
		c := &deque{lib: l, max: v.max}
		known(c)
		for _, e := range v.values() {
			e, err := part(e)
			if err != nil {
				return nil, err
			}
			c.push(e)
		}
		return c, nil
	case starlark.Tuple:
		if !deep {
			return v, nil
		}
		return copyTuple(v, part)
	case *namedTuple:
		if !deep {
			return v, nil
		}
		t, err := copyTuple(v.Tuple, part)
		if err != nil {
			return nil, err
		}
		return &namedTuple{v.typ, t}, nil
	case *starlarkstruct.Struct:
		if !deep {
			return v, nil
		}
		fields := starlark.StringDict{}
		for _, name := range v.AttrNames() {
			f, err := v.Attr(name)
			if err != nil {
				return nil, err
			}
			if fields[name], err = part(f); err != nil {
				return nil, err
			}
		}
		return starlarkstruct.FromStringDict(v.Constructor(), fields), nil
	case *File, *Iterator:
		return nil, wire.Errorf("TypeError", "cannot pickle '%s' object", pyType(v))
	case *Instance:
		return l.copyInstance(thread, v, part, known, deep)
	}
	return v, nil
}

func copyTuple(t starlark.Tuple, part func(starlark.Value) (starlark.Value, error)) (starlark.Tuple, error) {
	c := make(starlark.Tuple, len(t))
	for i, e := range t {
		var err error
		if c[i], err = part(e); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func copyEntries(to, from *starlark.Dict, part func(starlark.Value) (starlark.Value, error)) error {
	for _, kv := range from.Items() {
		k, err := part(kv[0])
		if err != nil {
			return err
		}
		v, err := part(kv[1])
		if err != nil {
			return err
		}
		if err := to.SetKey(k, v); err != nil {
			return err
		}
	}
	return nil
}

// copyInstance copies attributes, unless the class has __copy__ or __deepcopy__. One with Go state of its own is no such value.
func (l *Lib) copyInstance(thread *starlark.Thread, x *Instance, part func(starlark.Value) (starlark.Value, error), known func(starlark.Value), deep bool) (starlark.Value, error) {
	if !deep {
		if fn := x.cls.special("__copy__"); fn != nil {
			return l.callMethod(thread, fn, x, nil, nil)
		}
	} else if fn := x.cls.special("__deepcopy__"); fn != nil {
		return l.callMethod(thread, fn, x, starlark.Tuple{new(starlark.Dict)}, nil)
	}
	if x.native != nil {
		return nil, wire.Errorf("TypeError", "cannot pickle '%s' object", x.cls.name)
	}
	c := &Instance{cls: x.cls}
	if x.exc != nil {
		e := *x.exc
		c.exc = &e
	}
	known(c)
	for _, a := range x.ownItems() {
		v, err := part(a.value)
		if err != nil {
			return nil, err
		}
		c.attrs.set(a.name, v)
	}
	return c, nil
}

// stringModule makes the members of the module string. https://docs.python.org/3/library/string.html
func (l *Lib) stringModule() starlark.StringDict {
	const lower, upper, digits, marks, space = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " \t\n\r\v\f"
	members := starlark.StringDict{"capwords": starlark.NewBuiltin("capwords", stringCapwords)}
	for name, s := range map[string]string{
		"ascii_lowercase": lower, "ascii_uppercase": upper, "ascii_letters": lower + upper, "digits": digits, "hexdigits": digits + "abcdefABCDEF",
		"octdigits": "01234567", "punctuation": marks, "whitespace": space, "printable": digits + lower + upper + marks + space,
	} {
		members[name] = starlark.String(s)
	}
	return members
}
