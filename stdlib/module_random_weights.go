package stdlib

import (
	"math"
	"sort"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// counted makes of a population one in which each item occurs as often as counts say.
func (r *Random) counted(thread *starlark.Thread, n int, item func(int) (starlark.Value, error), counts starlark.Value) (int, func(int) (starlark.Value, error), error) {
	cs, err := r.lib.drain(thread, counts)
	if err != nil {
		return 0, nil, err
	}
	if len(cs) != n {
		return 0, nil, wire.Errorf("ValueError", "The number of counts does not match the population")
	}
	ends := make([]int, n) // the number of items up to and with this one
	total := 0
	for i, c := range cs {
		v, err := toIndex(c)
		switch {
		case err != nil:
			return 0, nil, wire.Errorf("TypeError", "Counts must be integers")
		case v < 0 || v > math.MaxInt-total:
			return 0, nil, wire.Errorf("ValueError", "Counts must be non-negative")
		}
		total += v
		ends[i] = total
	}
	if total == 0 {
		return 0, nil, wire.Errorf("ValueError", "Total of counts must be greater than zero")
	}
	return total, func(i int) (starlark.Value, error) { return item(sort.SearchInts(ends, i+1)) }, nil
}

// choices is choices(population, weights=None, *, cum_weights=None, k=1).
func (r *Random) choices(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var population, weights, cumulated starlark.Value
	k := 1
	err := bind("choices", args, kwargs, "population", &population, "weights?", &weights, "*", "cum_weights?", &cumulated, "k?", &k)
	if err != nil {
		return nil, err
	}
	for _, v := range []*starlark.Value{&weights, &cumulated} {
		if *v == starlark.None {
			*v = nil
		}
	}
	n, item, err := r.population(thread, population)
	if err != nil {
		return nil, err
	}
	index := func() int { return int(math.Floor(r.gen.float64() * float64(n))) }
	if weights != nil || cumulated != nil {
		ends, err := r.weights(thread, n, weights, cumulated)
		if err != nil {
			return nil, err
		}
		total := ends[n-1]
		index = func() int {
			x := r.gen.float64() * total
			// The last item also gets what rounding puts beyond the end.
			return sort.Search(n-1, func(i int) bool { return x < ends[i] })
		}
	}
	if n == 0 && k > 0 {
		r.gen.float64() // as CPython has drawn by then
		return nil, wire.Errorf("IndexError", "list index out of range")
	}
	var out []starlark.Value
	for range k {
		v, err := item(index())
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return starlark.NewList(out), nil
}

// weights returns the running totals of the weights.
func (r *Random) weights(thread *starlark.Thread, n int, weights, cumulated starlark.Value) ([]float64, error) {
	if weights != nil && cumulated != nil {
		return nil, wire.Errorf("TypeError", "Cannot specify both weights and cumulative weights")
	}
	given := weights
	if given == nil {
		given = cumulated
	}
	vs, err := r.lib.drain(thread, given)
	if err != nil {
		return nil, err
	}
	ends, err := floats(vs)
	if err != nil {
		return nil, err
	}
	if weights != nil {
		for i := 1; i < len(ends); i++ {
			ends[i] += ends[i-1]
		}
	}
	switch {
	case len(ends) != n:
		return nil, wire.Errorf("ValueError", "The number of weights does not match the population")
	case n == 0:
		return nil, wire.Errorf("IndexError", "list index out of range")
	case ends[n-1] <= 0:
		return nil, wire.Errorf("ValueError", "Total of weights must be greater than zero")
	case math.IsInf(ends[n-1], 0) || math.IsNaN(ends[n-1]):
		return nil, wire.Errorf("ValueError", "Total of weights must be finite")
	}
	return ends, nil
}
