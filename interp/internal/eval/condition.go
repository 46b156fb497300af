package eval

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// test compiles a condition.
func (c *compiler) test(e syntax.Expr) test {
	switch e := Unparen(e).(type) {
	case *syntax.UnaryExpr:
		if e.Op == syntax.NOT {
			t := c.test(e.X)
			return func(fr *frame) verdict {
				switch t(fr) {
				case yes:
					return no
				case no:
					return yes
				}
				return failed
			}
		}
	case *syntax.BinaryExpr:
		switch op := e.Op; op {
		case syntax.AND, syntax.OR:
			x, y, stop := c.test(e.X), c.test(e.Y), verdictOf(op == syntax.OR)
			return func(fr *frame) verdict {
				if v := x(fr); v == stop || v == failed {
					return v
				}
				return y(fr)
			}
		case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
			return c.comparison(e)
		case syntax.IN, syntax.NOT_IN:
			return judge(c.expr(e.X), c.expr(e.Y), at(e.OpPos), func(x, y starlark.Value) (bool, error) {
				v, err := starlark.Binary(syntax.IN, x, y)
				return err == nil && bool(v.Truth()) == (op == syntax.IN), err
			})
		}
	}
	x, p := c.expr(e), at(syntax.Start(e))
	return func(fr *frame) verdict { return fr.truth(p, x(fr)) }
}

func (c *compiler) comparison(e *syntax.BinaryExpr) test {
	op, p := e.Op, at(e.OpPos)
	if isArithmetic(e.X) || isArithmetic(e.Y) || local(e.X) >= 0 && local(e.Y) >= 0 {
		x, y := c.arith(e.X), c.arith(e.Y)
		return func(fr *frame) verdict {
			k1, i1, f1, v1 := x(fr)
			if k1 == isValue && v1 == nil {
				return failed
			}
			k2, i2, f2, v2 := y(fr)
			switch {
			case k1 == isInt && k2 == isInt:
				return verdictOf(compareInts(op, i1, i2))
			case k2 == isValue && v2 == nil:
				return failed
			}
			b, err := compare(op, boxed(k1, i1, f1, v1), boxed(k2, i2, f2, v2))
			if err != nil {
				fr.fail(p, err)
				return failed
			}
			return fr.verdict(p, b)
		}
	}
	return judge(c.expr(e.X), c.expr(e.Y), p, func(x, y starlark.Value) (bool, error) { return compare(op, x, y) })
}

// judge makes the condition f(x, y), at p.
func judge(x, y expr, p pos, f func(x, y starlark.Value) (bool, error)) test {
	return func(fr *frame) verdict {
		xv := x(fr)
		if xv == nil {
			return failed
		}
		yv := y(fr)
		if yv == nil {
			return failed
		}
		b, err := f(xv, yv)
		if err != nil {
			fr.fail(p, err)
			return failed
		}
		return fr.verdict(p, b)
	}
}

// truth is v as a condition.
func (fr *frame) truth(p pos, v starlark.Value) verdict {
	switch v := v.(type) {
	case nil:
		return failed
	case starlark.Bool:
		return verdictOf(bool(v))
	default:
		return fr.verdict(p, bool(v.Truth()))
	}
}

// verdict is b, checked likewise.
func (fr *frame) verdict(p pos, b bool) verdict {
	if fr.th.urgent && !fr.look(p) {
		return failed
	}
	return verdictOf(b)
}
