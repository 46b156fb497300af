package stdlib

import (
	"math"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// vonmisesvariate is Fisher's method.
func (r *Random) vonmisesvariate(x []float64) (float64, error) {
	mu, kappa := x[0], x[1]
	if kappa <= 1e-6 {
		return 2 * math.Pi * r.gen.float64(), nil
	}
	s := 0.5 / kappa
	a := s + math.Sqrt(1+float64(s*s))
	var z float64
	for {
		z = exactCos(math.Pi * r.gen.float64())
		d := z / (a + z)
		u := r.gen.float64()
		if u < 1-float64(d*d) || u <= (1-d)*exactExp(d) {
			break
		}
	}
	q := 1 / a
	angle := exactAcos((q + z) / (1 + float64(q*z)))
	if r.gen.float64() <= 0.5 {
		angle = -angle
	}
	_, rest := floatDivmod(mu+angle, 2*math.Pi)
	return rest, nil
}

// binomialvariate is binomialvariate(n=1, p=0.5).
func (r *Random) binomialvariate(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	n, pv := 1, starlark.Value(starlark.Float(0.5))
	if err := bind("binomialvariate", args, kwargs, "n?", &n, "p?", &pv); err != nil {
		return nil, err
	}
	p, err := toFloat(pv)
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, wire.Errorf("ValueError", "n must be non-negative")
	case !(p >= 0 && p <= 1):
		return nil, wire.Errorf("ValueError", "p must be in the range 0.0 <= p <= 1.0")
	}
	return starlark.MakeInt(r.binomial(n, p)), nil
}

// binomial counts the successes among n trials. It adds up the gaps between few successes (Devroye), and draws many at once by transformed
// rejection with a squeeze (Hörmann's BTRS).
func (r *Random) binomial(n int, p float64) int {
	switch {
	case p == 0:
		return 0
	case p == 1:
		return n
	case n == 1 && r.gen.float64() < p:
		return 1
	case n == 1:
		return 0
	case p > 0.5:
		return n - r.binomial(n, 1-p)
	}
	size := float64(n)
	if size*p < 10 {
		c := exactLog2(1 - p)
		if c == 0 {
			return 0
		}
		successes, at := 0, 0.0
		for {
			at += math.Floor(exactLog2(r.gen.float64())/c) + 1
			if at > size {
				return successes
			}
			successes++
		}
	}
	logGamma := func(x float64) float64 { g, _ := math.Lgamma(x); return g }
	spread := math.Sqrt(size * p * (1 - p))
	b := 1.15 + float64(2.53*spread)
	a := -0.0873 + float64(0.0248*b) + float64(0.01*p)
	c := float64(size*p) + 0.5
	squeeze := 0.92 - 4.2/b
	alpha := (2.83 + 5.1/b) * spread
	odds := exactLog(p / (1 - p))
	mode := math.Floor((size + 1) * p)
	h := logGamma(mode+1) + logGamma(size-mode+1)
	for {
		u := r.gen.float64() - 0.5
		us := 0.5 - math.Abs(u)
		k := math.Floor(float64((2*a/us+b)*u) + c)
		if k < 0 || k > size {
			continue
		}
		v := r.gen.float64()
		if us >= 0.07 && v <= squeeze {
			return int(k)
		}
		v *= alpha / (a/float64(us*us) + b)
		if exactLog(v) <= h-logGamma(k+1)-logGamma(size-k+1)+float64((k-mode)*odds) {
			return int(k)
		}
	}
}
