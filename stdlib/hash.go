package stdlib

import (
	"math"
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinHash is https://docs.python.org/3/library/functions.html#hash. Numbers hash as in CPython, strings and bytes as Starlark
// specifies; tuples of these, too, have the same hash in every process, so work can be divided by it.
func (l *Lib) builtinHash(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("hash", 1, args, kwargs); err != nil {
		return nil, err
	}
	h, err := l.hash(thread, args[0])
	if err != nil {
		return nil, err
	}
	return starlark.MakeInt64(h), nil
}

func (l *Lib) hash(thread *starlark.Thread, x starlark.Value) (int64, error) {
	switch x := x.(type) {
	case starlark.String, starlark.Bytes:
		v, err := starlark.Call(thread, starlark.Universe["hash"], starlark.Tuple{x}, nil)
		if err != nil {
			return 0, err
		}
		h, _ := v.(starlark.Int).Int64()
		return h, nil
	case starlark.NoneType:
		return 0xfca86420, nil
	case starlark.Bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case starlark.Int:
		return hashInt(x), nil
	case starlark.Float:
		return hashFloat(float64(x)), nil
	case starlark.Tuple:
		return l.hashTuple(thread, x)
	case *Instance:
		fn, ok := x.cls.hasher()
		if ok && fn != nil {
			i, err := x.hash(fn)
			return hashInt(i), err
		}
	}
	h, err := x.Hash()
	if err == nil {
		err = l.check()
	}
	return int64(h), err
}

// hashModulus is the prime by which CPython reduces numbers.
const hashModulus = 1<<61 - 1

func hashInt(i starlark.Int) int64 {
	h, ok := i.Int64()
	if !ok {
		h = new(big.Int).Rem(i.BigInt(), big.NewInt(hashModulus)).Int64()
	}
	h %= hashModulus
	if h == -1 {
		h = -2 // as CPython, where -1 means an error
	}
	return h
}

// hashFloat is the hash of the number m*2^e modulo 2^61-1, so that it is the int's where there is one.
func hashFloat(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case math.IsInf(f, 1):
		return 314159
	case math.IsInf(f, -1):
		return -314159
	}
	m, e := math.Frexp(math.Abs(f))
	h := uint64(math.Ldexp(m, 53)) // below 2^53, exact
	// Multiplying by 2^k modulo 2^61-1 is rotating 61 bits by k.
	k := uint((e-53)%61+61) % 61
	h = (h<<k | h>>(61-k)) & hashModulus
	if h == hashModulus {
		h = 0
	}
	n := int64(h)
	if f < 0 {
		n = -n
	}
	if n == -1 {
		n = -2
	}
	return n
}

// hashTuple is CPython's, a simplified xxHash.
func (l *Lib) hashTuple(thread *starlark.Thread, t starlark.Tuple) (int64, error) {
	const p1, p2, p5 = 11400714785074694791, 14029467366897019727, 2870177450012600261
	acc := uint64(p5)
	for _, x := range t {
		h, err := l.hash(thread, x)
		if err != nil {
			return 0, err
		}
		acc += uint64(h) * p2
		acc = acc<<31 | acc>>33
		acc *= p1
	}
	acc += uint64(len(t)) ^ (p5 ^ 3527539)
	if acc == math.MaxUint64 {
		return 1546275796, nil
	}
	return int64(acc), nil
}

// hash calls __hash__.
func (x *Instance) hash(fn starlark.Value) (starlark.Int, error) {
	v, err := x.cls.lib.hook(x, fn)
	if err != nil {
		return starlark.Int{}, err
	}
	switch v := v.(type) {
	case starlark.Int:
		return v, nil
	case starlark.Bool:
		if v {
			return starlark.MakeInt(1), nil
		}
		return starlark.MakeInt(0), nil
	}
	return starlark.Int{}, wire.Errorf("TypeError", "__hash__ method should return an integer")
}
