package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// itertoolsModule makes the members of the module itertools. Each function returns an iterator that takes from its
// arguments no more than it must. https://docs.python.org/3/library/itertools.html
func (l *Lib) itertoolsModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"accumulate": l.itAccumulate, "batched": l.itBatched, "combinations": l.itCombinations,
		"combinations_with_replacement": l.itCombinationsReplaced, "compress": l.itCompress, "count": l.itCount, "cycle": l.itCycle,
		"dropwhile": l.itWhile("dropwhile"), "filterfalse": l.itWhile("filterfalse"), "groupby": l.itGroupby, "islice": l.itIslice,
		"pairwise": l.itPairwise, "permutations": l.itPermutations, "product": l.itProduct, "repeat": l.itRepeat,
		"starmap": l.itStarmap, "takewhile": l.itWhile("takewhile"), "tee": l.itTee, "zip_longest": l.itZipLongest,
	})
	members["chain"] = &nativeType{module: "itertools", name: "chain", make: l.itChain, is: func(starlark.Value) bool { return false },
		attrs: starlark.StringDict{"from_iterable": starlark.NewBuiltin("from_iterable", l.itFromIterable)}}
	return members
}

// funcCursor is a cursor that is one function.
type funcCursor struct {
	lib   *Lib
	steps int
	f     func(thread *starlark.Thread) (v starlark.Value, ok bool, err error)
	done  bool
}

func (c *funcCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	if c.done {
		return nil, false, nil
	}
	// Who goes through an endless iterator in Go code, as sum does, must let Ctrl-C and other threads in.
	if c.steps++; c.steps&0x3fff == 0 && thread != nil {
		if err := c.lib.cfg.Sleep(thread, 0); err != nil {
			return nil, false, err
		}
	}
	v, ok, err := c.f(thread)
	c.done = !ok || err != nil
	return v, ok, err
}

func (c *funcCursor) close() {}

// generate makes an iterator of a function.
func (l *Lib) generate(f func(thread *starlark.Thread) (v starlark.Value, ok bool, err error)) *Iterator {
	return &Iterator{lib: l, cur: &funcCursor{lib: l, f: f}}
}

// cursors returns a cursor for each argument.
func (l *Lib) cursors(thread *starlark.Thread, args []starlark.Value) ([]cursor, error) {
	cs := make([]cursor, len(args))
	for i, arg := range args {
		var err error
		if cs[i], err = l.cursor(thread, arg); err != nil {
			return nil, err
		}
	}
	return cs, nil
}

func (l *Lib) itChain(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return l.chain(&indexCursor{x: args}), noKeywords("chain", kwargs)
}

func (l *Lib) itFromIterable(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("from_iterable", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, args[0])
	if err != nil {
		return nil, err
	}
	return l.chain(c), nil
}

func (l *Lib) chain(outer cursor) *Iterator {
	var inner cursor
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		for {
			if inner != nil {
				if v, ok, err := inner.next(thread); ok || err != nil {
					return v, ok, err
				}
				inner.close()
				inner = nil
			}
			v, ok, err := outer.next(thread)
			if err != nil || !ok {
				return nil, false, err
			}
			if inner, err = l.cursor(thread, v); err != nil {
				return nil, false, err
			}
		}
	})
}

func (l *Lib) itCount(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var start, step starlark.Value = starlark.MakeInt(0), starlark.MakeInt(1)
	if err := bind("count", args, kwargs, "start?", &start, "step?", &step); err != nil {
		return nil, err
	}
	for _, v := range []starlark.Value{start, step} {
		if _, ok := number(v); !ok {
			return nil, wire.Errorf("TypeError", "a number is required")
		}
	}
	return l.generate(func(*starlark.Thread) (starlark.Value, bool, error) {
		v := start
		next, err := operate(syntax.PLUS, "+", start, step)
		start = next
		return v, true, err
	}), nil
}

func (l *Lib) itCycle(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("cycle", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, args[0])
	if err != nil {
		return nil, err
	}
	var saved []starlark.Value
	i, first := 0, true
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		if first {
			v, ok, err := c.next(thread)
			if ok || err != nil {
				saved = append(saved, v)
				return v, ok, err
			}
			first = false
		}
		if len(saved) == 0 {
			return nil, false, nil
		}
		v := saved[i]
		i = (i + 1) % len(saved)
		return v, true, nil
	}), nil
}

func (l *Lib) itRepeat(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v, times starlark.Value
	if err := bind("repeat", args, kwargs, "object", &v, "times?", &times); err != nil {
		return nil, err
	}
	n := -1
	if times != nil {
		k, err := toIndex(times)
		if err != nil {
			return nil, err
		}
		n = max(k, 0)
	}
	return l.generate(func(*starlark.Thread) (starlark.Value, bool, error) {
		if n == 0 {
			return nil, false, nil
		}
		if n > 0 {
			n--
		}
		return v, true, nil
	}), nil
}

// itIslice is islice(iterable, stop) and islice(iterable, start, stop[, step]).
func (l *Lib) itIslice(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("islice", args, kwargs, 2, 4); err != nil {
		return nil, err
	}
	bounds := [3]int{0, -1, 1} // start, stop, step
	at := 0
	if len(args) == 2 {
		at = 1
	}
	for _, arg := range args[1:] {
		if arg != starlark.None {
			n, err := toIndex(arg)
			if err != nil || n < 0 || at == 2 && n == 0 {
				switch {
				case at == 2:
					return nil, wire.Errorf("ValueError", "Step for islice() must be a positive integer or None.")
				case len(args) == 2:
					return nil, wire.Errorf("ValueError", "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
				}
				return nil, wire.Errorf("ValueError", "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
			}
			bounds[at] = n
		}
		at++
	}
	c, err := l.cursor(thread, args[0])
	if err != nil {
		return nil, err
	}
	next, stop, step := bounds[0], bounds[1], bounds[2]
	i := 0
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		for ; stop < 0 || i < stop; i++ {
			v, ok, err := c.next(thread)
			if err != nil || !ok {
				return nil, false, err
			}
			if i == next {
				i++
				next += step
				return v, true, nil
			}
		}
		return nil, false, nil
	}), nil
}

func (l *Lib) itWhile(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, 2, 2); err != nil {
			return nil, err
		}
		c, err := l.cursor(thread, args[1])
		if err != nil {
			return nil, err
		}
		dropping := name == "dropwhile"
		return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
			for {
				v, ok, err := c.next(thread)
				if err != nil || !ok || name == "dropwhile" && !dropping {
					return v, ok, err
				}
				yes := v
				if args[0] != starlark.None || name != "filterfalse" {
					if yes, err = l.callFunction(thread, args[0], starlark.Tuple{v}); err != nil {
						return nil, false, err
					}
				}
				truth := bool(yes.Truth())
				if err := l.check(); err != nil {
					return nil, false, err
				}
				switch {
				case name == "takewhile":
					return v, truth, nil
				case !truth:
					dropping = false
					return v, true, nil
				}
			}
		}), nil
	}
}

func (l *Lib) itStarmap(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("starmap", args, kwargs, 2, 2); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, args[1])
	if err != nil {
		return nil, err
	}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		v, ok, err := c.next(thread)
		if err != nil || !ok {
			return nil, false, err
		}
		row, err := l.drain(thread, v)
		if err != nil {
			return nil, false, err
		}
		v, err = l.callFunction(thread, args[0], row)
		return v, true, err
	}), nil
}

func (l *Lib) itCompress(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, selectors starlark.Value
	if err := bind("compress", args, kwargs, "data", &data, "selectors", &selectors); err != nil {
		return nil, err
	}
	cs, err := l.cursors(thread, []starlark.Value{data, selectors})
	if err != nil {
		return nil, err
	}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		for {
			v, ok, err := cs[0].next(thread)
			if err != nil || !ok {
				return nil, false, err
			}
			s, ok, err := cs[1].next(thread)
			if err != nil || !ok {
				return nil, false, err
			}
			if s.Truth() {
				return v, true, l.check()
			}
		}
	}), nil
}

// itAccumulate is accumulate(iterable, func=operator.add, *, initial=None).
func (l *Lib) itAccumulate(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var items, fn, total starlark.Value = nil, starlark.None, starlark.None
	if err := bind("accumulate", args, kwargs, "iterable", &items, "func?", &fn, "*", "initial?", &total); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, items)
	if err != nil {
		return nil, err
	}
	if total == starlark.None {
		total = nil
	}
	pending := total != nil
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		if pending {
			pending = false
			return total, true, nil
		}
		v, ok, err := c.next(thread)
		switch {
		case err != nil || !ok:
			return nil, false, err
		case total == nil:
			total = v
		case fn == starlark.None:
			total, err = operate(syntax.PLUS, "+", total, v)
		default:
			total, err = l.callFunction(thread, fn, starlark.Tuple{total, v})
		}
		return total, true, err
	}), nil
}

func (l *Lib) itPairwise(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("pairwise", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, args[0])
	if err != nil {
		return nil, err
	}
	var last starlark.Value
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		if last == nil {
			v, ok, err := c.next(thread)
			if err != nil || !ok {
				return nil, false, err
			}
			last = v
		}
		v, ok, err := c.next(thread)
		if err != nil || !ok {
			return nil, false, err
		}
		pair := starlark.Tuple{last, v}
		last = v
		return pair, true, nil
	}), nil
}

// itBatched is batched(iterable, n, *, strict=False).
func (l *Lib) itBatched(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var items starlark.Value
	n, strict := 0, false
	if err := bind("batched", args, kwargs, "iterable", &items, "n", &n, "*", "strict?", &strict); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, wire.Errorf("ValueError", "n must be at least one")
	}
	c, err := l.cursor(thread, items)
	if err != nil {
		return nil, err
	}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		var batch starlark.Tuple
		for len(batch) < n {
			v, ok, err := c.next(thread)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				break
			}
			batch = append(batch, v)
		}
		if strict && len(batch) > 0 && len(batch) < n {
			return nil, false, wire.Errorf("ValueError", "batched(): incomplete batch")
		}
		return batch, len(batch) > 0, nil
	}), nil
}

// itZipLongest is zip_longest(*iterables, fillvalue=None).
func (l *Lib) itZipLongest(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fill starlark.Value = starlark.None
	if err := bind("zip_longest", nil, kwargs, "*", "fillvalue?", &fill); err != nil {
		return nil, err
	}
	cs, err := l.cursors(thread, args)
	if err != nil {
		return nil, err
	}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		row := make(starlark.Tuple, len(cs))
		some := false
		for i, c := range cs {
			row[i] = fill
			if c == nil {
				continue
			}
			v, ok, err := c.next(thread)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				cs[i] = nil
				continue
			}
			row[i], some = v, true
		}
		return row, some, nil
	}), nil
}

// itTee is tee(iterable, n=2): n iterators over what comes from one.
func (l *Lib) itTee(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var items starlark.Value
	n := 2
	if err := bind("tee", args, kwargs, "iterable", &items, "n?", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, wire.Errorf("ValueError", "n must be >= 0")
	}
	c, err := l.cursor(thread, items)
	if err != nil {
		return nil, err
	}
	// Each iterator holds the link that it comes to next; what all have passed is collected.
	type link struct {
		v    starlark.Value
		next *link
	}
	first := new(link)
	its := make(starlark.Tuple, n)
	for i := range its {
		at := first
		its[i] = l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
			if at.next == nil {
				v, ok, err := c.next(thread)
				if err != nil || !ok {
					return nil, false, err
				}
				at.v, at.next = v, new(link)
			}
			v := at.v
			at = at.next
			return v, true, nil
		})
	}
	return its, nil
}

// itGroupby is groupby(iterable, key=None). As in Python the groups share the iterable: moving on ends the last one.
func (l *Lib) itGroupby(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var items, fn starlark.Value = nil, starlark.None
	if err := bind("groupby", args, kwargs, "iterable", &items, "key?", &fn); err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, items)
	if err != nil {
		return nil, err
	}
	var v, key, current starlark.Value // the value at hand and its key; the key of the group that runs
	number := 0
	advance := func(thread *starlark.Thread) (bool, error) {
		var ok bool
		var err error
		if v, ok, err = c.next(thread); err != nil || !ok {
			v = nil
			return false, err
		}
		key = v
		if fn != starlark.None {
			key, err = l.callFunction(thread, fn, starlark.Tuple{v})
		}
		return err == nil, err
	}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		for {
			if v == nil {
				if ok, err := advance(thread); !ok {
					return nil, false, err
				}
			}
			if current == nil {
				break
			}
			same, err := l.equal(key, current)
			if err != nil {
				return nil, false, err
			}
			if !same {
				break
			}
			v = nil
		}
		current = key
		number++
		mine := number
		group := l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
			if mine != number {
				return nil, false, nil
			}
			if v == nil {
				if ok, err := advance(thread); !ok {
					return nil, false, err
				}
			}
			same, err := l.equal(key, current)
			if err != nil || !same {
				return nil, false, err
			}
			x := v
			v = nil
			return x, true, nil
		})
		return starlark.Tuple{current, group}, true, nil
	}), nil
}
