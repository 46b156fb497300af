package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// The one start method is spawn: a process begins afresh and gets what it needs by value. There is nothing to choose, but
// programs that choose spawn, or ask, work as in CPython.
// https://docs.python.org/3.13/library/multiprocessing.html#contexts-and-start-methods
const startMethod = "spawn"

// checkMethod is the error of asking for another method, in CPython's words.
func checkMethod(method starlark.Value) error {
	if method == starlark.None || method == starlark.String(startMethod) {
		return nil
	}
	if s, ok := starlark.AsString(method); ok {
		return wire.Errorf("ValueError", "cannot find context for '%s'", s)
	}
	return wire.Errorf("ValueError", "cannot find context for %s", method)
}

// getContext is get_context(method=None). The result has all that the module has.
func (rt *Runtime) getContext(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var method starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method?", &method); err != nil {
		return nil, err
	}
	return rt.module, checkMethod(method)
}

// getStartMethod is get_start_method(allow_none=False). As in CPython, asking settles the method.
func (rt *Runtime) getStartMethod(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var allowNone truth
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "allow_none?", &allowNone); err != nil {
		return nil, err
	}
	if bool(allowNone) && !rt.methodSet {
		return starlark.None, nil
	}
	rt.methodSet = true
	return starlark.String(startMethod), nil
}

// setStartMethod is set_start_method(method, force=False).
func (rt *Runtime) setStartMethod(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var method starlark.Value
	var force truth
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method", &method, "force?", &force); err != nil {
		return nil, err
	}
	if rt.methodSet && !bool(force) {
		return nil, wire.Errorf("RuntimeError", "context has already been set")
	}
	if err := checkMethod(method); err != nil {
		return nil, err
	}
	rt.methodSet = method != starlark.None
	return starlark.None, nil
}

// getAllStartMethods is get_all_start_methods().
func getAllStartMethods(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.NewList([]starlark.Value{starlark.String(startMethod)}), noArgs(b, args, kwargs)
}

// freezeSupport is freeze_support(), which has nothing to do here.
func freezeSupport(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, noArgs(b, args, kwargs)
}
