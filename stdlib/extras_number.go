package stdlib

import (
	"math"
	"math/big"
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// https://docs.python.org/3/library/stdtypes.html#additional-methods-on-integer-types
func extraOfInt(name string) extraMethod {
	of := func(f func(x *big.Int) starlark.Value) extraMethod {
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			x, _ := number(b.Receiver())
			return f(x.(starlark.Int).BigInt()), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	switch name {
	case "bit_length":
		return of(func(x *big.Int) starlark.Value { return starlark.MakeInt(x.BitLen()) })
	case "bit_count":
		return of(func(x *big.Int) starlark.Value {
			n := 0
			for _, b := range x.Bytes() {
				for ; b != 0; b &= b - 1 {
					n++
				}
			}
			return starlark.MakeInt(n)
		})
	case "is_integer":
		return of(func(*big.Int) starlark.Value { return starlark.True })
	case "to_bytes":
		return intToBytes
	}
	return nil
}

// intToBytes is int.to_bytes(length=1, byteorder="big", *, signed=False).
func intToBytes(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	length, order, signed := 1, "big", false
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "length?", &length, "byteorder?", &order, "signed?", &signed); err != nil {
		return nil, err
	}
	if order != "big" && order != "little" {
		return nil, wire.Errorf("ValueError", "byteorder must be either 'little' or 'big'")
	}
	if length < 0 || length > widest {
		return nil, wire.Errorf("ValueError", "length argument must be non-negative")
	}
	v, _ := number(b.Receiver())
	x := v.(starlark.Int).BigInt()
	bits := 8 * length
	switch {
	case x.Sign() < 0 && !signed:
		return nil, wire.Errorf("OverflowError", "can't convert negative int to unsigned")
	case x.Sign() < 0:
		if new(big.Int).Not(x).BitLen() > bits-1 {
			return nil, wire.Errorf("OverflowError", "int too big to convert")
		}
		x = new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	case signed && x.BitLen() > bits-1 && x.Sign() != 0, x.BitLen() > bits:
		return nil, wire.Errorf("OverflowError", "int too big to convert")
	}
	data := x.FillBytes(make([]byte, length))
	if order == "little" {
		slices.Reverse(data)
	}
	return starlark.Bytes(data), nil
}

func floatIsInteger(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x := float64(b.Receiver().(starlark.Float))
	return starlark.Bool(x == math.Trunc(x) && !math.IsInf(x, 0)), starlark.UnpackArgs(b.Name(), args, kwargs)
}
