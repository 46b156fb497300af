package stdlib

import "math"

// Elementary functions rounded correctly in all but about one case in 2**40, where Go's differ from the true value's
// nearest float in a quarter of all cases. glibc's, and so CPython's, are nearly always the nearest float, and so a
// script prints the same digits here and there, and random.gauss draws the same numbers.
//
// Each takes Go's result, or a short series, in double-double arithmetic: a number is the exact sum of two floats, the
// second at most half a unit in the last place of the first.

type double2 struct{ hi, lo float64 }

func (a double2) float() float64 { return a.hi + a.lo }

// twoSum is the exact sum of two floats.
func twoSum(a, b float64) double2 {
	s := a + b
	t := s - a
	return double2{s, (a - (s - t)) + (b - t)}
}

// twoProd is the exact product of two floats.
func twoProd(a, b float64) double2 {
	p := a * b
	return double2{p, math.FMA(a, b, -p)}
}

func (a double2) add(b double2) double2 {
	s := twoSum(a.hi, b.hi)
	t := twoSum(a.lo, b.lo)
	s = twoSum(s.hi, s.lo+t.hi)
	return twoSum(s.hi, s.lo+t.lo)
}

func (a double2) neg() double2 { return double2{-a.hi, -a.lo} }

func (a double2) mul(b double2) double2 {
	p := twoProd(a.hi, b.hi)
	return twoSum(p.hi, p.lo+(a.hi*b.lo+a.lo*b.hi))
}

func (a double2) scale(f float64) double2 { return a.mul(double2{f, 0}) }

func (a double2) div(b double2) double2 {
	q := a.hi / b.hi
	r := a.add(b.scale(q).neg())
	q2 := r.hi / b.hi
	r = r.add(b.scale(q2).neg())
	return twoSum(q, q2).add(double2{r.hi / b.hi, 0})
}

var (
	ln2        = double2{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
	ln10       = double2{0x1.26bb1bbb55516p1, -0x1.f48ad494ea3e9p-53}
	sixth      = double2{0x1.5555555555555p-3, 0x1.5555555555555p-57}
	twentieth4 = double2{0x1.5555555555555p-5, 0x1.5555555555555p-59} // 1/24
	hundredth  = double2{0x1.1111111111111p-7, 0x1.1111111111111p-63} // 1/120
)

// plus is add for numbers that don't cancel.
func (a double2) plus(b double2) double2 {
	s := twoSum(a.hi, b.hi)
	lo := s.lo + (a.lo + b.lo)
	hi := s.hi + lo
	return double2{hi, lo - (hi - s.hi)}
}

// expScaled returns r and n with exp(x) = r * 2**n, for |x| < 800.
func expScaled(x double2) (double2, int) {
	n := math.Round(x.hi / ln2.hi)
	// |r| is at most ln(2)/2/16 = 0.022. In the series of exp(r)-1 the terms from r**4 on are so small beside the first
	// that plain floats are exact enough.
	r := x.add(ln2.scale(-n))
	r = double2{r.hi / 16, r.lo / 16}
	square := r.mul(r)
	h := r.hi
	rest := square.hi * square.hi * (1.0/24 + h*(1.0/120+h*(1.0/720+h*(1.0/5040+h*(1.0/40320+h/362880)))))
	sum := r.plus(double2{square.hi / 2, square.lo / 2}).plus(square.mul(r).mul(sixth)).plus(double2{rest, 0})
	for range 4 { // exp(2r)-1 is 2s + s*s for s = exp(r)-1
		sum = double2{2 * sum.hi, 2 * sum.lo}.plus(sum.mul(sum))
	}
	return sum.add(double2{1, 0}), int(n)
}

func exactExp(x float64) float64 {
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	r, n := expScaled(double2{x, 0})
	return math.Ldexp(r.float(), n)
}

// lnDouble2 is the natural logarithm of a finite x > 0.
func lnDouble2(x float64) double2 {
	if d := x - 1; math.Abs(d) < 1.0/1024 { // exact, and the difference below would have few digits
		sum, power := double2{}, double2{-1, 0}
		for k := 1.0; k <= 12; k++ {
			power = power.scale(-d)
			sum = sum.add(power.div(double2{k, 0}))
		}
		return sum
	}
	// One step of Newton's: y + x*exp(-y) - 1. The exponent apart keeps subnormals and the step's scale right.
	m, e := math.Frexp(x)
	y := math.Log(m)
	r, n := expScaled(double2{-y, 0})
	r = r.scale(math.Ldexp(1, n)).scale(m).add(double2{-1, 0})
	return twoSum(y, 0).add(r).add(ln2.scale(float64(e)))
}

func exactLog(x float64) float64 {
	if !finitePositive(x) {
		return math.Log(x)
	}
	return lnDouble2(x).float()
}

func exactLog2(x float64) float64 {
	if !finitePositive(x) {
		return math.Log2(x)
	}
	return lnDouble2(x).div(ln2).float()
}

func exactLog10(x float64) float64 {
	if !finitePositive(x) {
		return math.Log10(x)
	}
	return lnDouble2(x).div(ln10).float()
}

func finitePositive(x float64) bool { return x > 0 && x <= math.MaxFloat64 }

// pow is x**y. Special values, and results near the ends of the range, are Go's.
func pow(x, y float64) float64 {
	r := math.Pow(x, y)
	if a := math.Abs(r); !(a > 1e-290 && a < 1e290) || a == 1 || x == 0 || math.IsInf(y, 0) {
		return r
	}
	e, n := expScaled(lnDouble2(math.Abs(x)).scale(y))
	return math.Copysign(math.Ldexp(e.float(), n), r)
}

// sinCos returns both for |x| < 2**20.
func sinCos(x float64) (sin, cos double2) {
	n := math.Round(x / (math.Pi / 2))
	// x less n quarter turns, which take three floats.
	r := double2{x, 0}
	for _, part := range [...]float64{0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110} {
		r = r.add(twoProd(-n, part))
	}
	// Of each series the first terms in double precision; the others are small enough for plain floats.
	square := r.mul(r)
	x2 := square.hi
	tail := x2 * x2 * x2 * (-1.0/5040 + x2*(1.0/362880+x2*(-1.0/39916800+x2*(1.0/6227020800+x2*(-1.0/1307674368000+x2*(1.0/355687428096000+x2*(-1.0/121645100408832000+x2*(1.0/51090942171709440000))))))))
	factor := double2{-sixth.hi, -sixth.lo}.plus(square.mul(hundredth)).mul(square).plus(double2{tail, 0})
	sin = r.plus(r.mul(factor))
	tail = x2 * x2 * x2 * x2 * (1.0/40320 + x2*(-1.0/3628800+x2*(1.0/479001600+x2*(-1.0/87178291200+x2*(1.0/20922789888000+x2*(-1.0/6402373705728000+x2*(1.0/2432902008176640000+x2*(-1.0/1124000727777607680000))))))))
	fourth := square.mul(square)
	cos = double2{1, 0}.plus(double2{-square.hi / 2, -square.lo / 2}).plus(fourth.mul(twentieth4)).
		plus(fourth.mul(square).mul(double2{-1.0 / 720, 0x1.f49f49f49f49fp-65})).plus(double2{tail, 0})
	switch int(n) & 3 {
	case 1:
		return cos, sin.neg()
	case 2:
		return sin.neg(), cos.neg()
	case 3:
		return cos.neg(), sin
	}
	return sin, cos
}

func reducible(x float64) bool { a := math.Abs(x); return a < 1<<20 && a > 1e-100 }

func exactSin(x float64) float64 {
	if !reducible(x) {
		return math.Sin(x)
	}
	s, _ := sinCos(x)
	return s.float()
}

func exactCos(x float64) float64 {
	if !reducible(x) {
		return math.Cos(x)
	}
	_, c := sinCos(x)
	return c.float()
}

func exactTan(x float64) float64 {
	if !reducible(x) {
		return math.Tan(x)
	}
	s, c := sinCos(x)
	return s.div(c).float()
}

// exactAtan2 corrects Go's angle by its distance from the point's own.
func exactAtan2(y, x float64) float64 {
	t := math.Atan2(y, x)
	scale := max(math.Abs(y), math.Abs(x))
	if !(scale < 1e150 && scale > 1e-150) || !reducible(t) || y == 0 || x == 0 {
		return t
	}
	s, c := sinCos(t)
	return twoSum(t, 0).add(c.scale(y).add(s.scale(-x)).div(c.scale(x).add(s.scale(y)))).float()
}

func exactAtan(x float64) float64 { return exactAtan2(x, 1) }

func exactAsin(x float64) float64 {
	t := math.Asin(x)
	if !reducible(t) || math.Abs(x) == 1 {
		return t
	}
	s, c := sinCos(t)
	return twoSum(t, 0).add(double2{x, 0}.add(s.neg()).div(c)).float()
}

func exactAcos(x float64) float64 {
	t := math.Acos(x)
	if !reducible(t) || math.Abs(x) == 1 {
		return t
	}
	s, c := sinCos(t)
	return twoSum(t, 0).add(c.add(double2{-x, 0}).div(s)).float()
}

// exactHypot is the square root of the sum of squares.
func exactHypot(xs []float64) float64 {
	top := 0.0
	for _, x := range xs {
		switch a := math.Abs(x); {
		case math.IsInf(a, 0):
			return a
		case !(a <= top): // a NaN stays, unless an infinity comes
			top = a
		}
	}
	if top == 0 || math.IsNaN(top) {
		return top
	}
	_, e := math.Frexp(top)
	sum := double2{}
	for _, x := range xs {
		x = math.Ldexp(x, -e)
		sum = sum.add(twoProd(x, x))
	}
	root := math.Sqrt(sum.hi)
	rest := sum.add(twoProd(-root, root))
	return math.Ldexp(root+rest.hi/(2*root), e)
}
