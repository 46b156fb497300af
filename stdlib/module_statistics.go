package stdlib

import (
	"math"
	"math/big"
	"sort"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// statisticsModule makes the members of the module statistics. Sums are exact, as CPython's.
// https://docs.python.org/3/library/statistics.html
func (l *Lib) statisticsModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"fmean": l.statFmean, "geometric_mean": l.statGeometric, "harmonic_mean": l.statHarmonic, "mean": l.statMean,
		"median": l.statMedian("median"), "median_high": l.statMedian("median_high"), "median_low": l.statMedian("median_low"),
		"mode": l.statMode, "multimode": l.statMultimode, "quantiles": l.statQuantiles,
		"pstdev": l.statSpread("pstdev"), "pvariance": l.statSpread("pvariance"), "stdev": l.statSpread("stdev"), "variance": l.statSpread("variance"),
		"correlation": l.statPairs("correlation"), "covariance": l.statPairs("covariance"),
	})
	members["StatisticsError"] = l.moduleException("statistics.StatisticsError", "ValueError")
	return members
}

func statError(text string) error { return wire.Errorf("statistics.StatisticsError", "%s", text) }

// numbers returns the data as exact fractions, and whether all are ints. Infinities and NaN come as the float total.
func (l *Lib) numbers(thread *starlark.Thread, v starlark.Value) (xs []*big.Rat, ints bool, special float64, err error) {
	all, err := l.drain(thread, v)
	ints = true
	for _, v := range all {
		n, ok := number(v)
		if !ok {
			return nil, false, 0, wire.Errorf("TypeError", "can't convert type '%s' to numerator/denominator", pyType(v))
		}
		switch n := n.(type) {
		case starlark.Int:
			xs = append(xs, new(big.Rat).SetInt(n.BigInt()))
		case starlark.Float:
			ints = false
			if r := new(big.Rat).SetFloat64(float64(n)); r != nil {
				xs = append(xs, r)
			} else {
				special += float64(n)
				xs = append(xs, new(big.Rat))
			}
		}
	}
	return xs, ints, special, err
}

// exactValue is a fraction as Python gives it back: an int where all data were ints and it is one, else the nearest float.
func exactValue(r *big.Rat, ints bool) starlark.Value {
	if ints && r.IsInt() {
		return starlark.MakeBigInt(r.Num())
	}
	f, _ := r.Float64()
	return starlark.Float(f)
}

func meanOf(xs []*big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, x := range xs {
		sum.Add(sum, x)
	}
	return sum.Quo(sum, new(big.Rat).SetInt64(int64(len(xs))))
}

func (l *Lib) statMean(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Value
	if err := bind("mean", args, kwargs, "data", &data); err != nil {
		return nil, err
	}
	xs, ints, special, err := l.numbers(thread, data)
	switch {
	case err != nil:
		return nil, err
	case len(xs) == 0:
		return nil, statError("mean requires at least one data point")
	case special != 0:
		return starlark.Float(special), nil
	}
	return exactValue(meanOf(xs), ints), nil
}

// statFmean is fmean(data, weights=None).
func (l *Lib) statFmean(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, weights starlark.Value = nil, starlark.None
	if err := bind("fmean", args, kwargs, "data", &data, "weights?", &weights); err != nil {
		return nil, err
	}
	xs, _, special, err := l.numbers(thread, data)
	if err != nil {
		return nil, err
	}
	if weights != starlark.None {
		ws, _, _, err := l.numbers(thread, weights)
		if err != nil {
			return nil, err
		}
		if len(ws) != len(xs) {
			return nil, statError("data and weights must be the same length")
		}
		num, den := new(big.Rat), new(big.Rat)
		for i := range xs {
			num.Add(num, new(big.Rat).Mul(xs[i], ws[i]))
			den.Add(den, ws[i])
		}
		if den.Sign() == 0 {
			return nil, statError("sum of weights must be non-zero")
		}
		return exactValue(num.Quo(num, den), false), nil
	}
	if len(xs) == 0 {
		return nil, statError("fmean requires at least one data point")
	}
	if special != 0 {
		return starlark.Float(special), nil
	}
	return exactValue(meanOf(xs), false), nil
}

func (l *Lib) statGeometric(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Value
	if err := bind("geometric_mean", args, kwargs, "data", &data); err != nil {
		return nil, err
	}
	all, err := l.drain(thread, data)
	if err != nil {
		return nil, err
	}
	xs, err := floats(all)
	if err != nil {
		return nil, err
	}
	if len(xs) == 0 {
		return nil, statError("Must have a non-empty dataset")
	}
	sum, special, zero := double2{}, 0.0, false
	for _, x := range xs {
		switch {
		case x < 0:
			return nil, statError("No negative inputs allowed")
		case x == 0:
			zero = true
		case math.IsInf(x, 0) || math.IsNaN(x):
			special += x
		default:
			sum = sum.add(lnDouble2(x))
		}
	}
	switch {
	case zero && special != 0:
		return starlark.Float(math.NaN()), nil
	case zero:
		return starlark.Float(0), nil
	case special != 0:
		return starlark.Float(special), nil
	}
	return starlark.Float(exactExp(sum.float() / float64(len(xs)))), nil
}

// statHarmonic is harmonic_mean(data, weights=None).
func (l *Lib) statHarmonic(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, weights starlark.Value = nil, starlark.None
	if err := bind("harmonic_mean", args, kwargs, "data", &data, "weights?", &weights); err != nil {
		return nil, err
	}
	all, err := l.drain(thread, data)
	if err != nil {
		return nil, err
	}
	xs, err := floats(all)
	if err != nil {
		return nil, err
	}
	if len(xs) == 0 {
		return nil, statError("harmonic_mean requires at least one data point")
	}
	ws := make([]float64, len(xs))
	if weights == starlark.None {
		for i := range ws {
			ws[i] = 1
		}
	} else if given, err := l.drain(thread, weights); err != nil {
		return nil, err
	} else if ws, err = floats(given); err != nil {
		return nil, err
	} else if len(ws) != len(xs) {
		return nil, statError("Number of weights does not match data size")
	}
	sumOfWeights, total, overflow := new(big.Rat), new(big.Rat), 0.0
	for i, x := range xs {
		w := ws[i]
		switch {
		case x < 0 || w < 0:
			return nil, statError("harmonic mean does not support negative values")
		case w == 0:
			continue
		case x == 0:
			return starlark.MakeInt(0), nil
		}
		if weight := new(big.Rat).SetFloat64(w); weight != nil {
			sumOfWeights.Add(sumOfWeights, weight)
		}
		if part := new(big.Rat).SetFloat64(w / x); part != nil {
			total.Add(total, part)
		} else {
			overflow += w / x
		}
	}
	switch {
	case len(xs) == 1 && weights == starlark.None:
		return all[0], nil
	case overflow != 0:
		f, _ := sumOfWeights.Float64()
		return starlark.Float(f / overflow), nil
	case total.Sign() <= 0:
		return nil, statError("Weighted sum must be positive")
	}
	return exactValue(sumOfWeights.Quo(sumOfWeights, total), false), nil
}

// sorted returns the data in order.
func (l *Lib) sorted(thread *starlark.Thread, v starlark.Value) ([]starlark.Value, error) {
	all, err := l.drain(thread, v)
	if err != nil {
		return nil, err
	}
	sort.SliceStable(all, func(i, j int) bool {
		less, e := l.less(all[i], all[j])
		if e != nil && err == nil {
			err = e
		}
		return less
	})
	return all, err
}

// less is x < y.
func (l *Lib) less(x, y starlark.Value) (bool, error) {
	v, err := l.Compare(syntax.LT, x, y)
	if err != nil {
		return false, err
	}
	return bool(v.Truth()), l.check()
}

func (l *Lib) statMedian(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var data starlark.Value
		if err := bind(name, args, kwargs, "data", &data); err != nil {
			return nil, err
		}
		xs, err := l.sorted(thread, data)
		if err != nil {
			return nil, err
		}
		n := len(xs)
		switch {
		case n == 0:
			return nil, statError("no median for empty data")
		case n%2 == 1 || name == "median_high":
			return xs[n/2], nil
		case name == "median_low":
			return xs[n/2-1], nil
		}
		sum, err := operate(syntax.PLUS, "+", xs[n/2-1], xs[n/2])
		if err != nil {
			return nil, err
		}
		return operate(syntax.SLASH, "/", sum, starlark.MakeInt(2))
	}
}

// modes returns the most frequent values in the order of their first appearance.
func (l *Lib) modes(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) ([]starlark.Value, error) {
	var data starlark.Value
	if err := bind(name, args, kwargs, "data", &data); err != nil {
		return nil, err
	}
	all, err := l.drain(thread, data)
	if err != nil {
		return nil, err
	}
	counts := new(starlark.Dict)
	most := 0
	for _, v := range all {
		n := 0
		old, found, err := counts.Get(v)
		if err != nil {
			return nil, err
		}
		if found {
			n, _ = starlark.AsInt32(old)
		}
		most = max(most, n+1)
		_ = counts.SetKey(v, starlark.MakeInt(n+1)) // Get took the key
	}
	var modes []starlark.Value
	for k, v := range counts.Entries() {
		if v == starlark.MakeInt(most) {
			modes = append(modes, k)
		}
	}
	return modes, nil
}

func (l *Lib) statMode(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	modes, err := l.modes(thread, "mode", args, kwargs)
	if err != nil {
		return nil, err
	}
	if len(modes) == 0 {
		return nil, statError("no mode for empty data")
	}
	return modes[0], nil
}

func (l *Lib) statMultimode(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	modes, err := l.modes(thread, "multimode", args, kwargs)
	return starlark.NewList(modes), err
}

// statSpread is variance, pvariance and their roots; the second argument is the mean if it is known.
func (l *Lib) statSpread(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var data, mean starlark.Value = nil, starlark.None
		population := name[0] == 'p'
		second := "xbar?"
		if population {
			second = "mu?"
		}
		if err := bind(name, args, kwargs, "data", &data, second, &mean); err != nil {
			return nil, err
		}
		xs, ints, special, err := l.numbers(thread, data)
		if err != nil {
			return nil, err
		}
		n := len(xs)
		if special != 0 {
			return starlark.Float(math.NaN()), nil
		}
		if n == 0 || n == 1 && !population {
			points := "at least two data points"
			if population {
				points = "at least one data point"
			}
			return nil, statError(name + " requires " + points)
		}
		mid := meanOf(xs)
		if mean != starlark.None {
			ms, _, _, err := l.numbers(thread, starlark.Tuple{mean})
			if err != nil {
				return nil, err
			}
			mid = ms[0]
		}
		sum := new(big.Rat)
		for _, x := range xs {
			d := new(big.Rat).Sub(x, mid)
			sum.Add(sum, d.Mul(d, d))
		}
		if !population {
			n--
		}
		sum.Quo(sum, new(big.Rat).SetInt64(int64(n)))
		if name == "variance" || name == "pvariance" {
			return exactValue(sum, ints), nil
		}
		root := new(big.Float).SetPrec(200).SetRat(sum)
		f, _ := root.Sqrt(root).Float64()
		return starlark.Float(f), nil
	}
}

// statPairs is correlation(x, y) and covariance(x, y).
func (l *Lib) statPairs(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var x, y starlark.Value
		if err := bind(name, args, kwargs, "x", &x, "y", &y); err != nil {
			return nil, err
		}
		xs, _, _, err := l.numbers(thread, x)
		if err != nil {
			return nil, err
		}
		ys, _, _, err := l.numbers(thread, y)
		switch {
		case err != nil:
			return nil, err
		case len(xs) != len(ys):
			return nil, statError(name + " requires that both inputs have same number of data points")
		case len(xs) < 2:
			return nil, statError(name + " requires at least two data points")
		}
		mx, my := meanOf(xs), meanOf(ys)
		sxy, sxx, syy := new(big.Rat), new(big.Rat), new(big.Rat)
		for i := range xs {
			dx, dy := new(big.Rat).Sub(xs[i], mx), new(big.Rat).Sub(ys[i], my)
			sxy.Add(sxy, new(big.Rat).Mul(dx, dy))
			sxx.Add(sxx, new(big.Rat).Mul(dx, dx))
			syy.Add(syy, new(big.Rat).Mul(dy, dy))
		}
		if name == "covariance" {
			return exactValue(sxy.Quo(sxy, new(big.Rat).SetInt64(int64(len(xs)-1))), false), nil
		}
		product := sxx.Mul(sxx, syy)
		if product.Sign() == 0 {
			return nil, statError("at least one of the inputs is constant")
		}
		root := new(big.Float).SetPrec(200).SetRat(product)
		root.Sqrt(root)
		f, _ := root.Quo(new(big.Float).SetPrec(200).SetRat(sxy), root).Float64()
		return starlark.Float(f), nil
	}
}

// statQuantiles is quantiles(data, *, n=4, method='exclusive').
func (l *Lib) statQuantiles(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Value
	n, kind := 4, "exclusive"
	if err := bind("quantiles", args, kwargs, "data", &data, "*", "n?", &n, "method?", &kind); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, statError("n must be at least 1")
	}
	xs, err := l.sorted(thread, data)
	if err != nil {
		return nil, err
	}
	count := len(xs)
	if count == 0 {
		return nil, statError("must have at least one data point")
	}
	if kind != "exclusive" && kind != "inclusive" {
		return nil, wire.Errorf("ValueError", "Unknown method: %s", pyQuote(kind))
	}
	cuts := make([]starlark.Value, 0, n-1)
	for i := 1; i < n; i++ {
		if count == 1 {
			cuts = append(cuts, xs[0])
			continue
		}
		var j, delta int
		if kind == "inclusive" {
			j, delta = i*(count-1)/n, i*(count-1)%n
		} else {
			j = max(1, min(i*(count+1)/n, count-1)) - 1
			delta = i*(count+1) - (j+1)*n
		}
		v := xs[j]
		next := xs[min(j+1, count-1)]
		a, err := operate(syntax.STAR, "*", v, starlark.MakeInt(n-delta))
		if err != nil {
			return nil, err
		}
		b, err := operate(syntax.STAR, "*", next, starlark.MakeInt(delta))
		if err != nil {
			return nil, err
		}
		if a, err = operate(syntax.PLUS, "+", a, b); err != nil {
			return nil, err
		}
		if a, err = operate(syntax.SLASH, "/", a, starlark.MakeInt(n)); err != nil {
			return nil, err
		}
		cuts = append(cuts, a)
	}
	return starlark.NewList(cuts), nil
}
