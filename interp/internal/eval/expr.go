package eval

import (
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func (c *compiler) expr(e syntax.Expr) expr {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return c.expr(e.X)
	case *syntax.Ident:
		return c.ident(e)
	case *syntax.Literal:
		return constant(literal(e))
	case *syntax.ListExpr:
		elems := c.exprs(e.List)
		return func(fr *frame) starlark.Value {
			vs := fr.evaluate(elems)
			if vs == nil && len(elems) > 0 {
				return nil
			}
			return starlark.NewList(vs)
		}
	case *syntax.TupleExpr:
		elems := c.exprs(e.List)
		return func(fr *frame) starlark.Value {
			vs := fr.evaluate(elems)
			if vs == nil && len(elems) > 0 {
				return nil
			}
			return starlark.Tuple(vs)
		}
	case *syntax.DictExpr:
		return c.dict(e)
	case *syntax.CondExpr:
		cond, t, f := c.test(e.Cond), c.expr(e.True), c.expr(e.False)
		return func(fr *frame) starlark.Value {
			switch cond(fr) {
			case yes:
				return t(fr)
			case no:
				return f(fr)
			}
			return nil
		}
	case *syntax.IndexExpr:
		return operate(c.expr(e.X), c.expr(e.Y), at(e.Lbrack), index)
	case *syntax.SliceExpr:
		return c.slice(e)
	case *syntax.Comprehension:
		return c.comprehension(e)
	case *syntax.UnaryExpr:
		if e.Op == syntax.NOT {
			t := c.test(e.X)
			return func(fr *frame) starlark.Value {
				v := t(fr)
				if v == failed {
					return nil
				}
				return starlark.Bool(v == no)
			}
		}
		x, op, p := c.expr(e.X), e.Op, at(e.OpPos)
		return func(fr *frame) starlark.Value {
			xv := x(fr)
			if xv == nil {
				return nil
			}
			v, err := starlark.Unary(op, xv)
			if err != nil {
				return fr.fail(p, err)
			}
			return fr.checked(p, v)
		}
	case *syntax.BinaryExpr:
		return c.binary(e)
	case *syntax.DotExpr:
		x, name, p := c.expr(e.X), e.Name.Name, at(e.Dot)
		return func(fr *frame) starlark.Value {
			xv := x(fr)
			if xv == nil {
				return nil
			}
			v, err := attr(xv, name)
			if err != nil {
				return fr.fail(p, err)
			}
			return fr.checked(p, v)
		}
	case *syntax.CallExpr:
		return c.call(e)
	case *syntax.LambdaExpr:
		return c.makeFunction(e.Function.(*resolve.Function))
	}
	panic(fmt.Sprintf("unexpected expression %T", e))
}

func (c *compiler) exprs(list []syntax.Expr) []expr {
	es := make([]expr, len(list))
	for i, e := range list {
		es[i] = c.expr(e)
	}
	return es
}

// evaluate returns the values of expressions, nil for an error.
func (fr *frame) evaluate(es []expr) []starlark.Value {
	vs := make([]starlark.Value, len(es))
	for i, e := range es {
		if vs[i] = e(fr); vs[i] == nil {
			return nil
		}
	}
	return vs
}

// checked is v, nil where the operation that made it has had the thread look, and it may not go on.
func (fr *frame) checked(p pos, v starlark.Value) starlark.Value {
	if fr.th.urgent && !fr.look(p) {
		return nil
	}
	return v
}

func (c *compiler) ident(id *syntax.Ident) expr {
	b := id.Binding.(*resolve.Binding)
	i, name, p := b.Index, id.Name, at(id.NamePos)
	unset := func(fr *frame, kind string) starlark.Value {
		return fr.fail(p, fmt.Errorf("%s variable %s referenced before assignment", kind, name))
	}
	switch b.Scope {
	case resolve.Local:
		return func(fr *frame) starlark.Value {
			if v := fr.locals[i]; v != nil {
				return v
			}
			return unset(fr, "local")
		}
	case resolve.Cell:
		return func(fr *frame) starlark.Value {
			if v := fr.locals[i].(*cell).v; v != nil {
				return v
			}
			return unset(fr, "local")
		}
	case resolve.Free:
		return func(fr *frame) starlark.Value {
			if v := fr.fn.free[i].v; v != nil {
				return v
			}
			return unset(fr, "local")
		}
	case resolve.Global:
		g := c.module.globals[i]
		return func(fr *frame) starlark.Value {
			if v := g.value; v != nil {
				return v
			}
			return unset(fr, "global")
		}
	case resolve.Universal:
		return constant(starlark.Universe[name])
	case resolve.Predeclared:
		g := c.module.env.lookup(name)
		if g.fixed {
			return constant(g.value)
		}
		return func(fr *frame) starlark.Value {
			if v := g.value; v != nil {
				return v
			}
			return unset(fr, "global")
		}
	}
	panic(fmt.Sprintf("%s: unresolved %s", id.NamePos, name))
}

func (c *compiler) dict(e *syntax.DictExpr) expr {
	type entry struct {
		key, value expr
		at         pos
	}
	entries := make([]entry, len(e.List))
	for i, x := range e.List {
		x := x.(*syntax.DictEntry)
		entries[i] = entry{c.expr(x.Key), c.expr(x.Value), at(x.Colon)}
	}
	return func(fr *frame) starlark.Value {
		d := starlark.NewDict(len(entries))
		for i := range entries {
			e := &entries[i]
			k := e.key(fr)
			if k == nil {
				return nil
			}
			v := e.value(fr)
			if v == nil {
				return nil
			}
			before := d.Len()
			if err := d.SetKey(k, v); err != nil {
				return fr.fail(e.at, err)
			}
			if d.Len() == before {
				return fr.fail(e.at, fmt.Errorf("duplicate key: %v", k))
			}
			if fr.th.urgent && !fr.look(e.at) {
				return nil
			}
		}
		return d
	}
}

func (c *compiler) slice(e *syntax.SliceExpr) expr {
	part := func(e syntax.Expr) expr {
		if e == nil {
			return constant(starlark.None)
		}
		return c.expr(e)
	}
	parts, p := [4]expr{c.expr(e.X), part(e.Lo), part(e.Hi), part(e.Step)}, at(e.Lbrack)
	return func(fr *frame) starlark.Value {
		var vs [4]starlark.Value
		for i, e := range parts {
			if vs[i] = e(fr); vs[i] == nil {
				return nil
			}
		}
		v, err := slice(vs[0], vs[1], vs[2], vs[3])
		if err != nil {
			return fr.fail(p, err)
		}
		return fr.checked(p, v)
	}
}

func (c *compiler) binary(e *syntax.BinaryExpr) expr {
	switch e.Op {
	case syntax.AND, syntax.OR:
		x, y, stop, p := c.expr(e.X), c.expr(e.Y), verdictOf(e.Op == syntax.OR), at(e.OpPos)
		return func(fr *frame) starlark.Value {
			v := x(fr)
			switch fr.truth(p, v) {
			case failed:
				return nil
			case stop:
				return v
			}
			return y(fr)
		}
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE, syntax.IN, syntax.NOT_IN:
		t := c.test(e)
		return func(fr *frame) starlark.Value {
			v := t(fr)
			if v == failed {
				return nil
			}
			return starlark.Bool(v == yes)
		}
	}
	if f := c.formatted(e); f != nil {
		return f
	}
	if isArithmetic(e) {
		return c.boxed(c.operation(e, false))
	}
	return operate(c.expr(e.X), c.expr(e.Y), at(e.OpPos), operator(e.Op))
}

// operate makes the expression f(x, y), at p.
func operate(x, y expr, p pos, f func(x, y starlark.Value) (starlark.Value, error)) expr {
	return func(fr *frame) starlark.Value {
		xv := x(fr)
		if xv == nil {
			return nil
		}
		yv := y(fr)
		if yv == nil {
			return nil
		}
		v, err := f(xv, yv)
		if err != nil {
			return fr.fail(p, err)
		}
		return fr.checked(p, v)
	}
}

// makeFunction compiles a def statement or a lambda expression.
func (c *compiler) makeFunction(f *resolve.Function) expr {
	code := c.module.function(f)
	var defaults []expr
	star := false
	for _, param := range f.Params {
		switch param := param.(type) {
		case *syntax.BinaryExpr:
			defaults = append(defaults, c.expr(param.Y))
		case *syntax.UnaryExpr:
			star = true
		case *syntax.Ident:
			if star {
				defaults = append(defaults, nil)
			}
		}
	}
	return func(fr *frame) starlark.Value {
		fn := &Function{code: code}
		if len(defaults) > 0 {
			fn.defaults = make([]starlark.Value, len(defaults))
			for i, d := range defaults {
				if d == nil {
					continue
				}
				if fn.defaults[i] = d(fr); fn.defaults[i] == nil {
					return nil
				}
			}
		}
		if len(f.FreeVars) > 0 {
			fn.free = make([]*cell, len(f.FreeVars))
			for i, b := range f.FreeVars {
				if b.Scope == resolve.Free {
					fn.free[i] = fr.fn.free[b.Index]
				} else {
					fn.free[i] = fr.locals[b.Index].(*cell)
				}
			}
		}
		return fn
	}
}
