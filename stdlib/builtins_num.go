package stdlib

import (
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// builtinSum is sum(iterable, start=0). https://docs.python.org/3/library/functions.html#sum
// As in CPython since 3.12, floats are added with compensation: sum([0.1] * 10) is 1.0.
func (l *Lib) builtinSum(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var iterable starlark.Value
	var total starlark.Value = starlark.MakeInt(0)
	if err := starlark.UnpackArgs("sum", args, kwargs, "iterable", &iterable, "start?", &total); err != nil {
		return nil, err
	}
	switch total.(type) {
	case starlark.String:
		return nil, wire.Errorf("TypeError", "sum() can't sum strings [use ''.join(seq) instead]")
	case starlark.Bytes:
		return nil, wire.Errorf("TypeError", "sum() can't sum bytes [use b''.join(seq) instead]")
	}
	c, err := l.cursor(thread, iterable)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var carry float64 // what the float total lacks
	for {
		v, ok, err := c.next(thread)
		if err != nil {
			return nil, err
		}
		if !ok {
			return addCarry(total, carry), nil
		}
		v, isNumber := number(v)
		sum, isFloat := total.(starlark.Float)
		if isFloat && isNumber {
			if x, ok := v.(starlark.Float); ok {
				t := sum + x
				if math.Abs(float64(sum)) >= math.Abs(float64(x)) {
					carry += float64((sum - t) + x)
				} else {
					carry += float64((x - t) + sum)
				}
				total = t
				continue
			}
			if i, ok := v.(starlark.Int).Int64(); ok {
				total = sum + starlark.Float(i)
				continue
			}
		}
		if total, err = operate(syntax.PLUS, "+", addCarry(total, carry), v); err != nil {
			return nil, err
		}
		carry = 0
	}
}

// addCarry leaves an infinite total and the sign of a zero alone.
func addCarry(total starlark.Value, carry float64) starlark.Value {
	if f, ok := total.(starlark.Float); ok && carry != 0 && !math.IsInf(carry, 0) && !math.IsNaN(carry) {
		return f + starlark.Float(carry)
	}
	return total
}

// operate applies an operator with Python's error for operands that it does not take.
func operate(op syntax.Token, name string, x, y starlark.Value) (starlark.Value, error) {
	x, xNum := number(x)
	y, yNum := number(y)
	if v, err := starlark.Binary(op, x, y); err == nil || xNum && yNum || pythonic(x) || pythonic(y) {
		return v, err
	}
	return nil, wire.Errorf("TypeError", "unsupported operand type(s) for %s: '%s' and '%s'", name, pyType(x), pyType(y))
}

// pythonic reports whether v defines operators itself, so that an error may be its own.
func pythonic(v starlark.Value) bool {
	_, ok := v.(starlark.HasBinary)
	return ok
}

// builtinDivmod is divmod(a, b). https://docs.python.org/3/library/functions.html#divmod
func (l *Lib) builtinDivmod(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("divmod", args, kwargs, 2, 2); err != nil {
		return nil, err
	}
	x, xNum := number(args[0])
	y, yNum := number(args[1])
	if !(xNum && yNum || pythonic(x) || pythonic(y)) {
		return nil, wire.Errorf("TypeError", "unsupported operand type(s) for divmod(): '%s' and '%s'", pyType(x), pyType(y))
	}
	if xNum && yNum && !bool(y.Truth()) {
		if x.Type() == "float" || y.Type() == "float" {
			return nil, wire.Errorf("ZeroDivisionError", "float divmod()")
		}
		return nil, wire.Errorf("ZeroDivisionError", "integer division or modulo by zero")
	}
	if xNum && yNum && (x.Type() == "float" || y.Type() == "float") {
		xf, err := toFloat(x)
		if err != nil {
			return nil, err
		}
		yf, err := toFloat(y)
		if err != nil {
			return nil, err
		}
		q, r := floatDivmod(xf, yf)
		return starlark.Tuple{starlark.Float(q), starlark.Float(r)}, nil
	}
	q, err := starlark.Binary(syntax.SLASHSLASH, x, y)
	if err != nil {
		return nil, err
	}
	r, err := starlark.Binary(syntax.PERCENT, x, y)
	if err != nil {
		return nil, err
	}
	return starlark.Tuple{q, r}, nil
}

// floatDivmod is the floor of x / y and what is left of x, which has the sign of y. The quotient comes from the remainder, so that the two
// fit each other where a division would round up; go.starlark.net's operators // and % divide.
func floatDivmod(x, y float64) (q, r float64) {
	r = math.Mod(x, y)
	q = (x - r) / y
	switch {
	case r == 0:
		r = math.Copysign(0, y)
	case (r < 0) != (y < 0):
		r += y
		q--
	}
	if q == 0 {
		return math.Copysign(0, x/y), r
	}
	floor := math.Floor(q)
	if q-floor > 0.5 {
		floor++
	}
	return floor, r
}

// builtinPow is pow(base, exp, mod=None). https://docs.python.org/3/library/functions.html#pow
// There are no complex numbers: a negative base with a fractional exponent is a ValueError.
func (l *Lib) builtinPow(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var base, exp, mod starlark.Value
	if err := starlark.UnpackArgs("pow", args, kwargs, "base", &base, "exp", &exp, "mod?", &mod); err != nil {
		return nil, err
	}
	x, xNum := number(base)
	y, yNum := number(exp)
	if !xNum || !yNum {
		if m := specialMethod(base, "__pow__"); m != nil {
			if mod != nil {
				return l.call(thread, m, exp, mod)
			}
			return l.call(thread, m, exp)
		}
		return nil, wire.Errorf("TypeError", "unsupported operand type(s) for ** or pow(): '%s' and '%s'", pyType(base), pyType(exp))
	}
	xi, xInt := x.(starlark.Int)
	yi, yInt := y.(starlark.Int)
	if mod != nil && mod != starlark.None {
		m, mNum := number(mod)
		mi, mInt := m.(starlark.Int)
		if !mNum || !mInt || !xInt || !yInt {
			return nil, wire.Errorf("TypeError", "pow() 3rd argument not allowed unless all arguments are integers")
		}
		return powMod(xi.BigInt(), yi.BigInt(), mi.BigInt())
	}
	if xInt && yInt && yi.Sign() >= 0 {
		return starlark.MakeBigInt(new(big.Int).Exp(xi.BigInt(), yi.BigInt(), nil)), nil
	}
	xf, err := toFloat(x)
	if err != nil {
		return nil, err
	}
	yf, err := toFloat(y)
	if err != nil {
		return nil, err
	}
	if xf == 0 && yf < 0 {
		return nil, wire.Errorf("ZeroDivisionError", "0.0 cannot be raised to a negative power")
	}
	r := pow(xf, yf)
	switch {
	case math.IsNaN(r) && !math.IsNaN(xf) && !math.IsNaN(yf):
		return nil, wire.Errorf("ValueError", "negative number cannot be raised to a fractional power")
	case math.IsInf(r, 0) && !math.IsInf(xf, 0) && !math.IsInf(yf, 0):
		return nil, wire.Errorf("OverflowError", "(34, 'Numerical result out of range')")
	}
	return starlark.Float(r), nil
}

func powMod(x, y, m *big.Int) (starlark.Value, error) {
	if m.Sign() == 0 {
		return nil, wire.Errorf("ValueError", "pow() 3rd argument cannot be 0")
	}
	abs := new(big.Int).Abs(m)
	if y.Sign() < 0 {
		x = new(big.Int).ModInverse(x, abs)
		if x == nil {
			return nil, wire.Errorf("ValueError", "base is not invertible for the given modulus")
		}
		y = new(big.Int).Neg(y)
	}
	r := new(big.Int).Exp(x, y, abs)
	if m.Sign() < 0 && r.Sign() != 0 { // the result has the modulus's sign
		r.Add(r, m)
	}
	return starlark.MakeBigInt(r), nil
}

// builtinAbs is abs(x): go.starlark.net's, and that of what has __abs__. https://docs.python.org/3/library/functions.html#abs
func (l *Lib) builtinAbs(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 1 && len(kwargs) == 0 {
		if d, ok := args[0].(timedelta); ok {
			return orError(deltaOf(new(big.Int).Abs(d.total())))
		}
		if m := specialMethod(args[0], "__abs__"); m != nil {
			return l.call(thread, m)
		}
	}
	return starlark.Universe["abs"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
}

// builtinRound is round(number, ndigits=None), half to even. https://docs.python.org/3/library/functions.html#round
func (l *Lib) builtinRound(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, digits starlark.Value
	if err := starlark.UnpackArgs("round", args, kwargs, "number", &x, "ndigits?", &digits); err != nil {
		return nil, err
	}
	if m := specialMethod(x, "__round__"); m != nil {
		if digits != nil {
			return l.call(thread, m, digits)
		}
		return l.call(thread, m)
	}
	v, ok := number(x)
	if !ok {
		return nil, wire.Errorf("TypeError", "type %s doesn't define __round__ method", pyType(x))
	}
	whole := digits == nil || digits == starlark.None
	n := 0
	if !whole {
		i, err := toInt(digits)
		if err != nil {
			return nil, err
		}
		// No float or int that fits in memory has a digit beyond.
		if n, err = toIndex(i); err != nil {
			n = i.Sign() * math.MaxInt32
		}
	}
	if f, ok := v.(starlark.Float); ok {
		if whole {
			return floatInt(math.RoundToEven(float64(f)))
		}
		return roundFloat(float64(f), n)
	}
	if n >= 0 {
		return v, nil
	}
	return roundInt(v.(starlark.Int).BigInt(), -n), nil
}

// roundFloat rounds to n decimal digits, correctly: it decides on the float's exact value.
func roundFloat(x float64, n int) (starlark.Value, error) {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0) || n > 323:
		return starlark.Float(x), nil
	case n < -308:
		return starlark.Float(math.Copysign(0, x)), nil
	}
	var r float64
	var err error
	if n >= 0 {
		r, err = strconv.ParseFloat(strconv.FormatFloat(x, 'f', n, 64), 64)
	} else {
		// A fraction decides between two integers only where the rest is an exact half.
		i, _ := new(big.Float).SetFloat64(math.Trunc(x)).Int(nil)
		frac := x != math.Trunc(x)
		q := roundHalf(i, pow10(-n), frac)
		r, _ = new(big.Float).SetInt(q).Float64()
		r = math.Copysign(r, x)
	}
	if err != nil || math.IsInf(r, 0) {
		return nil, wire.Errorf("OverflowError", "rounded value too large to represent")
	}
	return starlark.Float(r), nil
}

func roundInt(x *big.Int, n int) starlark.Value {
	if n > x.BitLen() { // 10**n is more than twice x
		return starlark.MakeInt(0)
	}
	return starlark.MakeBigInt(roundHalf(x, pow10(n), false))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// roundHalf rounds x to a multiple of unit, half to even. more says that x stands for a little more, away from zero.
func roundHalf(x, unit *big.Int, more bool) *big.Int {
	q, r := new(big.Int).QuoRem(new(big.Int).Abs(x), unit, new(big.Int))
	switch r.Lsh(r, 1).Cmp(unit) {
	case 1:
		q.Add(q, big.NewInt(1))
	case 0:
		if more || q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	q.Mul(q, unit)
	if x.Sign() < 0 {
		q.Neg(q)
	}
	return q
}

// extremum is min or max: go.starlark.net's, and with Python's default for an iterable without items.
// https://docs.python.org/3/library/functions.html#max
func (l *Lib) extremum(name string) goFunc {
	plain := starlark.Universe[name].(*starlark.Builtin)
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		kwargs = withoutNoKey(kwargs)
		i := slices.IndexFunc(kwargs, func(kv starlark.Tuple) bool { return kv[0] == starlark.String("default") })
		if i < 0 {
			return plain.CallInternal(thread, args, kwargs)
		}
		if len(args) != 1 {
			return nil, wire.Errorf("TypeError", "Cannot specify a default for %s() with multiple positional arguments", name)
		}
		missing := kwargs[i][1]
		items, err := l.drain(thread, args[0])
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return missing, nil
		}
		return plain.CallInternal(thread, starlark.Tuple{starlark.Tuple(items)}, slices.Delete(slices.Clone(kwargs), i, i+1))
	}
}

// withoutNoKey is kwargs without key=None, which go.starlark.net's functions refuse.
func withoutNoKey(kwargs []starlark.Tuple) []starlark.Tuple {
	noKey := func(kv starlark.Tuple) bool { return kv[0] == starlark.String("key") && kv[1] == starlark.None }
	if !slices.ContainsFunc(kwargs, noKey) {
		return kwargs
	}
	return slices.DeleteFunc(slices.Clone(kwargs), noKey)
}
