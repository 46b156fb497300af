package stdlib

import (
	"math"
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

func (r *Random) random(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if n := len(args) + len(kwargs); n > 0 {
		return nil, wire.Errorf("TypeError", "Random.random() takes no arguments (%d given)", n)
	}
	return starlark.Float(r.gen.float64()), nil
}

// getrandbits is getrandbits(k).
func (r *Random) getrandbits(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("getrandbits", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	k, err := bitCount(args[0])
	if err != nil {
		return nil, err
	}
	if k == 0 {
		return starlark.MakeInt(0), nil
	}
	return starlark.MakeBigInt(r.gen.bits(k)), nil
}

func bitCount(v starlark.Value) (int, error) {
	k, err := toIndex(v)
	switch {
	case err != nil:
		return 0, err
	case k < 0:
		return 0, wire.Errorf("ValueError", "number of bits must be non-negative")
	case k > 1<<33:
		return 0, wire.Errorf("MemoryError", "getrandbits: %d bits are too many", k)
	}
	return k, nil
}

// randbytes is randbytes(n).
func (r *Random) randbytes(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n int
	if err := starlark.UnpackArgs("randbytes", args, kwargs, "n", &n); err != nil {
		return nil, err
	}
	k, err := bitCount(starlark.MakeInt(n).Mul(starlark.MakeInt(8)))
	if err != nil || n == 0 {
		return starlark.Bytes(""), err
	}
	data := make([]byte, n)
	r.gen.bits(k).FillBytes(data)
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 { // little end first
		data[i], data[j] = data[j], data[i]
	}
	return starlark.Bytes(data), nil
}

// randint is randint(a, b): both ends count.
func (r *Random) randint(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var a, b starlark.Value
	if err := starlark.UnpackArgs("randint", args, kwargs, "a", &a, "b", &b); err != nil {
		return nil, err
	}
	if first, width, ok := smallRange(a, b); ok && width < math.MaxInt64 {
		return starlark.MakeInt64(first + r.gen.intBelow(width+1)), nil
	}
	last, err := toInt(b)
	if err != nil {
		return nil, err
	}
	return r.randrange(thread, starlark.Tuple{a, last.Add(starlark.MakeInt(1))}, nil)
}

// smallRange returns first and last-first of a range of small integers, which most are.
func smallRange(first, last starlark.Value) (start, width int64, ok bool) {
	a, ok1 := first.(starlark.Int)
	b, ok2 := last.(starlark.Int)
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	x, ok1 := a.Int64()
	y, ok2 := b.Int64()
	return x, y - x, ok1 && ok2 && x <= y && y-x >= 0
}

// randrange is randrange(stop) or randrange(start, stop, step=1).
func (r *Random) randrange(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var startv, stopv, stepv starlark.Value
	if err := starlark.UnpackArgs("randrange", args, kwargs, "start", &startv, "stop??", &stopv, "step?", &stepv); err != nil {
		return nil, err
	}
	if stopv == nil && stepv == nil {
		startv, stopv = starlark.MakeInt(0), startv
		if n, ok := stopv.(starlark.Int); ok && n.Sign() <= 0 {
			return nil, wire.Errorf("ValueError", "empty range for randrange()")
		}
	}
	if stepv == nil && stopv != nil {
		if first, width, ok := smallRange(startv, stopv); ok && width > 0 {
			return starlark.MakeInt64(first + r.gen.intBelow(width)), nil
		}
	}
	start, err := toInt(startv)
	if err != nil {
		return nil, err
	}
	if stopv == nil {
		return nil, wire.Errorf("TypeError", "Missing a non-None stop argument")
	}
	stop, err := toInt(stopv)
	if err != nil {
		return nil, err
	}
	step := starlark.MakeInt(1)
	if stepv != nil {
		if step, err = toInt(stepv); err != nil {
			return nil, err
		}
	}
	width := stop.Sub(start).BigInt()
	if s, ok := step.Int64(); ok && s == 1 {
		if width.Sign() <= 0 {
			return nil, wire.Errorf("ValueError", "empty range in randrange(%s, %s)", start, stop)
		}
		return start.Add(starlark.MakeBigInt(r.gen.below(width))), nil
	}
	if step.Sign() == 0 {
		return nil, wire.Errorf("ValueError", "zero step for randrange()")
	}
	// How many steps fit: the width divided by the step, rounded up.
	n := new(big.Int).Add(width, step.BigInt())
	n.Sub(n, big.NewInt(int64(step.Sign())))
	n.Quo(n, step.BigInt())
	if n.Sign() <= 0 {
		return nil, wire.Errorf("ValueError", "empty range in randrange(%s, %s, %s)", start, stop, step)
	}
	return start.Add(step.Mul(starlark.MakeBigInt(r.gen.below(n)))), nil
}

// population is a sequence that is drawn from: its length, and an item by index.
func (r *Random) population(thread *starlark.Thread, v starlark.Value) (n int, item func(int) (starlark.Value, error), err error) {
	switch v := v.(type) {
	case starlark.String:
		runes := []rune(string(v))
		return len(runes), func(i int) (starlark.Value, error) { return starlark.String(runes[i]), nil }, nil
	case starlark.Indexable:
		return v.Len(), func(i int) (starlark.Value, error) { return v.Index(i), nil }, nil
	}
	length, get := specialMethod(v, "__len__"), specialMethod(v, "__getitem__")
	if length == nil || get == nil {
		return 0, nil, wire.Errorf("TypeError", "object of type '%s' has no len()", pyType(v))
	}
	count, err := r.lib.call(thread, length)
	if err != nil {
		return 0, nil, err
	}
	n, err = toIndex(count)
	return n, func(i int) (starlark.Value, error) { return r.lib.call(thread, get, starlark.MakeInt(i)) }, err
}

// choice is choice(seq).
func (r *Random) choice(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var seq starlark.Value
	if err := starlark.UnpackArgs("choice", args, kwargs, "seq", &seq); err != nil {
		return nil, err
	}
	n, item, err := r.population(thread, seq)
	if err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, wire.Errorf("IndexError", "Cannot choose from an empty sequence")
	}
	return item(int(r.gen.intBelow(int64(n))))
}

// shuffle is shuffle(x): in place.
func (r *Random) shuffle(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackArgs("shuffle", args, kwargs, "x", &x); err != nil {
		return nil, err
	}
	seq, ok := x.(starlark.HasSetIndex)
	if !ok || specialMethod(x, "__setitem__") != nil {
		return r.shuffleItems(thread, x)
	}
	for i := seq.Len() - 1; i > 0; i-- {
		j := int(r.gen.intBelow(int64(i + 1)))
		a, b := seq.Index(i), seq.Index(j)
		if err := seq.SetIndex(i, b); err != nil {
			return nil, err
		}
		if err := seq.SetIndex(j, a); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

// shuffleItems shuffles an instance by its special methods.
func (r *Random) shuffleItems(thread *starlark.Thread, x starlark.Value) (starlark.Value, error) {
	set := specialMethod(x, "__setitem__")
	if set == nil {
		return nil, wire.Errorf("TypeError", "'%s' object does not support item assignment", pyType(x))
	}
	n, item, err := r.population(thread, x)
	if err != nil {
		return nil, err
	}
	for i := n - 1; i > 0; i-- {
		j := int(r.gen.intBelow(int64(i + 1)))
		a, err := item(i)
		if err != nil {
			return nil, err
		}
		b, err := item(j)
		if err != nil {
			return nil, err
		}
		if _, err := r.lib.call(thread, set, starlark.MakeInt(i), b); err != nil {
			return nil, err
		}
		if _, err := r.lib.call(thread, set, starlark.MakeInt(j), a); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

// sample is sample(population, k, *, counts=None).
func (r *Random) sample(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var population, kv, counts starlark.Value
	if err := starlark.UnpackArgs("sample", args, kwargs, "population", &population, "k", &kv, "counts??", &counts); err != nil {
		return nil, err
	}
	n, item, err := r.population(thread, population)
	if err != nil {
		return nil, wire.Errorf("TypeError", "Population must be a sequence.  For dicts or sets, use sorted(d).")
	}
	k, err := toIndex(kv)
	if err != nil {
		return nil, err
	}
	if counts != nil {
		if n, item, err = r.counted(thread, n, item, counts); err != nil {
			return nil, err
		}
	}
	if k < 0 || k > n {
		return nil, wire.Errorf("ValueError", "Sample larger than population or is negative")
	}
	out := make([]starlark.Value, k)
	for i, j := range r.indices(n, k) {
		if out[i], err = item(j); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(out), nil
}

// indices draws k different indices below n. Which way is taken, a list of all or a set of those drawn, decides which
// random numbers are used up: the choice is CPython's, by the memory that each would take there.
func (r *Random) indices(n, k int) []int {
	setSize := 21.0
	if k > 5 {
		setSize += math.Pow(4, math.Ceil(exactLog(float64(k*3))/exactLog(4)))
	}
	out := make([]int, k)
	if float64(n) <= setSize {
		pool := make([]int, n)
		for i := range pool {
			pool[i] = i
		}
		for i := range out {
			j := r.gen.intBelow(int64(n - i))
			out[i] = pool[j]
			pool[j] = pool[n-i-1]
		}
		return out
	}
	drawn := make(map[int]bool, k)
	for i := range out {
		j := int(r.gen.intBelow(int64(n)))
		for drawn[j] {
			j = int(r.gen.intBelow(int64(n)))
		}
		drawn[j] = true
		out[i] = j
	}
	return out
}
