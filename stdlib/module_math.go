package stdlib

import (
	"math"

	"github.com/starmp/starmp/mp/wire"
	starmath "go.starlark.net/lib/math"
	"go.starlark.net/starlark"
)

// mathModule makes the members of the module math: Python's functions, with its errors where there is no result, and what go.starlark.net's
// module has beyond them. https://docs.python.org/3/library/math.html
func (l *Lib) mathModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"ceil":      l.mathWhole("ceil", "__ceil__", math.Ceil),
		"comb":      mathComb,
		"dist":      l.mathDist,
		"factorial": mathFactorial,
		"floor":     l.mathWhole("floor", "__floor__", math.Floor),
		"frexp":     mathFrexp,
		"fsum":      l.mathFsum,
		"gcd":       mathGcd,
		"hypot":     mathHypot,
		"isclose":   mathIsclose,
		"isqrt":     mathIsqrt,
		"lcm":       mathLcm,
		"ldexp":     mathLdexp,
		"log":       mathLog,
		"log10":     mathLogBase("log10", exactLog10),
		"log2":      mathLogBase("log2", exactLog2),
		"modf":      mathModf,
		"perm":      mathPerm,
		"prod":      l.mathProd,
		"sumprod":   l.mathSumprod,
		"trunc":     l.mathWhole("trunc", "__trunc__", math.Trunc),
	})
	for name, f := range map[string]func(float64) float64{
		"acos": exactAcos, "acosh": math.Acosh, "asin": exactAsin, "asinh": math.Asinh, "atan": exactAtan, "atanh": math.Atanh,
		"cbrt": math.Cbrt, "cos": exactCos, "cosh": math.Cosh, "degrees": func(x float64) float64 { return x * (180 / math.Pi) },
		"erf": math.Erf, "erfc": math.Erfc, "exp": exactExp, "exp2": math.Exp2, "expm1": math.Expm1, "fabs": math.Abs,
		"gamma": mathGamma, "lgamma": mathLgamma, "log1p": math.Log1p,
		"radians": func(x float64) float64 { return x * (math.Pi / 180) }, "sin": exactSin, "sinh": math.Sinh, "sqrt": math.Sqrt,
		"tan": exactTan, "tanh": math.Tanh, "ulp": ulp,
	} {
		members[name] = starlark.NewBuiltin(name, mathUnary(name, f))
	}
	for name, f := range map[string]func(x, y float64) float64{
		"atan2": exactAtan2, "copysign": math.Copysign, "fmod": math.Mod, "nextafter": math.Nextafter, "pow": pow,
		"remainder": math.Remainder,
	} {
		members[name] = starlark.NewBuiltin(name, mathBinary(name, f))
	}
	for name, f := range map[string]func(float64) bool{
		"isfinite": func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) },
		"isinf":    func(x float64) bool { return math.IsInf(x, 0) },
		"isnan":    math.IsNaN,
	} {
		members[name] = starlark.NewBuiltin(name, mathPredicate(name, f))
	}
	for name, x := range map[string]float64{
		"e": math.E, "inf": math.Inf(1), "nan": math.NaN(), "pi": math.Pi, "tau": 2 * math.Pi,
	} {
		members[name] = starlark.Float(x)
	}
	for name, v := range starmath.Module.Members {
		if _, ok := members[name]; !ok {
			members[name] = v
		}
	}
	return members
}

// floatArgs are the arguments of a function of n floats.
func floatArgs(name string, args starlark.Tuple, kwargs []starlark.Tuple, n int) ([]float64, error) {
	if err := argCount(name, args, kwargs, n, n); err != nil {
		return nil, err
	}
	return floats(args)
}

func floats(vs []starlark.Value) ([]float64, error) {
	xs := make([]float64, len(vs))
	for i, v := range vs {
		var err error
		if xs[i], err = toFloat(v); err != nil {
			return nil, err
		}
	}
	return xs, nil
}

// checked is CPython's rule for a result: NaN from numbers and infinity at a pole are errors, and so is overflow.
func checked(name string, r float64, xs ...float64) (starlark.Value, error) {
	finite := true
	for _, x := range xs {
		if math.IsNaN(x) {
			return starlark.Float(r), nil
		}
		finite = finite && !math.IsInf(x, 0)
	}
	switch {
	case math.IsNaN(r):
		return nil, errDomain()
	case math.IsInf(r, 0) && finite:
		switch name {
		case "atanh", "lgamma", "log1p", "gamma", "pow":
			if xs[0] < 172 && name != "pow" || xs[0] == 0 {
				return nil, errDomain() // a pole
			}
		}
		return nil, wire.Errorf("OverflowError", "math range error")
	}
	return starlark.Float(r), nil
}

func errDomain() error { return wire.Errorf("ValueError", "math domain error") }

func mathUnary(name string, f func(float64) float64) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount("math."+name, args, kwargs, 1, 1); err != nil {
			return nil, err
		}
		x, err := toFloat(args[0])
		if err != nil {
			return nil, err
		}
		return checked(name, f(x), x)
	}
}

func mathBinary(name string, f func(x, y float64) float64) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		xs, err := floatArgs(name, args, kwargs, 2)
		if err != nil {
			return nil, err
		}
		r := f(xs[0], xs[1])
		if name == "nextafter" || name == "copysign" {
			return starlark.Float(r), nil
		}
		return checked(name, r, xs...)
	}
}

func mathPredicate(name string, f func(float64) bool) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		xs, err := floatArgs(name, args, kwargs, 1)
		if err != nil {
			return nil, err
		}
		return starlark.Bool(f(xs[0])), nil
	}
}

// mathGamma has NaN at the poles, which Go has only at some.
func mathGamma(x float64) float64 {
	if x <= 0 && x == math.Floor(x) {
		return math.NaN()
	}
	return math.Gamma(x)
}

func mathLgamma(x float64) float64 {
	r, _ := math.Lgamma(x)
	return r
}

func ulp(x float64) float64 {
	x = math.Abs(x)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return x
	case x == math.MaxFloat64:
		return x - math.Nextafter(x, 0)
	}
	return math.Nextafter(x, math.Inf(1)) - x
}

// mathWhole is floor, ceil or trunc: an int from a float.
func (l *Lib) mathWhole(name, special string, f func(float64) float64) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, 1, 1); err != nil {
			return nil, err
		}
		if m := specialMethod(args[0], special); m != nil {
			return l.call(thread, m)
		}
		v, ok := number(args[0])
		if x, isFloat := v.(starlark.Float); isFloat {
			return floatInt(f(float64(x)))
		}
		if !ok {
			return nil, wire.Errorf("TypeError", "must be real number, not %s", pyType(v))
		}
		return v, nil
	}
}

func mathFrexp(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	xs, err := floatArgs("frexp", args, kwargs, 1)
	if err != nil {
		return nil, err
	}
	m, e := math.Frexp(xs[0])
	return starlark.Tuple{starlark.Float(m), starlark.MakeInt(e)}, nil
}

func mathModf(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	xs, err := floatArgs("modf", args, kwargs, 1)
	if err != nil {
		return nil, err
	}
	if math.IsInf(xs[0], 0) {
		return starlark.Tuple{starlark.Float(math.Copysign(0, xs[0])), starlark.Float(xs[0])}, nil
	}
	whole, frac := math.Modf(xs[0])
	return starlark.Tuple{starlark.Float(math.Copysign(frac, xs[0])), starlark.Float(whole)}, nil
}

func mathLdexp(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("ldexp", args, kwargs, 2, 2); err != nil {
		return nil, err
	}
	x, err := toFloat(args[0])
	if err != nil {
		return nil, err
	}
	i, err := toInt(args[1])
	if err != nil {
		return nil, wire.Errorf("TypeError", "Expected an int as second argument to ldexp.")
	}
	e, err := toIndex(i)
	if err != nil || e > math.MaxInt32 || e < -math.MaxInt32 {
		e = i.Sign() * math.MaxInt32
	}
	return checked("ldexp", math.Ldexp(x, e), x)
}
