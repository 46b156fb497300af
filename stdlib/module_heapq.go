package stdlib

import (
	"container/heap"
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// heapqModule makes the members of the module heapq. Heaps are lists, laid out as CPython's are. https://docs.python.org/3/library/heapq.html
func (l *Lib) heapqModule() starlark.StringDict {
	return functions(map[string]goFunc{
		"heapify": l.heapFunc("heapify", 1, func(h *listHeap, _ starlark.Tuple) (starlark.Value, error) {
			for i := h.list.Len()/2 - 1; i >= 0 && h.err == nil; i-- {
				h.up(i)
			}
			return starlark.None, h.err
		}),
		"heappush": l.heapFunc("heappush", 2, func(h *listHeap, args starlark.Tuple) (starlark.Value, error) {
			if err := h.list.Append(args[1]); err != nil {
				return nil, err
			}
			h.down(0, h.list.Len()-1)
			return starlark.None, h.err
		}),
		"heappop": l.heapFunc("heappop", 1, func(h *listHeap, _ starlark.Tuple) (starlark.Value, error) {
			last, err := h.popLast()
			if err != nil || h.list.Len() == 0 {
				return last, err
			}
			return h.replace(last)
		}),
		"heapreplace": l.heapFunc("heapreplace", 2, func(h *listHeap, args starlark.Tuple) (starlark.Value, error) {
			if h.list.Len() == 0 {
				return nil, wire.Errorf("IndexError", "index out of range")
			}
			return h.replace(args[1])
		}),
		"heappushpop": l.heapFunc("heappushpop", 2, func(h *listHeap, args starlark.Tuple) (starlark.Value, error) {
			if h.list.Len() > 0 && h.less(h.list.Index(0), args[1]) {
				return h.replace(args[1])
			}
			return args[1], h.err
		}),
		"nlargest": l.heapBest("nlargest"), "nsmallest": l.heapBest("nsmallest"), "merge": l.heapMerge,
	})
}

// listHeap is a list as a heap. The first error of a comparison ends all.
type listHeap struct {
	lib  *Lib
	list *starlark.List
	err  error
}

func (h *listHeap) less(x, y starlark.Value) bool {
	if h.err != nil {
		return false
	}
	var less bool
	less, h.err = h.lib.less(x, y)
	return less
}

func (h *listHeap) set(i int, v starlark.Value) {
	if err := h.list.SetIndex(i, v); err != nil && h.err == nil {
		h.err = err
	}
}

// down moves the value at i towards the root until its parent is not greater.
func (h *listHeap) down(start, i int) {
	v := h.list.Index(i)
	for i > start {
		parent := h.list.Index((i - 1) / 2)
		if !h.less(v, parent) {
			break
		}
		h.set(i, parent)
		i = (i - 1) / 2
	}
	h.set(i, v)
}

// up moves the value at i to a leaf, along the lesser children, and from there to its place.
func (h *listHeap) up(i int) {
	n, start := h.list.Len(), i
	v := h.list.Index(i)
	for child := 2*i + 1; child < n; child = 2*i + 1 {
		if right := child + 1; right < n && !h.less(h.list.Index(child), h.list.Index(right)) {
			child = right
		}
		h.set(i, h.list.Index(child))
		i = child
	}
	h.set(i, v)
	h.down(start, i)
}

func (h *listHeap) popLast() (starlark.Value, error) {
	if h.list.Len() == 0 {
		return nil, wire.Errorf("IndexError", "index out of range")
	}
	pop, err := h.list.Attr("pop")
	if err != nil {
		return nil, err
	}
	return h.lib.callNow(pop)
}

// replace puts v in the place of the least value, which it returns.
func (h *listHeap) replace(v starlark.Value) (starlark.Value, error) {
	least := h.list.Index(0)
	h.set(0, v)
	h.up(0)
	return least, h.err
}

func (l *Lib) heapFunc(name string, n int, f func(h *listHeap, args starlark.Tuple) (starlark.Value, error)) goFunc {
	return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, n, n); err != nil {
			return nil, err
		}
		list, ok := args[0].(*starlark.List)
		if !ok {
			return nil, wire.Errorf("TypeError", "%s() argument 1 must be list, not %s", name, pyType(args[0]))
		}
		return f(&listHeap{lib: l, list: list}, args)
	}
}

// keyed is a value with what it is compared by.
type keyed struct {
	key, v starlark.Value
	n      int
}

func (l *Lib) keyed(thread *starlark.Thread, fn starlark.Value, v starlark.Value) (keyed, error) {
	k := keyed{key: v, v: v}
	var err error
	if fn != starlark.None {
		k.key, err = l.callFunction(thread, fn, starlark.Tuple{v})
	}
	return k, err
}

// heapBest is nlargest(n, iterable, key=None) and nsmallest.
func (l *Lib) heapBest(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		n := 0
		var items, fn starlark.Value = nil, starlark.None
		if err := bind(name, args, kwargs, "n", &n, "iterable", &items, "key?", &fn); err != nil {
			return nil, err
		}
		var all []keyed
		err := l.forEach(thread, items, func(v starlark.Value) error {
			k, err := l.keyed(thread, fn, v)
			all = append(all, k)
			return err
		})
		slices.SortStableFunc(all, func(a, b keyed) int {
			if name == "nlargest" {
				a, b = b, a
			}
			less, e := l.less(a.key, b.key)
			if e == nil && !less {
				less, e = l.less(b.key, a.key)
				if e == nil && less {
					return 1
				}
				less = false
			}
			if e != nil && err == nil {
				err = e
			}
			if less {
				return -1
			}
			return 0
		})
		best := make([]starlark.Value, max(0, min(n, len(all))))
		for i := range best {
			best[i] = all[i].v
		}
		return starlark.NewList(best), err
	}
}

// mergeHeap has the next value of each iterable.
type mergeHeap struct {
	lib     *Lib
	all     []keyed
	reverse bool
	err     error
}

func (h *mergeHeap) Len() int { return len(h.all) }
func (h *mergeHeap) Less(i, j int) bool {
	a, b := h.all[i], h.all[j]
	x, y := a.key, b.key
	if h.reverse {
		x, y = y, x
	}
	less, err := h.lib.less(x, y)
	if err == nil && !less && a.n < b.n {
		var more bool
		more, err = h.lib.less(y, x)
		less = !more
	}
	if err != nil && h.err == nil {
		h.err = err
	}
	return less
}
func (h *mergeHeap) Swap(i, j int) { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *mergeHeap) Push(x any)    { h.all = append(h.all, x.(keyed)) }
func (h *mergeHeap) Pop() any {
	x := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return x
}

// heapMerge is merge(*iterables, key=None, reverse=False), which takes from its iterables as it is asked.
func (l *Lib) heapMerge(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Value = starlark.None
	h := &mergeHeap{lib: l}
	if err := bind("merge", nil, kwargs, "*", "key?", &fn, "reverse?", &h.reverse); err != nil {
		return nil, err
	}
	cs, err := l.cursors(thread, args)
	if err != nil {
		return nil, err
	}
	fetch := func(thread *starlark.Thread, i int) error {
		v, ok, err := cs[i].next(thread)
		if err != nil || !ok {
			return err
		}
		k, err := l.keyed(thread, fn, v)
		k.n = i
		if err == nil {
			heap.Push(h, k)
		}
		return err
	}
	started := false
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		if !started {
			started = true
			for i := range cs {
				if err := fetch(thread, i); err != nil {
					return nil, false, err
				}
			}
		}
		if h.err != nil || len(h.all) == 0 {
			return nil, false, h.err
		}
		k := heap.Pop(h).(keyed)
		if err := fetch(thread, k.n); err != nil {
			return nil, false, err
		}
		return k.v, h.err == nil, h.err
	}), nil
}

// bisectModule makes the members of the module bisect. https://docs.python.org/3/library/bisect.html
func (l *Lib) bisectModule() starlark.StringDict {
	members := starlark.StringDict{}
	for _, name := range []string{"bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right"} {
		members[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return l.bisect(thread, name, args, kwargs)
		})
	}
	return members
}

// bisect is bisect_left(a, x, lo=0, hi=None, *, key=None) and its kin.
func (l *Lib) bisect(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var a, x, end, fn starlark.Value = nil, nil, starlark.None, starlark.None
	lo := 0
	if err := bind(name, args, kwargs, "a", &a, "x", &x, "lo?", &lo, "hi?", &end, "*", "key?", &fn); err != nil {
		return nil, err
	}
	seq, ok := a.(starlark.Indexable)
	if !ok {
		return nil, wire.Errorf("TypeError", "object of type '%s' has no len()", pyType(a))
	}
	if lo < 0 {
		return nil, wire.Errorf("ValueError", "lo must be non-negative")
	}
	hi := seq.Len()
	if end != starlark.None {
		n, err := toIndex(end)
		if err != nil {
			return nil, err
		}
		hi = n
	}
	insert := name[:3] == "ins"
	want := x
	if insert && fn != starlark.None {
		k, err := l.keyed(thread, fn, x)
		if err != nil {
			return nil, err
		}
		want = k.key
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if mid >= seq.Len() {
			return nil, wire.Errorf("IndexError", "list index out of range")
		}
		k, err := l.keyed(thread, fn, seq.Index(mid))
		if err != nil {
			return nil, err
		}
		var left bool
		if name == "bisect_left" || name == "insort_left" {
			less, err := l.less(k.key, want)
			if err != nil {
				return nil, err
			}
			left = !less
		} else if left, err = l.less(want, k.key); err != nil {
			return nil, err
		}
		if left {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if insert {
		_, err := l.callAttr(thread, a, "insert", starlark.MakeInt(lo), x)
		return starlark.None, err
	}
	return starlark.MakeInt(lo), nil
}
