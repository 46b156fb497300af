package stdlib

import (
	"math"
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// mathLog is log(x[, base]). An int may be too large for a float.
func mathLog(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("log", args, kwargs, 1, 2); err != nil {
		return nil, err
	}
	x, err := logarithm(args[0], exactLog)
	if err != nil || len(args) == 1 {
		return starlark.Float(x), err
	}
	base, err := logarithm(args[1], exactLog)
	if err != nil {
		return nil, err
	}
	if base == 0 {
		return nil, wire.Errorf("ZeroDivisionError", "float division by zero")
	}
	return starlark.Float(x / base), nil
}

// mathLogBase is log2 or log10.
func mathLogBase(name string, f func(float64) float64) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, 1, 1); err != nil {
			return nil, err
		}
		x, err := logarithm(args[0], f)
		return starlark.Float(x), err
	}
}

// logarithm applies f, a logarithm, to a number; one beyond the floats as mantissa and power of two.
func logarithm(v starlark.Value, f func(float64) float64) (float64, error) {
	i, isInt := v.(starlark.Int)
	if isInt && i.Sign() <= 0 {
		return 0, errDomain()
	}
	x, err := toFloat(v)
	switch {
	case isInt && err != nil:
		m := new(big.Float).SetInt(i.BigInt())
		e := m.MantExp(m)
		x, _ = m.Float64()
		return f(x) + f(2)*float64(e), nil
	case err != nil:
		return 0, err
	case x <= 0:
		return 0, errDomain()
	}
	return f(x), nil
}

func mathHypot(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noKeywords("hypot", kwargs); err != nil {
		return nil, err
	}
	xs, err := floats(args)
	if err != nil {
		return nil, err
	}
	return starlark.Float(exactHypot(xs)), nil
}

// twoSequences are the arguments of a function of two sequences of the same length.
func (l *Lib) twoSequences(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (p, q []starlark.Value, err error) {
	if err := argCount(name, args, kwargs, 2, 2); err != nil {
		return nil, nil, err
	}
	if p, err = l.drain(thread, args[0]); err != nil {
		return nil, nil, err
	}
	q, err = l.drain(thread, args[1])
	return p, q, err
}

func (l *Lib) mathDist(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, q, err := l.twoSequences(thread, "dist", args, kwargs)
	if err != nil {
		return nil, err
	}
	if len(p) != len(q) {
		return nil, wire.Errorf("ValueError", "both points must have the same number of dimensions")
	}
	xs, err := floats(p)
	if err != nil {
		return nil, err
	}
	ys, err := floats(q)
	if err != nil {
		return nil, err
	}
	for i := range xs {
		xs[i] -= ys[i]
	}
	return starlark.Float(exactHypot(xs)), nil
}

// mathSumprod is sumprod(p, q). Floats are added as sum does it.
func (l *Lib) mathSumprod(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, q, err := l.twoSequences(thread, "sumprod", args, kwargs)
	if err != nil {
		return nil, err
	}
	if len(p) != len(q) {
		return nil, wire.Errorf("ValueError", "Inputs are not the same length")
	}
	var total starlark.Value = starlark.MakeInt(0)
	exact := double2{} // the sum of the products with a float, in twice the precision
	rough := 0.0       // the same sum as floats add, for what is not finite
	for i := range p {
		x, xNum := number(p[i])
		y, yNum := number(q[i])
		if xNum && yNum && (x.Type() == "float" || y.Type() == "float") {
			xf, err := toFloat(x)
			if err != nil {
				return nil, err
			}
			yf, err := toFloat(y)
			if err != nil {
				return nil, err
			}
			exact, rough = exact.add(twoProd(xf, yf)), rough+xf*yf
			if _, ok := total.(starlark.Int); ok {
				f, err := toFloat(total)
				if err != nil {
					return nil, err
				}
				total, exact, rough = starlark.Float(0), exact.add(double2{f, 0}), rough+f
			}
			continue
		}
		term, err := operate(syntax.STAR, "*", x, y)
		if err != nil {
			return nil, err
		}
		if total, err = operate(syntax.PLUS, "+", total, term); err != nil {
			return nil, err
		}
	}
	if f, ok := total.(starlark.Float); ok {
		if math.IsInf(rough, 0) || math.IsNaN(rough) {
			return f + starlark.Float(rough), nil
		}
		return f + starlark.Float(exact.float()), nil
	}
	return total, nil
}

func (l *Lib) mathProd(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var iterable starlark.Value
	var total starlark.Value = starlark.MakeInt(1)
	if err := starlark.UnpackArgs("prod", args, kwargs, "iterable", &iterable, "start?", &total); err != nil {
		return nil, err
	}
	vs, err := l.drain(thread, iterable)
	for _, v := range vs {
		if err != nil {
			break
		}
		total, err = operate(syntax.STAR, "*", total, v)
	}
	return total, err
}

// mathFsum is the sum of floats without loss: exact, then rounded once.
func (l *Lib) mathFsum(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("fsum", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	vs, err := l.drain(thread, args[0])
	if err != nil {
		return nil, err
	}
	xs, err := floats(vs)
	if err != nil {
		return nil, err
	}
	special, infinities := 0.0, 0.0 // the sum of infinities and NaNs alone; that of infinities
	var parts []float64             // do not overlap; their sum is exactly the total
	for _, x := range xs {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			special += x
			if !math.IsNaN(x) {
				infinities += x
			}
			continue
		}
		n := 0
		for _, p := range parts {
			s := twoSum(x, p)
			if s.lo != 0 {
				parts[n] = s.lo
				n++
			}
			x = s.hi
		}
		if math.IsInf(x, 0) {
			return nil, wire.Errorf("OverflowError", "intermediate overflow in fsum")
		}
		parts = append(parts[:n], x)
	}
	switch {
	case math.IsNaN(infinities):
		return nil, wire.Errorf("ValueError", "-inf + inf in fsum")
	case special != 0:
		return starlark.Float(special), nil
	}
	// Each part fits a big.Float of this precision together with all the others.
	sum := new(big.Float).SetPrec(2200)
	for _, p := range parts {
		sum.Add(sum, big.NewFloat(p))
	}
	f, _ := sum.Float64()
	return starlark.Float(f), nil
}

func mathIsclose(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var av, bv starlark.Value
	var rv, tv starlark.Value = starlark.Float(1e-9), starlark.Float(0)
	if err := starlark.UnpackArgs("isclose", args, kwargs, "a", &av, "b", &bv, "rel_tol?", &rv, "abs_tol?", &tv); err != nil {
		return nil, err
	}
	xs, err := floats([]starlark.Value{av, bv, rv, tv})
	if err != nil {
		return nil, err
	}
	x, y, rel, abs := xs[0], xs[1], xs[2], xs[3]
	if rel < 0 || abs < 0 {
		return nil, wire.Errorf("ValueError", "tolerances must be non-negative")
	}
	if x == y {
		return starlark.True, nil
	}
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		return starlark.False, nil
	}
	diff := math.Abs(x - y)
	return starlark.Bool(diff <= rel*math.Abs(x) || diff <= rel*math.Abs(y) || diff <= abs), nil
}
