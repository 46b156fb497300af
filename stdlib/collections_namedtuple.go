package stdlib

import (
	"fmt"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// namedTupleType is a class made by namedtuple. Like other classes it is one and the same in all processes of a family.
type namedTupleType struct {
	lib      *Lib
	name     string
	module   string
	id       string // in the family; "" until it travels
	fields   []string
	defaults []starlark.Value // of the last fields
}

var (
	_ starlark.Callable = (*namedTupleType)(nil)
	_ starlark.HasAttrs = (*namedTupleType)(nil)
)

const keywords = " False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield "

// newNamedTuple is namedtuple(typename, field_names, *, rename=False, defaults=None, module=None).
// https://docs.python.org/3/library/collections.html#collections.namedtuple
func (l *Lib) newNamedTuple(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var names, defaults, module starlark.Value = nil, starlark.None, starlark.None
	rename := false
	err := bind("namedtuple", args, kwargs, "typename", &name, "field_names", &names, "*", "rename?", &rename, "defaults?", &defaults, "module?", &module)
	if err != nil {
		return nil, err
	}
	t := &namedTupleType{lib: l, name: name, module: l.callerModule(thread)}
	if m, ok := starlark.AsString(module); ok {
		t.module = m
	}
	if s, ok := starlark.AsString(names); ok {
		t.fields = strings.Fields(strings.ReplaceAll(s, ",", " "))
	} else {
		all, err := l.drain(thread, names)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			s, err := l.str(v)
			if err != nil {
				return nil, err
			}
			t.fields = append(t.fields, s)
		}
	}
	if err := t.checkNames(rename); err != nil {
		return nil, err
	}
	if defaults != starlark.None {
		if t.defaults, err = l.drain(thread, defaults); err != nil {
			return nil, err
		}
		if len(t.defaults) > len(t.fields) {
			return nil, wire.Errorf("TypeError", "Got more default values than field names")
		}
	}
	return t, nil
}

func (t *namedTupleType) checkNames(rename bool) error {
	isKeyword := func(s string) bool { return strings.Contains(keywords, " "+s+" ") }
	if rename {
		for i, f := range t.fields {
			if !sre.Identifier(f) || isKeyword(f) || f[0] == '_' || slices.Contains(t.fields[:i], f) {
				t.fields[i] = fmt.Sprintf("_%d", i)
			}
		}
	}
	for _, name := range append([]string{t.name}, t.fields...) {
		if !sre.Identifier(name) {
			return wire.Errorf("ValueError", "Type names and field names must be valid identifiers: %s", pyQuote(name))
		}
		if isKeyword(name) {
			return wire.Errorf("ValueError", "Type names and field names cannot be a keyword: %s", pyQuote(name))
		}
	}
	for i, f := range t.fields {
		if f[0] == '_' && !rename {
			return wire.Errorf("ValueError", "Field names cannot start with an underscore: %s", pyQuote(f))
		}
		if slices.Contains(t.fields[:i], f) {
			return wire.Errorf("ValueError", "Encountered duplicate field name: %s", pyQuote(f))
		}
	}
	return nil
}

func (t *namedTupleType) String() string        { return "<class '" + t.module + "." + t.name + "'>" }
func (t *namedTupleType) Name() string          { return t.name }
func (t *namedTupleType) Type() string          { return "type" }
func (t *namedTupleType) Truth() starlark.Bool  { return true }
func (t *namedTupleType) Hash() (uint32, error) { return pointerHash(t), nil }
func (t *namedTupleType) Freeze() {
	for _, v := range t.defaults {
		v.Freeze()
	}
}

// CallInternal makes a tuple.
func (t *namedTupleType) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x := &namedTuple{t, make(starlark.Tuple, len(t.fields))}
	params := make([]any, 0, 2*len(t.fields))
	for i, f := range t.fields {
		if k := i - (len(t.fields) - len(t.defaults)); k >= 0 {
			x.Tuple[i] = t.defaults[k]
			f += "?"
		}
		params = append(params, f, &x.Tuple[i])
	}
	if len(args) > len(t.fields) { // Python counts its cls
		all := make([]param, len(t.fields)+1)
		for i := range all {
			all[i].optional = i > len(t.fields)-len(t.defaults)
		}
		return nil, tooMany(t.name+".__new__", all, len(args)+1)
	}
	return x, bind(t.name+".__new__", args, kwargs, params...)
}

// Attr implements starlark.HasAttrs.
func (t *namedTupleType) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(t.name), nil
	case "__module__":
		return starlark.String(t.module), nil
	case "_fields":
		return t.fieldNames(), nil
	case "_field_defaults":
		d := new(starlark.Dict)
		for i, v := range t.defaults {
			_ = d.SetKey(starlark.String(t.fields[len(t.fields)-len(t.defaults)+i]), v)
		}
		return d, nil
	case "_make":
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var items starlark.Value
			if err := bind(name, args, kwargs, "iterable", &items); err != nil {
				return nil, err
			}
			vs, err := t.lib.drain(thread, items)
			if err != nil {
				return nil, err
			}
			if len(vs) != len(t.fields) {
				return nil, wire.Errorf("TypeError", "Expected %d arguments, got %d", len(t.fields), len(vs))
			}
			return &namedTuple{t, vs}, nil
		}).BindReceiver(t), nil
	}
	return nil, wire.Errorf("AttributeError", "type object '%s' has no attribute '%s'", t.name, name)
}

// AttrNames implements starlark.HasAttrs.
func (t *namedTupleType) AttrNames() []string { return []string{"_field_defaults", "_fields", "_make"} }

func (t *namedTupleType) fieldNames() starlark.Tuple {
	names := make(starlark.Tuple, len(t.fields))
	for i, f := range t.fields {
		names[i] = starlark.String(f)
	}
	return names
}

// namedTuple is an object of such a class.
type namedTuple struct {
	typ *namedTupleType
	starlark.Tuple
}

var (
	_ starlark.Sliceable  = (*namedTuple)(nil)
	_ starlark.Container  = (*namedTuple)(nil)
	_ starlark.HasAttrs   = (*namedTuple)(nil)
	_ starlark.HasBinary  = (*namedTuple)(nil)
	_ starlark.Comparable = (*namedTuple)(nil)
)

func (x *namedTuple) Type() string      { return x.typ.name }
func (x *namedTuple) isA(t string) bool { return t == "tuple" }
func (x *namedTuple) String() string {
	var b strings.Builder
	for i, f := range x.typ.fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f + "=" + x.Tuple[i].String())
	}
	return x.typ.name + "(" + b.String() + ")"
}

// Has is v in x.
func (x *namedTuple) Has(v starlark.Value) (bool, error) {
	for _, e := range x.Tuple {
		if same, err := starlark.Equal(e, v); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// CompareSameType compares as tuples do, whatever the names.
func (x *namedTuple) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	o, ok := y.(*namedTuple)
	if !ok {
		return otherType(op, x, y)
	}
	return starlark.CompareDepth(op, x.Tuple, o.Tuple, depth)
}

// Binary is x + tuple and x * n, which are plain tuples.
func (x *namedTuple) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if o, ok := y.(*namedTuple); ok {
		y = o.Tuple
	}
	if op != syntax.PLUS && op != syntax.STAR {
		return nil, nil
	}
	if side == starlark.Right {
		return starlark.Binary(op, y, x.Tuple)
	}
	return starlark.Binary(op, x.Tuple, y)
}

// Attr returns a field or a method.
func (x *namedTuple) Attr(name string) (starlark.Value, error) {
	if i := slices.Index(x.typ.fields, name); i >= 0 {
		return x.Tuple[i], nil
	}
	switch name {
	case "_asdict":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			d := new(starlark.Dict)
			for i, f := range x.typ.fields {
				_ = d.SetKey(starlark.String(f), x.Tuple[i])
			}
			return d, argCount(name, args, kwargs, 0, 0)
		}).BindReceiver(x), nil
	case "_replace":
		return starlark.NewBuiltin(name, x.replace).BindReceiver(x), nil
	case "count", "index":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			n := 0
			for i, e := range x.Tuple {
				same, err := starlark.Equal(e, args[0])
				if err == nil && x.typ.lib != nil { // without one it has numbers alone
					err = x.typ.lib.check()
				}
				if err != nil {
					return nil, err
				}
				if same && name == "index" {
					return starlark.MakeInt(i), nil
				} else if same {
					n++
				}
			}
			if name == "index" {
				return nil, wire.Errorf("ValueError", "tuple.index(x): x not in tuple")
			}
			return starlark.MakeInt(n), nil
		}).BindReceiver(x), nil
	}
	v, err := x.typ.Attr(name)
	if err != nil || name == "__name__" {
		return nil, nil
	}
	return v, nil
}

func (x *namedTuple) replace(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, wire.Errorf("TypeError", "_replace() takes 1 positional argument but %d were given", len(args)+1)
	}
	y := &namedTuple{x.typ, slices.Clone(x.Tuple)}
	var unknown []starlark.Value
	for _, kv := range kwargs {
		if i := slices.Index(x.typ.fields, string(kv[0].(starlark.String))); i >= 0 {
			y.Tuple[i] = kv[1]
		} else {
			unknown = append(unknown, kv[0])
		}
	}
	if len(unknown) > 0 {
		names := make([]string, len(unknown))
		for i, v := range unknown {
			names[i] = quoted(v)
		}
		return nil, wire.Errorf("TypeError", "Got unexpected field names: [%s]", strings.Join(names, ", "))
	}
	return y, nil
}

// AttrNames implements starlark.HasAttrs.
func (x *namedTuple) AttrNames() []string {
	return append([]string{"_asdict", "_field_defaults", "_fields", "_make", "_replace", "count", "index"}, x.typ.fields...)
}

// HasInstance implements ClassLike.
func (t *namedTupleType) HasInstance(v starlark.Value) bool {
	x, ok := v.(*namedTuple)
	return ok && x.typ == t
}

// DerivesFrom implements ClassLike.
func (t *namedTupleType) DerivesFrom(class starlark.Value) bool {
	return starlark.Value(t) == class || class == starlark.Universe["tuple"]
}
