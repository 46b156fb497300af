package stdlib

import (
	"math"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// The published algorithms that CPython uses, step by step, so that the same random numbers give the same results. A
// product that is added to is converted to float64, which keeps the compiler from fusing the two on other processors.

// distribution is a function of float parameters; the last of them, as many as there are defaults, may be left out.
func (r *Random) distribution(name string, params []string, defaults []float64, draw func([]float64) (float64, error)) func(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		values := make([]starlark.Value, len(params))
		pairs := make([]any, 0, 2*len(params))
		for i, p := range params {
			if at := i - (len(params) - len(defaults)); at >= 0 {
				values[i] = starlark.Float(defaults[at])
				p += "?"
			}
			pairs = append(pairs, p, &values[i])
		}
		if err := starlark.UnpackArgs(name, args, kwargs, pairs...); err != nil {
			return nil, err
		}
		xs, err := floats(values)
		if err != nil {
			return nil, err
		}
		f, err := draw(xs)
		if err != nil {
			return nil, err
		}
		return starlark.Float(f), nil
	}
}

// gaussian draws two normal numbers at a time and keeps the second for the next call.
func (r *Random) gaussian(x []float64) (float64, error) {
	z := r.gauss
	if !r.hasNext {
		angle := r.gen.float64() * (2 * math.Pi)
		radius := math.Sqrt(-2 * exactLog(1-r.gen.float64()))
		z = exactCos(angle) * radius
		r.gauss = exactSin(angle) * radius
	}
	r.hasNext = !r.hasNext
	return x[0] + float64(z*x[1]), nil
}

// normalvariate is Kinderman and Monahan's ratio of uniform deviates.
func (r *Random) normalvariate(x []float64) (float64, error) {
	magic := 4 * exactExp(-0.5) / math.Sqrt(2)
	for {
		u1 := r.gen.float64()
		u2 := 1 - r.gen.float64()
		z := magic * (u1 - 0.5) / u2
		if z*z/4 <= -exactLog(u2) {
			return x[0] + float64(z*x[1]), nil
		}
	}
}

func (r *Random) expovariate(x []float64) (float64, error) {
	if x[0] == 0 {
		return 0, wire.Errorf("ZeroDivisionError", "float division by zero")
	}
	return -exactLog(1-r.gen.float64()) / x[0], nil
}

// triangular is triangular(low=0.0, high=1.0, mode=None).
func (r *Random) triangular(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var lowv, highv, modev starlark.Value = starlark.Float(0), starlark.Float(1), nil
	if err := starlark.UnpackArgs("triangular", args, kwargs, "low?", &lowv, "high?", &highv, "mode??", &modev); err != nil {
		return nil, err
	}
	ends, err := floats([]starlark.Value{lowv, highv})
	if err != nil {
		return nil, err
	}
	low, high := ends[0], ends[1]
	u := r.gen.float64()
	c := 0.5
	if modev != nil {
		mode, err := toFloat(modev)
		if err != nil {
			return nil, err
		}
		if high == low {
			return lowv, nil
		}
		c = (mode - low) / (high - low)
	}
	if u > c {
		u, c = 1-u, 1-c
		low, high = high, low
	}
	return starlark.Float(low + float64((high-low)*math.Sqrt(u*c))), nil
}

// gammavariate is Cheng's method for alpha above 1, Ahrens and Dieter's GS below.
func (r *Random) gammavariate(x []float64) (float64, error) {
	alpha, beta := x[0], x[1]
	if !(alpha > 0) || !(beta > 0) {
		return 0, wire.Errorf("ValueError", "gammavariate: alpha and beta must be > 0.0")
	}
	switch {
	case alpha == 1:
		return -exactLog(1-r.gen.float64()) * beta, nil
	case alpha > 1:
		root := math.Sqrt(float64(2*alpha) - 1)
		b := alpha - exactLog(4)
		c := alpha + root
		magic := 1 + exactLog(4.5)
		for {
			u1 := r.gen.float64()
			if u1 <= 1e-7 || u1 >= 0.9999999 {
				continue
			}
			u2 := 1 - r.gen.float64()
			v := exactLog(u1/(1-u1)) / root
			y := alpha * exactExp(v)
			z := u1 * u1 * u2
			rest := b + float64(c*v) - y
			if rest+magic-float64(4.5*z) >= 0 || rest >= exactLog(z) {
				return y * beta, nil
			}
		}
	}
	b := (math.E + alpha) / math.E
	for {
		p := b * r.gen.float64()
		if p <= 1 {
			y := pow(p, 1/alpha)
			if r.gen.float64() <= exactExp(-y) {
				return y * beta, nil
			}
		} else {
			y := -exactLog((b - p) / alpha)
			if r.gen.float64() <= pow(y, alpha-1) {
				return y * beta, nil
			}
		}
	}
}

func (r *Random) betavariate(x []float64) (float64, error) {
	y, err := r.gammavariate([]float64{x[0], 1})
	if err != nil || y == 0 {
		return 0, err
	}
	z, err := r.gammavariate([]float64{x[1], 1})
	return y / (y + z), err
}
