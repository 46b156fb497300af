package mp

import (
	"go.starlark.net/starlark"
)

// updateWith is the method of all proxies of our own types that replaces a value by a function of it:
//
//	d.update_with(key, f, default=None)   l.update_with(index, f)   ns.update_with(name, f, default=None)   v.update_with(f)
//
// f runs in the server, nobody else gets at the object meanwhile, and the result is what f returned. If f fails, the old value
// stays. CPython has no such thing: there d[k] += 1 is a read and a write, and loses what others write in between.
//
// f may use other objects of the manager. Two functions that use each other's objects wait for each other, as with locks.
const updateWith = "update_with"

// updater makes update_with. find gets the first n arguments, which say where the value is, and what to take for one that is
// missing; it returns the value and how to replace it.
func updater[T starlark.Value](n int, find func(self T, at starlark.Tuple, missing starlark.Value) (starlark.Value, func(starlark.Value) error, error)) managedMethod {
	return func(s *server, thread *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		at := make(starlark.Tuple, n)
		var f starlark.Callable
		var missing starlark.Value = starlark.None
		pairs := []any{"function", &f, "default?", &missing}
		if n == 1 {
			pairs = append([]any{"key", &at[0]}, pairs...)
		}
		if err := starlark.UnpackArgs(updateWith, args, kwargs, pairs...); err != nil {
			return nil, err
		}
		old, set, err := find(self.(T), at, missing)
		if err != nil {
			return nil, err
		}
		// f gets a copy of what it could change and then fail.
		if old, err = s.rt.copied(old); err != nil {
			return nil, err
		}
		v, err := s.rt.host.Call(thread, f, starlark.Tuple{old}, nil)
		if err != nil {
			return nil, err
		}
		return v, set(v)
	}
}

// copied returns v as it would arrive in another process.
func (rt *Runtime) copied(v starlark.Value) (starlark.Value, error) {
	switch v.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes:
		return v, nil
	}
	data, _, err := rt.host.Codec().Encode(nil, "value", v)
	if err != nil {
		return nil, err
	}
	return rt.host.Codec().Decode(data)
}

// slowMethods run script code that may wait, or for long, so that they run beside the server's loop.
var slowMethods = map[string]bool{updateWith: true, "sort": true}
