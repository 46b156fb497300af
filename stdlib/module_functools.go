package stdlib

import (
	"fmt"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// functoolsModule makes the members of the module functools. https://docs.python.org/3/library/functools.html
// What is a decorator in Python is called with the function: f = functools.cache(f).
func (l *Lib) functoolsModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"cache": l.functoolsCache, "cmp_to_key": l.functoolsCmpToKey, "lru_cache": l.functoolsLRU, "reduce": l.functoolsReduce,
		"update_wrapper": l.functoolsUpdateWrapper, "wraps": l.functoolsWraps,
	})
	members["partial"] = &nativeType{module: "functools", name: "partial", make: l.newPartial,
		is: func(v starlark.Value) bool { _, ok := v.(*partial); return ok }}
	return members
}

// functoolsReduce is reduce(function, iterable[, initial]).
func (l *Lib) functoolsReduce(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("reduce", args, kwargs, 2, 3); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, args[1])
	if err != nil {
		return nil, wire.Errorf("TypeError", "reduce() arg 2 must support iteration")
	}
	defer c.close()
	var total starlark.Value
	if len(args) == 3 {
		total = args[2]
	}
	for {
		v, ok, err := c.next(thread)
		switch {
		case err != nil:
			return nil, err
		case !ok && total == nil:
			return nil, wire.Errorf("TypeError", "reduce() of empty iterable with no initial value")
		case !ok:
			return total, nil
		case total == nil:
			total = v
			continue
		}
		if total, err = l.callFunction(thread, args[0], starlark.Tuple{total, v}); err != nil {
			return nil, err
		}
	}
}

// partial is functools.partial: a function with some of its arguments.
type partial struct {
	lib    *Lib
	fn     starlark.Value
	args   starlark.Tuple
	kwargs []starlark.Tuple
}

var (
	_ starlark.Callable = (*partial)(nil)
	_ starlark.HasAttrs = (*partial)(nil)
)

func (l *Lib) newPartial(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "type 'partial' takes at least one argument")
	}
	if !isCallable(args[0]) {
		return nil, wire.Errorf("TypeError", "the first argument must be callable")
	}
	p := &partial{lib: l, fn: args[0], args: args[1:], kwargs: kwargs}
	if q, ok := p.fn.(*partial); ok {
		p.fn, p.args, p.kwargs = q.fn, append(q.args[:len(q.args):len(q.args)], p.args...), overlay(q.kwargs, p.kwargs)
	}
	return p, nil
}

// overlay returns the keyword arguments old with those of more, which win.
func overlay(old, more []starlark.Tuple) []starlark.Tuple {
	all := append([]starlark.Tuple(nil), old...)
	for _, kv := range more {
		known := false
		for i := range all {
			if all[i][0] == kv[0] {
				all[i], known = kv, true
			}
		}
		if !known {
			all = append(all, kv)
		}
	}
	return all
}

// Name is the function's, for tracebacks.
func (p *partial) Name() string {
	if c, ok := p.fn.(starlark.Callable); ok {
		return c.Name()
	}
	return "partial"
}
func (p *partial) Type() string          { return "partial" }
func (p *partial) Truth() starlark.Bool  { return true }
func (p *partial) Hash() (uint32, error) { return pointerHash(p), nil }
func (p *partial) Freeze() {
	p.fn.Freeze()
	p.args.Freeze()
	for _, kv := range p.kwargs {
		kv.Freeze()
	}
}

func (p *partial) String() string {
	var b strings.Builder
	b.WriteString("functools.partial(" + p.fn.String())
	for _, v := range p.args {
		b.WriteString(", " + v.String())
	}
	for _, kv := range p.kwargs {
		b.WriteString(", " + string(kv[0].(starlark.String)) + "=" + kv[1].String())
	}
	return b.String() + ")"
}

// CallInternal calls the function.
func (p *partial) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	all := make(starlark.Tuple, 0, len(p.args)+len(args))
	all = append(append(all, p.args...), args...)
	if len(p.kwargs) > 0 {
		kwargs = overlay(p.kwargs, kwargs)
	}
	return starlark.Call(thread, p.fn, all, kwargs)
}

// Attr implements starlark.HasAttrs.
func (p *partial) Attr(name string) (starlark.Value, error) {
	switch name {
	case "func":
		return p.fn, nil
	case "args":
		return p.args, nil
	case "keywords":
		d := new(starlark.Dict)
		for _, kv := range p.kwargs {
			_ = d.SetKey(kv[0], kv[1])
		}
		return d, nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (p *partial) AttrNames() []string { return []string{"args", "func", "keywords"} }

// cmpKey is an object that cmp_to_key's function makes: it compares as mycmp says.
type cmpKey struct {
	lib      *Lib
	cmp, obj starlark.Value
}

var _ starlark.Comparable = (*cmpKey)(nil)

func (l *Lib) functoolsCmpToKey(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var cmp starlark.Value
	if err := bind("cmp_to_key", args, kwargs, "mycmp", &cmp); err != nil {
		return nil, err
	}
	return starlark.NewBuiltin("K", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var obj starlark.Value
		if err := bind("K", args, kwargs, "obj", &obj); err != nil {
			return nil, err
		}
		return &cmpKey{l, cmp, obj}, nil
	}), nil
}

func (k *cmpKey) String() string        { return fmt.Sprintf("<functools.KeyWrapper object at %p>", k) }
func (k *cmpKey) Type() string          { return "functools.KeyWrapper" }
func (k *cmpKey) Truth() starlark.Bool  { return true }
func (k *cmpKey) Freeze()               {}
func (k *cmpKey) Hash() (uint32, error) { return 0, unhashable(k) }

// Attr has obj alone.
func (k *cmpKey) Attr(name string) (starlark.Value, error) {
	if name == "obj" {
		return k.obj, nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (k *cmpKey) AttrNames() []string { return []string{"obj"} }

// CompareSameType calls mycmp. Its error is made pending as well: go.starlark.net rewords errors in sorted.
func (k *cmpKey) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	v, err := k.lib.callNow(k.cmp, k.obj, y.(*cmpKey).obj)
	if err != nil {
		k.lib.Fail(err)
		return false, err
	}
	return starlark.CompareDepth(op, v, starlark.MakeInt(0), depth)
}

// wrapper is a function under the name of another: what wraps and update_wrapper return, because functions themselves
// can't be changed.
type wrapper struct {
	fn      starlark.Callable
	wrapped starlark.Value
}

var (
	_ starlark.Callable = (*wrapper)(nil)
	_ starlark.HasAttrs = (*wrapper)(nil)
)

func (l *Lib) functoolsWraps(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var wrapped, assigned, updated starlark.Value
	if err := bind("wraps", args, kwargs, "wrapped", &wrapped, "assigned?", &assigned, "updated?", &updated); err != nil {
		return nil, err
	}
	return starlark.NewBuiltin("update_wrapper", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var fn starlark.Value
		if err := bind("update_wrapper", args, kwargs, "wrapper", &fn); err != nil {
			return nil, err
		}
		return wrap(fn, wrapped)
	}), nil
}

func (l *Lib) functoolsUpdateWrapper(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn, wrapped, assigned, updated starlark.Value
	if err := bind("update_wrapper", args, kwargs, "wrapper", &fn, "wrapped", &wrapped, "assigned?", &assigned, "updated?", &updated); err != nil {
		return nil, err
	}
	return wrap(fn, wrapped)
}

func wrap(fn, wrapped starlark.Value) (starlark.Value, error) {
	c, ok := fn.(starlark.Callable)
	if !ok {
		return nil, wire.Errorf("TypeError", "'%s' object is not callable", pyType(fn))
	}
	return &wrapper{c, wrapped}, nil
}

// Name is the wrapped function's.
func (w *wrapper) Name() string {
	if c, ok := w.wrapped.(starlark.Callable); ok {
		return c.Name()
	}
	return w.fn.Name()
}
func (w *wrapper) String() string        { return "<function " + w.Name() + ">" }
func (w *wrapper) Type() string          { return "function" }
func (w *wrapper) Truth() starlark.Bool  { return true }
func (w *wrapper) Freeze()               { w.fn.Freeze(); w.wrapped.Freeze() }
func (w *wrapper) Hash() (uint32, error) { return pointerHash(w), nil }

// CallInternal calls the function.
func (w *wrapper) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.Call(thread, w.fn, args, kwargs)
}

// Attr implements starlark.HasAttrs.
func (w *wrapper) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(w.Name()), nil
	case "__wrapped__":
		return w.wrapped, nil
	case "__doc__":
		if f, ok := w.wrapped.(interface{ Doc() string }); ok && f.Doc() != "" {
			return starlark.String(f.Doc()), nil
		}
		return starlark.None, nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (w *wrapper) AttrNames() []string {
	return []string{"__doc__", "__name__", "__qualname__", "__wrapped__"}
}
