package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// itProduct is product(*iterables, repeat=1).
func (l *Lib) itProduct(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	n := 1
	if err := bind("product", nil, kwargs, "*", "repeat?", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, wire.Errorf("ValueError", "repeat argument cannot be negative")
	}
	var pools [][]starlark.Value
	for _, arg := range args {
		pool, err := l.drain(thread, arg)
		if err != nil {
			return nil, err
		}
		pools = append(pools, pool)
	}
	once := pools
	pools = nil
	for range n {
		pools = append(pools, once...)
	}
	indices := make([]int, len(pools))
	first := true
	return l.generate(func(*starlark.Thread) (starlark.Value, bool, error) {
		if !first {
			i := len(pools) - 1
			for ; i >= 0; i-- {
				if indices[i]++; indices[i] < len(pools[i]) {
					break
				}
				indices[i] = 0
			}
			if i < 0 {
				return nil, false, nil
			}
		}
		first = false
		row := make(starlark.Tuple, len(pools))
		for i, pool := range pools {
			if len(pool) == 0 {
				return nil, false, nil
			}
			row[i] = pool[indices[i]]
		}
		return row, true, nil
	}), nil
}

// choose is what permutations and combinations have in common: next moves the indices on, and returns false after the last.
func (l *Lib) choose(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple, whole bool, start func(n, r int) (indices []int, next func() bool)) (starlark.Value, error) {
	var items, size starlark.Value = nil, starlark.None
	params := []any{"iterable", &items, "r", &size}
	if whole {
		params[2] = "r?"
	}
	if err := bind(name, args, kwargs, params...); err != nil {
		return nil, err
	}
	pool, err := l.drain(thread, items)
	if err != nil {
		return nil, err
	}
	r := len(pool)
	if size != starlark.None || !whole {
		if r, err = toIndex(size); err != nil {
			return nil, err
		}
		if r < 0 {
			return nil, wire.Errorf("ValueError", "r must be non-negative")
		}
	}
	indices, next := start(len(pool), r)
	first := true
	return l.generate(func(*starlark.Thread) (starlark.Value, bool, error) {
		if indices == nil || !first && !next() {
			return nil, false, nil
		}
		first = false
		row := make(starlark.Tuple, r)
		for i := range row {
			row[i] = pool[indices[i]]
		}
		return row, true, nil
	}), nil
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (l *Lib) itPermutations(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return l.choose(thread, "permutations", args, kwargs, true, func(n, r int) ([]int, func() bool) {
		if r > n {
			return nil, nil
		}
		indices := upTo(n)
		used := make([]bool, n) // scratch
		return indices, func() bool {
			// The next arrangement of r: raise the last index that can be raised to the next unused one, and fill up with the least.
			for i := range used {
				used[i] = false
			}
			for _, k := range indices[:r] {
				used[k] = true
			}
			for i := r - 1; i >= 0; i-- {
				used[indices[i]] = false
				for k := indices[i] + 1; k < n; k++ {
					if used[k] {
						continue
					}
					indices[i], used[k] = k, true
					least := 0
					for j := i + 1; j < r; j++ {
						for used[least] {
							least++
						}
						indices[j], used[least] = least, true
					}
					return true
				}
			}
			return false
		}
	})
}

func (l *Lib) itCombinations(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return l.choose(thread, "combinations", args, kwargs, false, func(n, r int) ([]int, func() bool) {
		if r > n {
			return nil, nil
		}
		indices := upTo(r)
		return indices, func() bool {
			for i := r - 1; i >= 0; i-- {
				if indices[i] < n-r+i {
					indices[i]++
					for j := i + 1; j < r; j++ {
						indices[j] = indices[j-1] + 1
					}
					return true
				}
			}
			return false
		}
	})
}

func (l *Lib) itCombinationsReplaced(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return l.choose(thread, "combinations_with_replacement", args, kwargs, false, func(n, r int) ([]int, func() bool) {
		if n == 0 && r > 0 {
			return nil, nil
		}
		indices := make([]int, r)
		return indices, func() bool {
			for i := r - 1; i >= 0; i-- {
				if indices[i] < n-1 {
					indices[i]++
					for j := i + 1; j < r; j++ {
						indices[j] = indices[i]
					}
					return true
				}
			}
			return false
		}
	})
}
