package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

type builtinFunc = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// coreBuiltins are the built-ins that belong to the object model: exception classes, control, and those of
// go.starlark.net's built-ins that would not do for instances.
func (l *Lib) coreBuiltins() starlark.StringDict {
	d := starlark.StringDict{"object": l.object, "NotImplemented": l.notImpl}
	for name, c := range l.excs {
		if !strings.Contains(name, ".") {
			d[name] = c
		}
	}
	for name, f := range map[string]builtinFunc{
		attrName:       l.builtinAttr,
		formatName:     l.builtinFormat,
		lshiftName:     shift(syntax.LTLT),
		rshiftName:     shift(syntax.GTGT),
		"format":       l.builtinFormatValue,
		"bytes":        builtinBytes,
		"classmethod":  builtinClassmethod,
		"delattr":      l.builtinDelattr,
		"dir":          l.builtinDir,
		"fail":         l.builtinFail,
		"getattr":      l.builtinGetattr,
		"hasattr":      l.builtinHasattr,
		"hash":         l.builtinHash,
		"help":         l.builtinHelp,
		"isinstance":   l.builtinIsinstance,
		"issubclass":   l.builtinIssubclass,
		"len":          l.builtinLen,
		"print":        l.builtinPrint,
		"property":     l.builtinProperty,
		"raise_":       l.raise,
		"repr":         l.builtinRepr,
		"setattr":      l.builtinSetattr,
		"staticmethod": builtinStaticmethod,
		"str":          l.builtinStr,
		"super":        l.builtinSuper,
		"try_":         l.try,
		"type":         l.builtinType,
		"with_":        l.with,
	} {
		d[name] = starlark.NewBuiltin(name, f)
	}
	return d
}

// builtinLen is https://docs.python.org/3/library/functions.html#len.
func (l *Lib) builtinLen(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("len", 1, args, kwargs); err != nil {
		return nil, err
	}
	x := args[0]
	if i, ok := x.(*Instance); ok {
		n, err := i.length()
		return starlark.MakeInt(n), err
	}
	n := starlark.Len(x)
	if n < 0 {
		return nil, wire.Errorf("TypeError", "object of type '%s' has no len()", pyType(x))
	}
	return starlark.MakeInt(n), nil
}

func attrArgs(name string, args starlark.Tuple, kwargs []starlark.Tuple, low, high int) (x starlark.Value, attr string, err error) {
	if len(kwargs) > 0 {
		return nil, "", wire.Errorf("TypeError", "%s() takes no keyword arguments", name)
	}
	if len(args) < low || len(args) > high {
		return nil, "", wire.Errorf("TypeError", "%s expected at least %d arguments, got %d", name, low, len(args))
	}
	attr, ok := starlark.AsString(args[1])
	if !ok {
		return nil, "", wire.Errorf("TypeError", "attribute name must be string, not '%s'", pyType(args[1]))
	}
	return args[0], attr, nil
}

// attribute reads x.name. found is false where Python would raise AttributeError; err is any other error.
func (l *Lib) attribute(x starlark.Value, name string) (v starlark.Value, found bool, missing, err error) {
	if isExtra(name) {
		if v := l.extra(x, name); v != nil {
			return v, true, nil, nil
		}
	}
	a, ok := x.(starlark.HasAttrs)
	if !ok {
		return nil, false, noAttr(x, name), nil
	}
	v, err = a.Attr(name)
	if err = l.Pending(err); err == nil {
		if v == nil {
			return nil, false, noAttr(x, name), nil
		}
		return v, true, nil, nil
	}
	if _, ok := err.(starlark.NoSuchAttrError); ok {
		return nil, false, err, nil
	}
	if exc, caught := l.catch(err); caught && exc.cls.derives(l.excs["AttributeError"]) {
		return nil, false, err, nil
	}
	return nil, false, nil, err
}

func noAttr(x starlark.Value, name string) error {
	return wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", pyType(x), name)
}

// builtinGetattr is https://docs.python.org/3/library/functions.html#getattr.
func (l *Lib) builtinGetattr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x, name, err := attrArgs("getattr", args, kwargs, 2, 3)
	if err != nil {
		return nil, err
	}
	v, found, missing, err := l.attribute(x, name)
	switch {
	case err != nil:
		return nil, err
	case found:
		return v, nil
	case len(args) == 3:
		return args[2], nil
	}
	return nil, missing
}

// builtinHasattr is https://docs.python.org/3/library/functions.html#hasattr.
func (l *Lib) builtinHasattr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x, name, err := attrArgs("hasattr", args, kwargs, 2, 2)
	if err != nil {
		return nil, err
	}
	_, found, _, err := l.attribute(x, name)
	return starlark.Bool(found), err
}

// builtinSetattr is https://docs.python.org/3/library/functions.html#setattr.
func (l *Lib) builtinSetattr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x, name, err := attrArgs("setattr", args, kwargs, 3, 3)
	if err != nil {
		return nil, err
	}
	if s, ok := x.(starlark.HasSetField); ok {
		return starlark.None, s.SetField(name, args[2])
	}
	return nil, noAttr(x, name)
}

// builtinDelattr is https://docs.python.org/3/library/functions.html#delattr, the only way to remove an attribute.
func (l *Lib) builtinDelattr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x, name, err := attrArgs("delattr", args, kwargs, 2, 2)
	if err != nil {
		return nil, err
	}
	if d, ok := x.(interface{ DelField(name string) error }); ok {
		return starlark.None, d.DelField(name)
	}
	return nil, noAttr(x, name)
}
