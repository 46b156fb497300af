package stdlib

import (
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// newCounter is Counter(iterable=None, /, **counts). https://docs.python.org/3/library/collections.html#collections.Counter
func (l *Lib) newCounter(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := &pyDict{Dict: new(starlark.Dict), lib: l, kind: kindCounter}
	return d, d.count(thread, "Counter.__init__", syntax.PLUS, args, kwargs)
}

// count adds or subtracts what the arguments count.
func (d *pyDict) count(thread *starlark.Thread, fn string, op syntax.Token, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args) > 1 {
		return wire.Errorf("TypeError", "%s() takes from 1 to 2 positional arguments but %d were given", fn, len(args)+1)
	}
	add := func(k, n starlark.Value) error {
		old, found, err := d.Dict.Get(k)
		if err != nil {
			return err
		}
		if !found {
			old = starlark.MakeInt(0)
		}
		sum, err := starlark.Binary(op, old, n)
		if err != nil {
			return err
		}
		return d.SetKey(k, sum)
	}
	if len(args) == 1 {
		switch arg := args[0].(type) {
		case starlark.NoneType:
		case starlark.IterableMapping:
			for _, kv := range arg.Items() {
				if err := add(kv[0], kv[1]); err != nil {
					return err
				}
			}
		default:
			one := starlark.MakeInt(1)
			if err := d.lib.forEach(thread, arg, func(k starlark.Value) error { return add(k, one) }); err != nil {
				return err
			}
		}
	}
	for _, kv := range kwargs {
		if err := add(kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

func counterFunctions() map[string]goFunc {
	m := dictFunctions()
	m["elements"] = method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := bind("elements", args, kwargs); err != nil {
			return nil, err
		}
		return &Iterator{lib: d.lib, cur: &elementsCursor{items: d.Items()}}, nil
	})
	m["most_common"] = method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var n starlark.Value = starlark.None
		if err := bind("most_common", args, kwargs, "n?", &n); err != nil {
			return nil, err
		}
		all, err := d.mostCommon()
		if err != nil {
			return nil, err
		}
		if n != starlark.None {
			k, err := toIndex(n)
			if err != nil {
				return nil, err
			}
			all = all[:max(0, min(k, len(all)))]
		}
		list := make([]starlark.Value, len(all))
		for i, kv := range all {
			list[i] = kv
		}
		return starlark.NewList(list), nil
	})
	m["total"] = method(func(d *pyDict, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var total starlark.Value = starlark.MakeInt(0)
		for _, v := range d.Entries() {
			var err error
			if total, err = starlark.Binary(syntax.PLUS, total, v); err != nil {
				return nil, err
			}
		}
		return total, bind("total", args, kwargs)
	})
	m["update"] = method(func(d *pyDict, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, d.count(thread, "Counter.update", syntax.PLUS, args, kwargs)
	})
	m["subtract"] = method(func(d *pyDict, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, d.count(thread, "Counter.subtract", syntax.MINUS, args, kwargs)
	})
	return m
}

// elementsCursor repeats each element as often as it was counted.
type elementsCursor struct {
	items []starlark.Tuple
	n     int
}

func (c *elementsCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	for len(c.items) > 0 {
		limit, err := toIndex(c.items[0][1])
		if err != nil {
			return nil, false, err
		}
		if c.n < limit {
			c.n++
			return c.items[0][0], true, nil
		}
		c.items, c.n = c.items[1:], 0
	}
	return nil, false, nil
}

func (c *elementsCursor) close() {}

// mostCommon returns the items by falling counts, equal ones in their order.
func (d *pyDict) mostCommon() ([]starlark.Tuple, error) {
	items := d.Items()
	var err error
	slices.SortStableFunc(items, func(a, b starlark.Tuple) int {
		more, err1 := starlark.Compare(syntax.GT, a[1], b[1])
		less, err2 := starlark.Compare(syntax.LT, a[1], b[1])
		for _, e := range []error{err1, err2} {
			if e != nil && err == nil {
				err = e
			}
		}
		switch {
		case more:
			return -1
		case less:
			return 1
		}
		return 0
	})
	return items, err
}

// compareCounts compares each count, 0 where one has none.
func (d *pyDict) compareCounts(op syntax.Token, e *pyDict, depth int) (bool, error) {
	each := op
	switch op {
	case syntax.NEQ:
		each = syntax.EQL
	case syntax.LT:
		each = syntax.LE
	case syntax.GT:
		each = syntax.GE
	}
	all, equal := true, true
	for _, keys := range [][]starlark.Value{d.Keys(), e.Keys()} {
		for _, k := range keys {
			a, _, err := d.Get(k)
			if err != nil {
				return false, err
			}
			b, _, err := e.Get(k)
			if err != nil {
				return false, err
			}
			ok, err := starlark.CompareDepth(each, a, b, depth)
			if err != nil {
				return false, err
			}
			same, err := starlark.EqualDepth(a, b, depth)
			if err != nil {
				return false, err
			}
			all, equal = all && ok, equal && same
		}
	}
	switch op {
	case syntax.NEQ:
		return !equal, nil
	case syntax.LT, syntax.GT:
		return all && !equal, nil
	}
	return all, nil
}

// combine is c + d, c - d, c | d and c & d: only positive counts remain.
func (d *pyDict) combine(op syntax.Token, e *pyDict) (starlark.Value, error) {
	pick := func(a, b starlark.Value) (starlark.Value, error) { return starlark.Binary(op, a, b) }
	switch op {
	case syntax.PLUS, syntax.MINUS:
	case syntax.PIPE, syntax.AMP:
		want := syntax.GE
		if op == syntax.AMP {
			want = syntax.LE
		}
		pick = func(a, b starlark.Value) (starlark.Value, error) {
			first, err := starlark.Compare(want, a, b)
			if first {
				return a, err
			}
			return b, err
		}
	default:
		return nil, nil
	}
	result := &pyDict{Dict: new(starlark.Dict), lib: d.lib, kind: kindCounter}
	for i, c := range []*pyDict{d, e} {
		for _, k := range c.Keys() {
			if _, done, _ := d.Dict.Get(k); i == 1 && done {
				continue
			}
			a, _, _ := d.Get(k) // a key of one of them
			b, _, _ := e.Get(k)
			n, err := pick(a, b)
			if err != nil {
				return nil, err
			}
			if err := result.keepPositive(k, n); err != nil {
				return nil, err
			}
		}
	}
	return result, nil
}

func (d *pyDict) keepPositive(k, n starlark.Value) error {
	positive, err := starlark.Compare(syntax.GT, n, starlark.MakeInt(0))
	if err != nil || !positive {
		return err
	}
	return d.SetKey(k, n)
}

// Unary is +c and -c: the positive counts, and the negative ones made positive.
func (d *pyDict) Unary(op syntax.Token) (starlark.Value, error) {
	if d.kind != kindCounter || op != syntax.PLUS && op != syntax.MINUS {
		return nil, nil
	}
	result := &pyDict{Dict: new(starlark.Dict), lib: d.lib, kind: kindCounter}
	for k, n := range d.Entries() {
		n, err := starlark.Unary(op, n)
		if err != nil {
			return nil, err
		}
		if err := result.keepPositive(k, n); err != nil {
			return nil, err
		}
	}
	return result, nil
}
