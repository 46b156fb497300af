package stdlib

import (
	"fmt"
	"math"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// assertModule makes the members of the module assert_: what tests say must hold. Each raises AssertionError with the values where it
// does not, after the last argument, msg, if there is one. No CPython counterpart; the names are those of go.starlark.net's own tests.
func (l *Lib) assertModule() starlark.StringDict {
	d := starlark.StringDict{
		"true":   starlark.NewBuiltin("assert_.true", l.assertTruth(true)),
		"false":  starlark.NewBuiltin("assert_.false", l.assertTruth(false)),
		"almost": starlark.NewBuiltin("assert_.almost", l.assertAlmost),
		"raises": starlark.NewBuiltin("assert_.raises", l.assertRaises),
		"fails":  starlark.NewBuiltin("assert_.fails", l.assertFails),
	}
	for _, c := range []struct {
		name, unless string
		op           syntax.Token
	}{
		{"eq", "!=", syntax.EQL},
		{"ne", "==", syntax.NEQ},
		{"lt", ">=", syntax.LT},
		{"le", ">", syntax.LE},
		{"gt", "<=", syntax.GT},
		{"ge", "<", syntax.GE},
		{"contains", "does not contain", syntax.IN},
	} {
		d[c.name] = starlark.NewBuiltin("assert_."+c.name, l.assertOp(c.op, c.unless))
	}
	return d
}

// unmet is the AssertionError of a builtin: what was found, and the caller's words before it.
func unmet(msg starlark.Value, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if s, ok := starlark.AsString(msg); ok {
		text = s + ": " + text
	}
	return wire.Errorf("AssertionError", "%s", text)
}

// assertOp is assert_.eq(x, y, msg=None) and the like: x op y.
func (l *Lib) assertOp(op syntax.Token, unless string) builtinFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x, y starlark.Value
		var msg starlark.Value = starlark.None
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x, "y", &y, "msg?", &msg); err != nil {
			return nil, err
		}
		var holds starlark.Value
		var err error
		switch op {
		case syntax.IN:
			holds, err = starlark.Binary(op, y, x)
		default:
			holds, err = l.Compare(op, x, y)
		}
		if err = l.Pending(err); err != nil || bool(holds.Truth()) {
			return starlark.None, err
		}
		left, err := l.repr(x)
		if err != nil {
			return nil, err
		}
		right, err := l.repr(y)
		if err != nil {
			return nil, err
		}
		return nil, unmet(msg, "%s %s %s", left, unless, right)
	}
}

// assertTruth is assert_.true(x, msg=None) and assert_.false.
func (l *Lib) assertTruth(want starlark.Bool) builtinFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x starlark.Value
		var msg starlark.Value = starlark.None
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x, "msg?", &msg); err != nil {
			return nil, err
		}
		truth := x.Truth()
		if err := l.Pending(nil); err != nil || truth == want {
			return starlark.None, err
		}
		text, err := l.repr(x)
		if err != nil {
			return nil, err
		}
		return nil, unmet(msg, "%s is not %s", text, map[starlark.Bool]string{true: "true", false: "false"}[want])
	}
}

// assertAlmost is assert_.almost(x, y, delta=1e-9, msg=None): two numbers at most delta apart.
func (l *Lib) assertAlmost(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, y starlark.Value
	delta := starlark.Value(starlark.Float(1e-9))
	var msg starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "x", &x, "y", &y, "delta?", &delta, "msg?", &msg); err != nil {
		return nil, err
	}
	var f [3]float64
	for i, v := range []starlark.Value{x, y, delta} {
		var ok bool
		if f[i], ok = starlark.AsFloat(v); !ok {
			return nil, wire.Errorf("TypeError", "%s: got %s, want a number", b.Name(), v.Type())
		}
	}
	if f[0] == f[1] || math.Abs(f[0]-f[1]) <= f[2] {
		return starlark.None, nil
	}
	return nil, unmet(msg, "%s and %s are more than %s apart", x, y, delta)
}

// assertRaises is assert_.raises(class, function, *args, **kwargs): the call raises an exception of the class, or of one of a tuple of
// classes. It returns the exception.
func (l *Lib) assertRaises(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) < 2 {
		return nil, wire.Errorf("TypeError", "%s: got %d arguments, want a class, a function and its arguments", b.Name(), len(args))
	}
	class := args[0]
	if _, ok := l.anyClass(class, func(c starlark.Value) (bool, bool) {
		k, ok := c.(*Class)
		return false, ok && k.isException()
	}); !ok {
		return nil, wire.Errorf("TypeError", "%s: got %s, want an exception class or a tuple of them", b.Name(), class.Type())
	}
	text, err := l.repr(args[1])
	if err != nil {
		return nil, err
	}
	v, err := l.Call(thread, args[1], args[2:], kwargs)
	if err == nil {
		result, err := l.repr(v)
		if err != nil {
			return nil, err
		}
		return nil, unmet(nil, "%s returned %s", text, result)
	}
	exc, caught := l.catch(err)
	if !caught || !l.IsInstance(exc, class) {
		return nil, err
	}
	return exc, nil
}

// assertFails is assert_.fails(function, pattern): the call function() raises an exception whose message the regular expression, of
// module re, matches somewhere. It returns the exception.
func (l *Lib) assertFails(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f starlark.Value
	var pattern string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "function", &f, "pattern", &pattern); err != nil {
		return nil, err
	}
	search := l.Module("re").(*Module).ModuleMembers()["search"]
	if _, err := l.Call(thread, search, starlark.Tuple{starlark.String(pattern), starlark.String("")}, nil); err != nil {
		return nil, err // the pattern is wrong, whatever f does
	}
	exc, err := l.assertRaises(thread, b, starlark.Tuple{l.excs["Exception"], f}, nil)
	if err != nil {
		return nil, err
	}
	text, err := l.str(exc)
	if err != nil {
		return nil, err
	}
	match, err := l.Call(thread, search, starlark.Tuple{starlark.String(pattern), starlark.String(text)}, nil)
	if err != nil {
		return nil, err
	}
	if match == starlark.None {
		return nil, unmet(nil, "%q does not match %q", text, pattern)
	}
	return exc, nil
}
