package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// dictKind is the name of a class of collections that derives from dict.
type dictKind string

const (
	kindCounter dictKind = "Counter"
	kindDefault dictKind = "defaultdict"
	kindOrdered dictKind = "OrderedDict"
)

// pyDict is an object of one of these classes: a dict with more methods, and for some an answer to a missing key.
type pyDict struct {
	*starlark.Dict
	lib     *Lib
	kind    dictKind
	factory starlark.Value // default_factory of a defaultdict
}

var (
	_ starlark.IterableMapping = (*pyDict)(nil)
	_ starlark.Container       = (*pyDict)(nil)
	_ starlark.HasSetField     = (*pyDict)(nil)
	_ starlark.HasBinary       = (*pyDict)(nil)
	_ starlark.HasUnary        = (*pyDict)(nil)
	_ starlark.Comparable      = (*pyDict)(nil)
)

func (d *pyDict) Type() string          { return string(d.kind) }
func (d *pyDict) Hash() (uint32, error) { return 0, unhashable(d) }
func (d *pyDict) isA(t string) bool     { return t == "dict" }

func (d *pyDict) String() string {
	text := d.Dict.String()
	switch d.kind {
	case kindDefault:
		factory := d.factory.String()
		if d.lib.typeOf(d.factory) != "" {
			factory = "<class '" + d.factory.(*starlark.Builtin).Name() + "'>"
		}
		return "defaultdict(" + factory + ", " + text + ")"
	case kindCounter:
		if common, err := d.mostCommon(); err == nil {
			sorted := new(starlark.Dict)
			for _, kv := range common {
				_ = sorted.SetKey(kv[0], kv[1]) // they are keys already
			}
			text = sorted.String()
		}
	}
	if d.Len() == 0 {
		text = ""
	}
	return string(d.kind) + "(" + text + ")"
}

// noKey is KeyError(key).
type noKey struct{ key starlark.Value }

func (e *noKey) Error() string                 { return e.key.String() }
func (e *noKey) ExceptionClass() string        { return "KeyError" }
func (e *noKey) ExceptionArgs() starlark.Tuple { return starlark.Tuple{e.key} }

// Get is d[key]. A Counter has 0 of what it has not; a defaultdict makes it.
func (d *pyDict) Get(key starlark.Value) (starlark.Value, bool, error) {
	v, found, err := d.Dict.Get(key)
	switch {
	case err != nil || found:
		return v, found, err
	case d.kind == kindCounter:
		return starlark.MakeInt(0), true, nil
	case d.kind != kindDefault || d.factory == starlark.None:
		return nil, false, &noKey{key}
	}
	switch d.factory { // which Starlark's own don't make without an argument
	case starlark.Universe["int"]:
		v = starlark.MakeInt(0)
	case starlark.Universe["float"]:
		v = starlark.Float(0)
	default:
		v, err = d.lib.callNow(d.factory)
	}
	if err == nil {
		err = d.SetKey(key, v)
	}
	return v, err == nil, err
}

// Has is key in d.
func (d *pyDict) Has(key starlark.Value) (bool, error) {
	_, found, err := d.Dict.Get(key)
	return found, err
}

// clone is a new object of the same class.
func (d *pyDict) clone() *pyDict {
	c := &pyDict{Dict: starlark.NewDict(d.Len()), lib: d.lib, kind: d.kind, factory: d.factory}
	for k, v := range d.Entries() {
		_ = c.SetKey(k, v) // keys of a dict
	}
	return c
}

var dictTables struct{ counter, defaults, ordered methodTable }

func dictMethods(kind dictKind) *methodTable {
	switch kind {
	case kindCounter:
		return dictTables.counter.fill(counterFunctions)
	case kindDefault:
		return dictTables.defaults.fill(dictFunctions)
	}
	return dictTables.ordered.fill(orderedFunctions)
}

// dictFunctions are methods that Python's dict has and Starlark's has not, or that would answer for the dict inside.
func dictFunctions() map[string]goFunc {
	return map[string]goFunc{
		"copy": method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return d.clone(), bind("copy", args, kwargs)
		}),
		"__getitem__": method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key starlark.Value
			if err := bind("__getitem__", args, kwargs, "key", &key); err != nil {
				return nil, err
			}
			v, _, err := d.Get(key)
			return v, err
		}),
		"__setitem__": method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key, v starlark.Value
			if err := bind("__setitem__", args, kwargs, "key", &key, "value", &v); err != nil {
				return nil, err
			}
			return starlark.None, d.SetKey(key, v)
		}),
		"__delitem__": method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key starlark.Value
			if err := bind("__delitem__", args, kwargs, "key", &key); err != nil {
				return nil, err
			}
			_, found, err := d.Delete(key)
			if err == nil && !found && d.kind != kindCounter {
				err = &noKey{key}
			}
			return starlark.None, err
		}),
		"__contains__": method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key starlark.Value
			if err := bind("__contains__", args, kwargs, "key", &key); err != nil {
				return nil, err
			}
			found, err := d.Has(key)
			return starlark.Bool(found), err
		}),
	}
}

func orderedFunctions() map[string]goFunc {
	m := dictFunctions()
	m["move_to_end"] = method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var key starlark.Value
		last := true
		if err := bind("move_to_end", args, kwargs, "key", &key, "last?", &last); err != nil {
			return nil, err
		}
		v, found, err := d.Delete(key)
		if err == nil && !found {
			err = &noKey{key}
		}
		if err != nil {
			return nil, err
		}
		rest := d.Items()
		if !last {
			if err := d.Clear(); err != nil {
				return nil, err
			}
		}
		if err := d.SetKey(key, v); err != nil || last {
			return starlark.None, err
		}
		for _, kv := range rest {
			_ = d.SetKey(kv[0], kv[1])
		}
		return starlark.None, nil
	})
	m["popitem"] = method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		last := true
		if err := bind("popitem", args, kwargs, "last?", &last); err != nil {
			return nil, err
		}
		if d.Len() == 0 {
			return nil, &noKey{starlark.String("dictionary is empty")}
		}
		keys := d.Keys()
		key := keys[0]
		if last {
			key = keys[len(keys)-1]
		}
		v, _, err := d.Delete(key)
		return starlark.Tuple{key, v}, err
	})
	return m
}

// Attr has the class's own methods and those of a dict.
func (d *pyDict) Attr(name string) (starlark.Value, error) {
	if name == "default_factory" && d.kind == kindDefault {
		return d.factory, nil
	}
	if v := dictMethods(d.kind).bound(d, name); v != nil {
		return v, nil
	}
	return d.Dict.Attr(name)
}

// AttrNames lists them.
func (d *pyDict) AttrNames() []string {
	names := append(d.Dict.AttrNames(), dictMethods(d.kind).names()...)
	if d.kind == kindDefault {
		names = append(names, "default_factory")
	}
	return names
}

// SetField sets default_factory.
func (d *pyDict) SetField(name string, v starlark.Value) error {
	if name != "default_factory" || d.kind != kindDefault {
		return noAttr(d, name)
	}
	if v != starlark.None && !isCallable(v) {
		return wire.Errorf("TypeError", "first argument must be callable or None")
	}
	d.factory = v
	return nil
}

// CompareSameType compares contents; two OrderedDicts in their order too, a Counter with 0 for what it has not.
func (d *pyDict) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	e, ok := y.(*pyDict)
	if !ok {
		return otherType(op, d, y)
	}
	if d.kind == kindCounter && e.kind == kindCounter {
		return d.compareCounts(op, e, depth)
	}
	if op != syntax.EQL && op != syntax.NEQ {
		return false, noOrder(op.String(), d, y)
	}
	same, err := starlark.EqualDepth(d.Dict, e.Dict, depth)
	if same && err == nil && d.kind == kindOrdered && e.kind == kindOrdered {
		same, err = starlark.EqualDepth(starlark.NewList(d.Keys()), starlark.NewList(e.Keys()), depth)
	}
	return same == (op == syntax.EQL), err
}

// Binary is d | mapping, and the arithmetic of Counters.
func (d *pyDict) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if e, ok := y.(*pyDict); ok && d.kind == kindCounter && e.kind == kindCounter {
		return d.combine(op, e)
	}
	m, ok := y.(starlark.IterableMapping)
	if op != syntax.PIPE || !ok || d.kind == kindCounter {
		return nil, nil
	}
	c := d.clone()
	left, right := m.Items(), d.Items()
	if side == starlark.Left {
		left, right = right, left
	}
	c.Dict = starlark.NewDict(len(left) + len(right))
	for _, kv := range append(left, right...) {
		if err := c.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// update adds what dict(arg, **kwargs) would have.
func (l *Lib) dictUpdate(thread *starlark.Thread, d *starlark.Dict, fn string, arg starlark.Value, kwargs []starlark.Tuple) error {
	pair := func(kv starlark.Value, i int) error {
		p, err := l.drain(thread, kv)
		if err != nil {
			return wire.Errorf("TypeError", "cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(p) != 2 {
			return wire.Errorf("ValueError", "dictionary update sequence element #%d has length %d; 2 is required", i, len(p))
		}
		return d.SetKey(p[0], p[1])
	}
	switch arg := arg.(type) {
	case nil, starlark.NoneType:
	case starlark.IterableMapping:
		for _, kv := range arg.Items() {
			if err := d.SetKey(kv[0], kv[1]); err != nil {
				return err
			}
		}
	default:
		all, err := l.drain(thread, arg)
		if err != nil {
			return err
		}
		for i, kv := range all {
			if err := pair(kv, i); err != nil {
				return err
			}
		}
	}
	for _, kv := range kwargs {
		if err := d.SetKey(kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

// newDefaultDict is defaultdict(default_factory=None, /, [...]).
func (l *Lib) newDefaultDict(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &pyDict{Dict: new(starlark.Dict), lib: l, kind: kindDefault, factory: starlark.None}
	if len(args) > 0 {
		if d.factory = args[0]; d.factory != starlark.None && !isCallable(d.factory) {
			return nil, wire.Errorf("TypeError", "first argument must be callable or None")
		}
		args = args[1:]
	}
	return d, l.dictArgs(thread, d, args, kwargs)
}

func (l *Lib) newOrderedDict(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &pyDict{Dict: new(starlark.Dict), lib: l, kind: kindOrdered}
	return d, l.dictArgs(thread, d, args, kwargs)
}

func (l *Lib) dictArgs(thread *starlark.Thread, d *pyDict, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args) > 1 {
		return wire.Errorf("TypeError", "%s expected at most 1 argument, got %d", strings.ToLower(string(d.kind)), len(args))
	}
	var arg starlark.Value
	if len(args) == 1 {
		arg = args[0]
	}
	return l.dictUpdate(thread, d.Dict, string(d.kind), arg, kwargs)
}

// dictFromKeys is the class method fromkeys(iterable, value=None).
func (l *Lib) dictFromKeys(kind dictKind) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if kind == kindCounter {
			return nil, wire.Errorf("NotImplementedError", "Counter.fromkeys() is undefined.  Use Counter(iterable) instead.")
		}
		var keys, v starlark.Value = nil, starlark.None
		if err := bind("fromkeys", args, kwargs, "iterable", &keys, "value?", &v); err != nil {
			return nil, err
		}
		all, err := l.drain(thread, keys)
		if err != nil {
			return nil, err
		}
		d := &pyDict{Dict: new(starlark.Dict), lib: l, kind: kind}
		for _, k := range all {
			if err := d.SetKey(k, v); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
}
