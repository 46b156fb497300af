package stdlib

import (
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// intArgs are the arguments of a function of integers.
func intArgs(args []starlark.Value) ([]*big.Int, error) {
	xs := make([]*big.Int, len(args))
	for i, v := range args {
		n, err := toInt(v)
		if err != nil {
			return nil, err
		}
		xs[i] = n.BigInt()
	}
	return xs, nil
}

func mathFactorial(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("factorial", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	x, err := toInt(args[0])
	if err != nil {
		return nil, err
	}
	if x.Sign() < 0 {
		return nil, wire.Errorf("ValueError", "factorial() not defined for negative values")
	}
	n, ok := x.Int64()
	if !ok || n > 1<<31 {
		return nil, wire.Errorf("OverflowError", "factorial() argument should not exceed %d", int64(1)<<31)
	}
	return starlark.MakeBigInt(new(big.Int).MulRange(1, n)), nil
}

func mathIsqrt(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("isqrt", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	xs, err := intArgs(args)
	if err != nil {
		return nil, err
	}
	if xs[0].Sign() < 0 {
		return nil, wire.Errorf("ValueError", "isqrt() argument must be nonnegative")
	}
	return starlark.MakeBigInt(new(big.Int).Sqrt(xs[0])), nil
}

// chooseArgs are n and k of comb and perm. all is true where k is left out.
func chooseArgs(name string, args starlark.Tuple, kwargs []starlark.Tuple, low int) (n *big.Int, k int64, all bool, err error) {
	if err := argCount(name, args, kwargs, low, 2); err != nil {
		return nil, 0, false, err
	}
	if len(args) == 2 && args[1] == starlark.None && low == 1 {
		args = args[:1]
	}
	xs, err := intArgs(args)
	if err != nil {
		return nil, 0, false, err
	}
	switch {
	case xs[0].Sign() < 0:
		return nil, 0, false, wire.Errorf("ValueError", "n must be a non-negative integer")
	case len(xs) == 1:
		return xs[0], 0, true, nil
	case xs[1].Sign() < 0:
		return nil, 0, false, wire.Errorf("ValueError", "k must be a non-negative integer")
	case xs[1].Cmp(xs[0]) > 0:
		return xs[0], -1, false, nil
	}
	if name == "comb" { // comb(n, k) is comb(n, n-k)
		if rest := new(big.Int).Sub(xs[0], xs[1]); rest.Cmp(xs[1]) < 0 {
			xs[1] = rest
		}
	}
	if !xs[1].IsInt64() {
		return nil, 0, false, wire.Errorf("OverflowError", "%s: k is too large", name)
	}
	return xs[0], xs[1].Int64(), false, nil
}

func mathComb(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	n, k, _, err := chooseArgs("comb", args, kwargs, 2)
	if err != nil {
		return nil, err
	}
	if k < 0 {
		return starlark.MakeInt(0), nil
	}
	if n.IsInt64() {
		return starlark.MakeBigInt(new(big.Int).Binomial(n.Int64(), k)), nil
	}
	r := falling(n, k)
	return starlark.MakeBigInt(r.Quo(r, new(big.Int).MulRange(1, k))), nil
}

func mathPerm(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	n, k, all, err := chooseArgs("perm", args, kwargs, 1)
	switch {
	case err != nil:
		return nil, err
	case all:
		return mathFactorial(nil, b, args[:1], nil)
	case k < 0:
		return starlark.MakeInt(0), nil
	}
	return starlark.MakeBigInt(falling(n, k)), nil
}

// falling is n * (n-1) * ... with k factors.
func falling(n *big.Int, k int64) *big.Int {
	r, f := big.NewInt(1), new(big.Int).Set(n)
	for range k {
		r.Mul(r, f)
		f.Sub(f, big.NewInt(1))
	}
	return r
}

func mathGcd(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noKeywords("gcd", kwargs); err != nil {
		return nil, err
	}
	xs, err := intArgs(args)
	if err != nil {
		return nil, err
	}
	r := new(big.Int)
	for _, x := range xs {
		r.GCD(nil, nil, r, new(big.Int).Abs(x))
	}
	return starlark.MakeBigInt(r), nil
}

func mathLcm(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noKeywords("lcm", kwargs); err != nil {
		return nil, err
	}
	xs, err := intArgs(args)
	if err != nil {
		return nil, err
	}
	r := big.NewInt(1)
	for _, x := range xs {
		if x.Sign() == 0 {
			return starlark.MakeInt(0), nil
		}
		x = new(big.Int).Abs(x)
		r.Mul(r, new(big.Int).Quo(x, new(big.Int).GCD(nil, nil, r, x)))
	}
	return starlark.MakeBigInt(r), nil
}
