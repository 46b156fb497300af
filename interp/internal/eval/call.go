package eval

import (
	"errors"
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// call compiles a call.
func (c *compiler) call(e *syntax.CallExpr) expr {
	var positional []expr
	var names []starlark.String
	var named []expr
	var varargs, kwargs expr
	for _, arg := range e.Args {
		switch a := arg.(type) {
		case *syntax.BinaryExpr:
			if a.Op == syntax.EQ {
				names = append(names, starlark.String(a.X.(*syntax.Ident).Name))
				named = append(named, c.expr(a.Y))
				continue
			}
		case *syntax.UnaryExpr:
			if a.Op == syntax.STAR {
				varargs = c.expr(a.X)
				continue
			}
			if a.Op == syntax.STARSTAR {
				kwargs = c.expr(a.X)
				continue
			}
		}
		positional = append(positional, c.expr(arg))
	}
	p := at(e.Lparen)
	if names == nil && varargs == nil && kwargs == nil {
		if dot, ok := Unparen(e.Fn).(*syntax.DotExpr); ok {
			return c.method(dot, positional, p)
		}
		return c.plainCall(c.expr(e.Fn), c.known(e.Fn), positional, p)
	}
	known := c.known(e.Fn)
	f := c.expr(e.Fn)
	dot, method := Unparen(e.Fn).(*syntax.DotExpr)
	if method {
		f = c.expr(dot.X)
	}
	return func(fr *frame) starlark.Value {
		fn := f(fr)
		if fn == nil {
			return nil
		}
		var recv starlark.Value
		if method {
			recv = fn
			var err error
			if fn, err = attr(recv, dot.Name.Name); err != nil {
				return fr.fail(at(dot.Dot), err)
			}
		}
		args := make(starlark.Tuple, len(positional))
		for i, a := range positional {
			if args[i] = a(fr); args[i] == nil {
				return nil
			}
		}
		var kw []starlark.Tuple
		if len(named) > 0 {
			kw = make([]starlark.Tuple, 0, len(named))
			pairs := make(starlark.Tuple, 2*len(named))
			for i, a := range named {
				pair := pairs[2*i : 2*i+2 : 2*i+2]
				pair[0] = names[i]
				if pair[1] = a(fr); pair[1] == nil {
					return nil
				}
				kw = append(kw, pair)
			}
		}
		var extra, more starlark.Value
		if varargs != nil {
			if extra = varargs(fr); extra == nil {
				return nil
			}
		}
		if kwargs != nil {
			if more = kwargs(fr); more == nil {
				return nil
			}
			dict, ok := more.(starlark.IterableMapping)
			if !ok {
				return fr.fail(p, fmt.Errorf("argument after ** must be a mapping, not %s", more.Type()))
			}
			for _, item := range dict.Items() {
				if _, ok := item[0].(starlark.String); !ok {
					return fr.fail(p, fmt.Errorf("keywords must be strings, not %s", item[0].Type()))
				}
				kw = append(kw, item)
			}
		}
		if extra != nil {
			iter := starlark.Iterate(extra)
			if iter == nil {
				return fr.fail(p, fmt.Errorf("argument after * must be iterable, not %s", extra.Type()))
			}
			var v starlark.Value
			for iter.Next(&v) {
				args = append(args, v)
			}
			iter.Done()
		}
		return fr.callValue(fn, args, kw, fr.th.trusts(fn, recv, known), p)
	}
}

// known returns the built-in of this project or of go.starlark.net that a name stands for as far as is known, nil for anything else.
func (c *compiler) known(e syntax.Expr) *starlark.Builtin {
	id, ok := Unparen(e).(*syntax.Ident)
	if !ok {
		return nil
	}
	var v starlark.Value
	switch id.Binding.(*resolve.Binding).Scope {
	case resolve.Universal:
		v = starlark.Universe[id.Name]
	case resolve.Predeclared:
		v = c.module.env.known[id.Name]
	}
	b, _ := v.(*starlark.Builtin)
	return b
}

// callValue calls any value. args are the callee's.
func (fr *frame) callValue(f starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple, own bool, p pos) starlark.Value {
	fr.at = p
	if fn, ok := f.(*Function); ok {
		return fr.th.call(fn, args, kwargs, false)
	}
	return fr.callBuiltin(f, args, kwargs, own, p)
}

// plainCall compiles a call with positional arguments alone.
func (c *compiler) plainCall(f expr, known *starlark.Builtin, args []expr, p pos) expr {
	if len(args) == 1 {
		arg := args[0]
		return func(fr *frame) starlark.Value {
			fv := f(fr)
			if fv == nil {
				return nil
			}
			a := arg(fr)
			if a == nil {
				return nil
			}
			if fn, ok := fv.(*Function); ok && fn.code.simple && len(fn.code.params) == 1 {
				th := fr.th
				fr.at = p
				in := th.push(fn, 0)
				if in == nil {
					return fr.fail(p, errOverflow)
				}
				in.locals[0] = a
				return th.run(in)
			}
			return fr.callValue(fv, starlark.Tuple{a}, nil, fr.th.trusts(fv, nil, known), p)
		}
	}
	return func(fr *frame) starlark.Value {
		fv := f(fr)
		if fv == nil {
			return nil
		}
		fn, ok := fv.(*Function)
		if !ok || !fn.code.simple || len(fn.code.params) != len(args) {
			vs := make(starlark.Tuple, len(args))
			for i, a := range args {
				if vs[i] = a(fr); vs[i] == nil {
					return nil
				}
			}
			return fr.callValue(fv, vs, nil, fr.th.trusts(fv, nil, known), p)
		}
		return fr.direct(fn, nil, args, p)
	}
}

// direct calls a function with just its positional parameters, whose values go where the function's locals will be: self first, unless it is nil.
func (fr *frame) direct(fn *Function, self starlark.Value, args []expr, p pos) starlark.Value {
	th, n := fr.th, len(args)
	if self != nil {
		n++
	}
	if th.sp+n > len(th.stack) {
		vs := make(starlark.Tuple, 0, n)
		if self != nil {
			vs = append(vs, self)
		}
		for _, a := range args {
			v := a(fr)
			if v == nil {
				return nil
			}
			vs = append(vs, v)
		}
		return fr.callValue(fn, vs, nil, false, p)
	}
	stack, base := th.stack, th.sp
	i := base
	th.sp += n
	if self != nil {
		stack[i] = self
		i++
	}
	for _, a := range args {
		v := a(fr)
		if v == nil {
			clear(stack[base:i])
			th.sp = base
			return nil
		}
		stack[i] = v
		i++
	}
	fr.at = p
	in := th.push(fn, n)
	if in == nil {
		clear(stack[base:i])
		th.sp = base
		return fr.fail(p, errOverflow)
	}
	return th.run(in)
}

// bound is a method with its receiver: it calls fn with self before the arguments.
type bound interface {
	Bound() (self starlark.Value, fn starlark.Callable)
}

// method compiles x.name(args).
func (c *compiler) method(dot *syntax.DotExpr, args []expr, p pos) expr {
	x, name, dotAt := c.expr(dot.X), dot.Name.Name, at(dot.Dot)
	short := shortcuts[name]
	if short != nil && len(args) != 1 {
		short = nil
	}
	return func(fr *frame) starlark.Value {
		xv := x(fr)
		if xv == nil {
			return nil
		}
		if short != nil {
			if v, done := short(fr, xv, args[0], p); done {
				return v
			}
		}
		f, err := attr(xv, name)
		if err != nil {
			return fr.fail(dotAt, err)
		}
		if fr.th.urgent && !fr.look(dotAt) {
			return nil
		}
		if m, ok := f.(bound); ok {
			self, callee := m.Bound()
			if fn, ok := callee.(*Function); ok && fn.code.simple && len(fn.code.params) == len(args)+1 {
				return fr.direct(fn, self, args, p)
			}
		}
		var vs starlark.Tuple
		if len(args) > 0 {
			vs = make(starlark.Tuple, len(args))
			for i, a := range args {
				if vs[i] = a(fr); vs[i] == nil {
					return nil
				}
			}
		}
		return fr.callValue(f, vs, nil, fr.th.trusts(f, xv, nil), p)
	}
}

// shortcuts do what methods of go.starlark.net's types do, with one argument, without making a bound method first. They report false, and have done
// nothing, where the receiver is of another type.
var shortcuts = map[string]func(fr *frame, x starlark.Value, arg expr, p pos) (v starlark.Value, done bool){
	"append": func(fr *frame, x starlark.Value, arg expr, p pos) (starlark.Value, bool) {
		l, ok := x.(*starlark.List)
		if !ok {
			return nil, false
		}
		v := arg(fr)
		if v == nil {
			return nil, true
		}
		if err := l.Append(v); err != nil {
			return fr.fail(p, errors.New("append: "+err.Error())), true
		}
		return starlark.None, true
	},
	"get": func(fr *frame, x starlark.Value, arg expr, p pos) (starlark.Value, bool) {
		d, ok := x.(*starlark.Dict)
		if !ok {
			return nil, false
		}
		k := arg(fr)
		if k == nil {
			return nil, true
		}
		v, found, err := d.Get(k)
		switch {
		case err != nil:
			return fr.fail(p, errors.New("get: "+err.Error())), true
		case !found:
			v = starlark.None
		}
		return fr.checked(p, v), true
	},
}
