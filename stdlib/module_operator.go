package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// operatorModule makes the members of the module operator. https://docs.python.org/3/library/operator.html
func (l *Lib) operatorModule() starlark.StringDict {
	members := starlark.StringDict{}
	add := func(name string, n int, f func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error)) {
		fn := starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, n, n); err != nil {
				return nil, err
			}
			v, err := f(thread, args)
			if err == nil {
				err = l.check()
			}
			return v, err
		})
		members[name] = fn
		members["__"+strings.Trim(name, "_")+"__"] = fn
	}
	for name, op := range map[string]syntax.Token{
		"add": syntax.PLUS, "sub": syntax.MINUS, "mul": syntax.STAR, "truediv": syntax.SLASH, "floordiv": syntax.SLASHSLASH, "mod": syntax.PERCENT,
		"and_": syntax.AMP, "or_": syntax.PIPE, "xor": syntax.CIRCUMFLEX, "lshift": syntax.LTLT, "rshift": syntax.GTGT, "concat": syntax.PLUS,
		"iadd": syntax.PLUS, "isub": syntax.MINUS, "imul": syntax.STAR, "itruediv": syntax.SLASH, "ifloordiv": syntax.SLASHSLASH, "imod": syntax.PERCENT,
		"iand": syntax.AMP, "ior": syntax.PIPE, "ixor": syntax.CIRCUMFLEX, "iconcat": syntax.PLUS,
	} {
		add(name, 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
			if list, ok := a[0].(*starlark.List); ok && (name == "iadd" || name == "iconcat") {
				return list, l.forEach(thread, a[1], list.Append)
			}
			return operate(op, op.String(), a[0], a[1])
		})
	}
	for name, op := range map[string]syntax.Token{"eq": syntax.EQL, "ne": syntax.NEQ, "lt": syntax.LT, "le": syntax.LE, "gt": syntax.GT, "ge": syntax.GE} {
		add(name, 2, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) { return l.Compare(op, a[0], a[1]) })
	}
	for name, op := range map[string]syntax.Token{"neg": syntax.MINUS, "pos": syntax.PLUS, "invert": syntax.TILDE, "inv": syntax.TILDE} {
		add(name, 1, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) { return starlark.Unary(op, a[0]) })
	}
	add("not_", 1, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) { return !a[0].Truth(), nil })
	add("truth", 1, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) { return a[0].Truth(), nil })
	same := func(thread *starlark.Thread, a starlark.Tuple) (bool, error) {
		id := l.Predeclared()["id"]
		x, err := l.call(thread, id, a[0])
		if err != nil {
			return false, err
		}
		y, err := l.call(thread, id, a[1])
		if err != nil {
			return false, err
		}
		return starlark.Equal(x, y)
	}
	add("is_", 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		is, err := same(thread, a)
		return starlark.Bool(is), err
	})
	add("is_not", 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		is, err := same(thread, a)
		return starlark.Bool(!is), err
	})
	add("abs", 1, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return l.call(thread, starlark.Universe["abs"], a...)
	})
	add("index", 1, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) { return orError(toInt(a[0])) })
	add("pow", 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return l.call(thread, l.Predeclared()["pow"], a...)
	})
	add("contains", 2, func(_ *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return starlark.Binary(syntax.IN, a[1], a[0])
	})
	add("getitem", 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return l.item(thread, a[0], a[1])
	})
	add("setitem", 3, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return starlark.None, l.setItem(thread, a[0], a[1], a[2])
	})
	add("delitem", 2, func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
		return starlark.None, l.deleteItem(thread, a[0], a[1])
	})
	counts := func(name string) func(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
		return func(thread *starlark.Thread, a starlark.Tuple) (starlark.Value, error) {
			n, i, at := 0, 0, -1
			err := l.forEach(thread, a[0], func(v starlark.Value) error {
				eq, err := l.equal(v, a[1])
				if eq {
					n++
					if at < 0 {
						at = i
					}
				}
				i++
				return err
			})
			if err != nil || name == "countOf" {
				return starlark.MakeInt(n), err
			}
			if at < 0 {
				return nil, wire.Errorf("ValueError", "sequence.index(x): x not in sequence")
			}
			return starlark.MakeInt(at), nil
		}
	}
	add("countOf", 2, counts("countOf"))
	add("indexOf", 2, counts("indexOf"))
	for _, kind := range []string{"itemgetter", "attrgetter", "methodcaller"} {
		members[kind] = &nativeType{module: "operator", name: kind, is: func(v starlark.Value) bool { g, ok := v.(*getterFunc); return ok && g.kind == kind },
			make: func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return l.newGetter(kind, args, kwargs)
			}}
	}
	return members
}

// item is x[key].
func (l *Lib) item(thread *starlark.Thread, x, key starlark.Value) (starlark.Value, error) {
	if s, ok := key.(*Slice); ok {
		if y, ok := x.(starlark.Sliceable); ok {
			from, to, step, n, err := s.Indices(y.Len())
			if err != nil {
				return nil, err
			}
			if n == 0 {
				from, to, step = 0, 0, 1 // go.starlark.net's own slices are never backward
			}
			return y.Slice(from, to, step), nil
		}
	}
	switch y := x.(type) {
	case starlark.Mapping:
		v, found, err := y.Get(key)
		if err == nil && !found {
			err = &noKey{key}
		}
		return v, err
	case starlark.Indexable:
		name := pyType(x)
		if name == "str" {
			name = "string"
		}
		i, err := positionIn(y, key, name+" index")
		if err != nil {
			return nil, err
		}
		return y.Index(i), nil
	}
	return nil, wire.Errorf("TypeError", "'%s' object is not subscriptable", pyType(x))
}

func (l *Lib) setItem(thread *starlark.Thread, x, key, v starlark.Value) error {
	if list, ok := x.(*starlark.List); ok {
		if s, ok := key.(*Slice); ok {
			return l.setSlice(thread, list, s, v)
		}
	}
	switch y := x.(type) {
	case starlark.HasSetKey:
		return y.SetKey(key, v)
	case starlark.HasSetIndex:
		i, err := positionIn(y, key, pyType(x)+" assignment index")
		if err != nil {
			return err
		}
		return y.SetIndex(i, v)
	}
	return wire.Errorf("TypeError", "'%s' object does not support item assignment", pyType(x))
}

// getterFunc is an itemgetter, attrgetter or methodcaller.
type getterFunc struct {
	lib    *Lib
	kind   string
	items  starlark.Tuple
	kwargs []starlark.Tuple
}

var _ starlark.Callable = (*getterFunc)(nil)

func (l *Lib) newGetter(kind string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "%s expected 1 argument, got 0", kind)
	}
	if kind != "methodcaller" {
		if err := noKeywords(kind, kwargs); err != nil {
			return nil, err
		}
	}
	for i, a := range args {
		if _, ok := a.(starlark.String); !ok && (kind == "attrgetter" || kind == "methodcaller" && i == 0) {
			if kind == "methodcaller" {
				return nil, wire.Errorf("TypeError", "method name must be a string")
			}
			return nil, wire.Errorf("TypeError", "attribute name must be a string")
		}
	}
	return &getterFunc{l, kind, args, kwargs}, nil
}

func (g *getterFunc) Name() string { return g.kind }
func (g *getterFunc) String() string {
	var parts []string
	for _, v := range g.items {
		parts = append(parts, quoted(v))
	}
	for _, kv := range g.kwargs {
		parts = append(parts, string(kv[0].(starlark.String))+"="+quoted(kv[1]))
	}
	return "operator." + g.kind + "(" + strings.Join(parts, ", ") + ")"
}
func (g *getterFunc) Type() string          { return g.kind }
func (g *getterFunc) Truth() starlark.Bool  { return true }
func (g *getterFunc) Freeze()               { g.items.Freeze() }
func (g *getterFunc) Hash() (uint32, error) { return pointerHash(g), nil }

// CallInternal gets the items or attributes, or calls the method.
func (g *getterFunc) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount(g.kind, args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	if g.kind == "methodcaller" {
		m, err := g.attribute(args[0], string(g.items[0].(starlark.String)))
		if err != nil {
			return nil, err
		}
		return starlark.Call(thread, m, g.items[1:], g.kwargs)
	}
	t := make(starlark.Tuple, len(g.items))
	for i, key := range g.items {
		var err error
		if g.kind == "itemgetter" {
			t[i], err = g.lib.item(thread, args[0], key)
		} else {
			t[i] = args[0]
			for _, name := range strings.Split(string(key.(starlark.String)), ".") {
				if t[i], err = g.attribute(t[i], name); err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t) == 1 {
		return t[0], nil
	}
	return t, nil
}

func (g *getterFunc) attribute(x starlark.Value, name string) (starlark.Value, error) {
	v, found, missing, err := g.lib.attribute(x, name)
	if err == nil && !found {
		err = missing
	}
	return v, err
}
