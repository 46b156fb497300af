package eval

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// loop compiles a for loop.
func (c *compiler) loop(x syntax.Expr, vars syntax.Expr, p pos, body stmt) stmt {
	iterable, set, i := c.expr(x), c.store(vars, p), local(vars)
	if args := rangeArgs(x); args != nil && i >= 0 {
		return c.rangeLoop(args, i, p, at(Unparen(x).(*syntax.CallExpr).Lparen), body)
	}
	return func(fr *frame) control { return fr.each(iterable(fr), set, i, p, body) }
}

// rangeLoop compiles a for loop over a range with these arguments, whose numbers it counts itself.
func (c *compiler) rangeLoop(list []syntax.Expr, i int, p, callAt pos, body stmt) stmt {
	args := make([]arith, len(list))
	for i, e := range list {
		args[i] = c.arith(e)
	}
	return func(fr *frame) control {
		var ns [3]int64
		var vs [3]starlark.Value
		plain := true
		for j, a := range args {
			k, n, f, v := a(fr)
			if k == isValue && v == nil {
				return ctlError
			}
			ns[j] = n
			if k != isInt || n != int64(int32(n)) {
				plain = false
			}
			if !plain || len(args) == 3 {
				vs[j] = boxed(k, n, f, v)
			}
		}
		start, stop, step := int64(0), ns[0], int64(1)
		if len(args) > 1 {
			start, stop = ns[0], ns[1]
		}
		if len(args) > 2 {
			step = ns[2]
		}
		if !plain || step == 0 {
			for j := range args {
				if vs[j] == nil {
					vs[j] = starlark.MakeInt64(ns[j])
				}
			}
			return fr.each(fr.callValue(starlark.Universe["range"], starlark.Tuple(vs[:len(args)]), nil, true, callAt), nil, i, p, body)
		}
		for n := start; step > 0 && n < stop || step < 0 && n > stop; n += step {
			fr.locals[i] = starlark.MakeInt64(n)
			switch ctl := body(fr); ctl {
			case ctlNext, ctlContinue:
			case ctlBreak:
				return ctlNext
			default:
				return ctl
			}
			if !fr.step(p) {
				return ctlError
			}
		}
		return ctlNext
	}
}

// each is a for loop over x, nil for an error.
func (fr *frame) each(x starlark.Value, set store, i int, p pos, body stmt) control {
	if x == nil {
		return ctlError
	}
	iter := starlark.Iterate(x)
	if iter == nil {
		fr.fail(p, fmt.Errorf("%s value is not iterable", x.Type()))
		return ctlError
	}
	defer iter.Done() // also if a panic passes: what is iterated over must not stay locked
	if ctl := fr.iterate(iter, set, i, p, body); ctl != ctlNext {
		return ctl
	}
	return fr.done(p)
}

func (fr *frame) iterate(iter starlark.Iterator, set store, i int, p pos, body stmt) control {
	var v starlark.Value
	for iter.Next(&v) {
		if i >= 0 {
			fr.locals[i] = v
		} else if !set(fr, v) {
			return ctlError
		}
		switch ctl := body(fr); ctl {
		case ctlBreak:
			return ctlNext
		case ctlReturn, ctlError:
			return ctl
		}
		if !fr.step(p) {
			return ctlError
		}
	}
	return ctlNext
}

// comprehension compiles a list or dict comprehension.
func (c *compiler) comprehension(e *syntax.Comprehension) expr {
	if e.Curly {
		entry := e.Body.(*syntax.DictEntry)
		k, v, p := c.expr(entry.Key), c.expr(entry.Value), at(entry.Colon)
		return c.clauses(e, func() starlark.Value { return new(starlark.Dict) }, func(fr *frame, acc starlark.Value) control {
			kv := k(fr)
			if kv == nil {
				return ctlError
			}
			vv := v(fr)
			if vv == nil {
				return ctlError
			}
			if err := acc.(*starlark.Dict).SetKey(kv, vv); err != nil {
				fr.fail(p, err)
				return ctlError
			}
			return fr.done(p)
		})
	}
	x := c.expr(e.Body)
	return c.clauses(e, func() starlark.Value { return starlark.NewList(nil) }, func(fr *frame, acc starlark.Value) control {
		v := x(fr)
		if v == nil {
			return ctlError
		}
		_ = acc.(*starlark.List).Append(v) // nobody else has it
		return ctlNext
	})
}

// step is what a comprehension does for each element.
type step func(fr *frame, acc starlark.Value) control

func (c *compiler) clauses(e *syntax.Comprehension, start func() starlark.Value, body step) expr {
	do := body
	for i := len(e.Clauses) - 1; i >= 0; i-- {
		inner := do
		switch clause := e.Clauses[i].(type) {
		case *syntax.IfClause:
			cond := c.test(clause.Cond)
			do = func(fr *frame, acc starlark.Value) control {
				switch cond(fr) {
				case yes:
					return inner(fr, acc)
				case no:
					return ctlNext
				}
				return ctlError
			}
		case *syntax.ForClause:
			p := at(clause.For)
			iterable, set := c.expr(clause.X), c.store(clause.Vars, p)
			do = func(fr *frame, acc starlark.Value) control {
				xv := iterable(fr)
				if xv == nil {
					return ctlError
				}
				iter := starlark.Iterate(xv)
				if iter == nil {
					fr.fail(p, fmt.Errorf("%s value is not iterable", xv.Type()))
					return ctlError
				}
				defer iter.Done()
				var v starlark.Value
				for iter.Next(&v) {
					if !set(fr, v) {
						return ctlError
					}
					if ctl := inner(fr, acc); ctl != ctlNext {
						return ctl
					}
					if !fr.step(p) {
						return ctlError
					}
				}
				return fr.done(p)
			}
		}
	}
	return func(fr *frame) starlark.Value {
		acc := start()
		if do(fr, acc) == ctlError {
			return nil
		}
		return acc
	}
}
