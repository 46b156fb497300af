package eval

import (
	"math"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Arithmetic on numbers that are parts of larger expressions is done on Go's int64 and float64: they become values of scripts, which may cost an
// allocation, at the end only.

// kind tells what a number is.
type kind uint8

const (
	isValue kind = iota // nothing of these; it is in the value, nil for an error
	isInt
	isFloat
)

// arith evaluates an expression as a number, if it is one.
type arith func(fr *frame) (k kind, i int64, f float64, v starlark.Value)

func numberOf(v starlark.Value) (kind, int64, float64, starlark.Value) {
	switch x := v.(type) {
	case starlark.Int:
		if i, ok := x.Int64(); ok {
			return isInt, i, 0, nil
		}
	case starlark.Float:
		return isFloat, 0, float64(x), nil
	}
	return isValue, 0, 0, v
}

func boxed(k kind, i int64, f float64, v starlark.Value) starlark.Value {
	switch k {
	case isInt:
		return starlark.MakeInt64(i)
	case isFloat:
		return starlark.Float(f)
	}
	return v
}

// boxed makes an expression of a number.
func (c *compiler) boxed(a arith) expr {
	return func(fr *frame) starlark.Value {
		switch k, i, f, v := a(fr); k {
		case isInt:
			return starlark.MakeInt64(i)
		case isFloat:
			return starlark.Float(f)
		default:
			return v
		}
	}
}

// isArithmetic reports whether e is likely to be a number, by its form.
func isArithmetic(e syntax.Expr) bool {
	switch e := Unparen(e).(type) {
	case *syntax.BinaryExpr:
		switch e.Op {
		case syntax.MINUS, syntax.STAR, syntax.SLASH, syntax.SLASHSLASH:
			return true
		case syntax.PLUS:
			return isArithmetic(e.X) || isArithmetic(e.Y)
		case syntax.PERCENT:
			return isArithmetic(e.X) || isArithmetic(e.Y) || local(e.X) >= 0
		}
	case *syntax.Literal:
		return e.Token == syntax.INT || e.Token == syntax.FLOAT
	}
	return false
}

// arith compiles an expression whose value is likely a number.
func (c *compiler) arith(e syntax.Expr) arith {
	e = Unparen(e)
	if v := literal(e); v != nil {
		k, i, f, v := numberOf(v)
		return func(*frame) (kind, int64, float64, starlark.Value) { return k, i, f, v }
	}
	if b, ok := e.(*syntax.BinaryExpr); ok {
		switch b.Op {
		case syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT:
			return c.operation(b, false)
		}
	}
	if i := local(e); i >= 0 {
		unset := c.ident(e.(*syntax.Ident))
		return func(fr *frame) (kind, int64, float64, starlark.Value) {
			switch x := fr.locals[i].(type) {
			case starlark.Int:
				if i, ok := x.Int64(); ok {
					return isInt, i, 0, nil
				}
				return isValue, 0, 0, x
			case starlark.Float:
				return isFloat, 0, float64(x), nil
			case nil:
				return isValue, 0, 0, unset(fr)
			default:
				return isValue, 0, 0, x
			}
		}
	}
	x := c.expr(e)
	return func(fr *frame) (kind, int64, float64, starlark.Value) { return numberOf(x(fr)) }
}

// operation compiles a binary arithmetic operation, which may be that of an augmented assignment.
func (c *compiler) operation(e *syntax.BinaryExpr, augmented bool) arith {
	x, p := c.arith(e.X), at(e.OpPos)
	op := e.Op
	general := operator(op)
	if augmented {
		general = inPlace(op)
	}
	slow := func(fr *frame, k1 kind, i1 int64, f1 float64, v1 starlark.Value, k2 kind, i2 int64, f2 float64, v2 starlark.Value) (kind, int64, float64, starlark.Value) {
		fr.th.inPlace = augmented
		v, err := general(boxed(k1, i1, f1, v1), boxed(k2, i2, f2, v2))
		fr.th.inPlace = false
		if err != nil {
			return isValue, 0, 0, fr.fail(p, err)
		}
		return numberOf(fr.checked(p, v))
	}
	// The right operand is a constant often.
	if k, n, _, _ := numberOf(literal(e.Y)); k == isInt {
		if f := intByConstant(op, n); f != nil {
			return func(fr *frame) (kind, int64, float64, starlark.Value) {
				k1, i1, f1, v1 := x(fr)
				if k1 == isInt {
					if r, ok := f(i1); ok {
						return isInt, r, 0, nil
					}
				}
				if k1 == isValue && v1 == nil {
					return isValue, 0, 0, nil
				}
				return slow(fr, k1, i1, f1, v1, isInt, n, 0, nil)
			}
		}
	}
	y := c.arith(e.Y)
	ints, floats := intOperation(op), floatOperation(op)
	return func(fr *frame) (kind, int64, float64, starlark.Value) {
		k1, i1, f1, v1 := x(fr)
		if k1 == isValue && v1 == nil {
			return isValue, 0, 0, nil
		}
		k2, i2, f2, v2 := y(fr)
		switch {
		case k2 == isValue && v2 == nil:
			return isValue, 0, 0, nil
		case k1 == isInt && k2 == isInt:
			if r, ok := ints(i1, i2); ok {
				return isInt, r, 0, nil
			}
		case k1 == isFloat && k2 == isFloat:
			if r, ok := floats(f1, f2); ok {
				return isFloat, 0, r, nil
			}
		case k1 == isFloat && k2 == isInt:
			if r, ok := floats(f1, float64(i2)); ok {
				return isFloat, 0, r, nil
			}
		case k1 == isInt && k2 == isFloat:
			if r, ok := floats(float64(i1), f2); ok {
				return isFloat, 0, r, nil
			}
		}
		return slow(fr, k1, i1, f1, v1, k2, i2, f2, v2)
	}
}

func addInts(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

func subInts(a, b int64) (int64, bool) {
	d := a - b
	return d, (d < a) == (b > 0)
}

func mulInts(a, b int64) (int64, bool) {
	p := a * b
	if int64(int32(a)) == a && int64(int32(b)) == b {
		return p, true
	}
	return p, a != math.MinInt64 && b != math.MinInt64 && (b == 0 || p/b == a)
}

func floorInts(a, b int64) (int64, bool) {
	if b == 0 || a == math.MinInt64 {
		return 0, false
	}
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q, true
}

func modInts(a, b int64) (int64, bool) {
	if b == 0 || a == math.MinInt64 {
		return 0, false
	}
	m := a % b
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m, true
}

func none(a, b int64) (int64, bool) { return 0, false }

// intOperation returns an operation on integers, which reports false where the result is to be found another way.
func intOperation(op syntax.Token) func(a, b int64) (int64, bool) {
	switch op {
	case syntax.PLUS:
		return addInts
	case syntax.MINUS:
		return subInts
	case syntax.STAR:
		return mulInts
	case syntax.SLASHSLASH:
		return floorInts
	case syntax.PERCENT:
		return modInts
	}
	return none
}

func intByConstant(op syntax.Token, n int64) func(a int64) (int64, bool) {
	switch {
	case op == syntax.PLUS:
		return func(a int64) (int64, bool) { return addInts(a, n) }
	case op == syntax.MINUS:
		return func(a int64) (int64, bool) { return subInts(a, n) }
	case op == syntax.STAR:
		return func(a int64) (int64, bool) { return mulInts(a, n) }
	case op == syntax.SLASHSLASH && n != 0:
		return func(a int64) (int64, bool) { return floorInts(a, n) }
	case op == syntax.PERCENT && n > 0:
		return func(a int64) (int64, bool) {
			m := a % n
			if m < 0 {
				m += n
			}
			return m, true
		}
	}
	return nil
}

func floatOperation(op syntax.Token) func(a, b float64) (float64, bool) {
	switch op {
	case syntax.PLUS:
		return func(a, b float64) (float64, bool) { return a + b, true }
	case syntax.MINUS:
		return func(a, b float64) (float64, bool) { return a - b, true }
	case syntax.STAR:
		return func(a, b float64) (float64, bool) { return a * b, true }
	case syntax.SLASH:
		return func(a, b float64) (float64, bool) { return a / b, b != 0 }
	}
	return func(a, b float64) (float64, bool) { return 0, false }
}

// rangeArgs returns the arguments of a call of range in a for loop, nil for another expression.
func rangeArgs(e syntax.Expr) []syntax.Expr {
	call, ok := Unparen(e).(*syntax.CallExpr)
	if !ok || len(call.Args) < 1 || len(call.Args) > 3 {
		return nil
	}
	id, ok := call.Fn.(*syntax.Ident)
	if !ok || id.Name != "range" || id.Binding.(*resolve.Binding).Scope != resolve.Universal {
		return nil
	}
	for _, a := range call.Args {
		switch a := a.(type) {
		case *syntax.BinaryExpr:
			if a.Op == syntax.EQ {
				return nil
			}
		case *syntax.UnaryExpr:
			if a.Op == syntax.STAR || a.Op == syntax.STARSTAR {
				return nil
			}
		}
	}
	return call.Args
}
