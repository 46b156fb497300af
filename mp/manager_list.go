package mp

import (
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// index turns i, an index that may count from the end, into one from the start.
func index(what string, v starlark.Value, n int) (int, error) {
	i, err := starlark.AsInt32(v)
	if err != nil {
		return 0, wire.Errorf("TypeError", "list indices must be integers or slices, not %s", v.Type())
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return 0, wire.Errorf("IndexError", "%s index out of range", what)
	}
	return i, nil
}

var listType = &managedType{
	typeid: "list", proxy: "ListProxy",
	own: []string{"append", "clear", "extend", "insert"},
	list: func() map[string]managedMethod {
		return withCommon(map[string]managedMethod{
			"__getitem__": simple("__getitem__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				if s, ok := args[0].(slicer); ok {
					at, err := positions(s, l.Len())
					if err != nil {
						return nil, err
					}
					part := make([]starlark.Value, len(at))
					for i, p := range at {
						part[i] = l.Index(p)
					}
					return starlark.NewList(part), nil
				}
				i, err := index("list", args[0], l.Len())
				if err != nil {
					return nil, err
				}
				return l.Index(i), nil
			}),
			"__setitem__": simple("__setitem__", 2, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				if s, ok := args[0].(slicer); ok {
					return starlark.None, setSlice(l, s, args[1])
				}
				i, err := index("list assignment", args[0], l.Len())
				if err != nil {
					return nil, err
				}
				return starlark.None, l.SetIndex(i, args[1])
			}),
			"__delitem__": simple("__delitem__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				if s, ok := args[0].(slicer); ok {
					at, err := positions(s, l.Len())
					if err != nil {
						return nil, err
					}
					return starlark.None, deleteItems(l, at)
				}
				i, err := index("list assignment", args[0], l.Len())
				if err != nil {
					return nil, err
				}
				return starlark.None, deleteItems(l, []int{i})
			}),
			"__add__": simple("__add__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.PLUS, l, args[0])
			}),
			"__mul__": simple("__mul__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.STAR, l, args[0])
			}),
			"__rmul__": simple("__rmul__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				return starlark.Binary(syntax.STAR, l, args[0])
			}),
			"__imul__": simple("__imul__", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				more, err := starlark.Binary(syntax.STAR, l, args[0])
				if err != nil {
					return nil, err
				}
				return starlark.None, replace(l, elements(more.(*starlark.List)))
			}),
			"__reversed__": simple("__reversed__", 0, func(l *starlark.List, _ starlark.Tuple) (starlark.Value, error) {
				all := elements(l)
				slices.Reverse(all)
				return starlark.NewList(all), nil
			}),
			updateWith: updater(1, func(l *starlark.List, args starlark.Tuple, _ starlark.Value) (starlark.Value, func(starlark.Value) error, error) {
				i, err := index("list", args[0], l.Len())
				if err != nil {
					return nil, nil, err
				}
				return l.Index(i), func(x starlark.Value) error {
					if i >= l.Len() {
						return wire.Errorf("IndexError", "list assignment index out of range")
					}
					return l.SetIndex(i, x)
				}, nil
			}),
			"copy": simple("copy", 0, func(l *starlark.List, _ starlark.Tuple) (starlark.Value, error) { return l, nil }),
			"count": simple("count", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				n := 0
				for i := range l.Len() {
					eq, err := starlark.Equal(l.Index(i), args[0])
					if err != nil {
						return nil, err
					}
					if eq {
						n++
					}
				}
				return starlark.MakeInt(n), nil
			}),
			"index": listIndex,
			"pop": func(_ *server, thread *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if err := arity("pop", args, kwargs, 0, 1); err != nil {
					return nil, err
				}
				l, at := self.(*starlark.List), starlark.Value(starlark.MakeInt(-1))
				if len(args) == 1 {
					at = args[0]
				}
				if l.Len() == 0 {
					return nil, wire.Errorf("IndexError", "pop from empty list")
				}
				i, err := index("pop", at, l.Len())
				if err != nil {
					return nil, err
				}
				pop, err := l.Attr("pop")
				if err != nil {
					return nil, err
				}
				return starlark.Call(thread, pop, starlark.Tuple{starlark.MakeInt(i)}, nil)
			},
			"remove": simple("remove", 1, func(l *starlark.List, args starlark.Tuple) (starlark.Value, error) {
				i, err := find(l, args[0], 0, l.Len())
				if err == nil && i < 0 {
					err = wire.Errorf("ValueError", "list.remove(x): x not in list")
				}
				if err != nil {
					return nil, err
				}
				return starlark.None, deleteItems(l, []int{i})
			}),
			"reverse": simple("reverse", 0, func(l *starlark.List, _ starlark.Tuple) (starlark.Value, error) {
				for i, j := 0, l.Len()-1; i < j; i, j = i+1, j-1 {
					x, y := l.Index(i), l.Index(j)
					l.SetIndex(i, y)
					l.SetIndex(j, x)
				}
				return starlark.None, nil
			}),
			"sort": sortList,
		})
	},
}

// find returns the first index from start to stop at which l has x, -1 for none.
func find(l *starlark.List, x starlark.Value, start, stop int) (int, error) {
	for i := start; i < min(stop, l.Len()); i++ {
		if eq, err := starlark.Equal(l.Index(i), x); eq || err != nil {
			return i, err
		}
	}
	return -1, nil
}

// listIndex is list.index(x, start=0, stop=end).
func listIndex(_ *server, _ *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := arity("index", args, kwargs, 1, 3); err != nil {
		return nil, err
	}
	l := self.(*starlark.List)
	bounds := [2]int{0, l.Len()}
	for i, v := range args[1:] {
		n, err := starlark.AsInt32(v)
		if err != nil {
			return nil, wire.Errorf("TypeError", "slice indices must be integers or have an __index__ method")
		}
		if n < 0 {
			n = max(0, n+l.Len())
		}
		bounds[i] = n
	}
	i, err := find(l, args[0], bounds[0], bounds[1])
	if err == nil && i < 0 {
		err = wire.Errorf("ValueError", "%s is not in list", quoted(args[0]))
	}
	return starlark.MakeInt(i), err
}

// sortList is list.sort(*, key=None, reverse=False). The list is replaced only when all comparisons went well.
func sortList(s *server, thread *starlark.Thread, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sorted, err := s.rt.host.Call(thread, starlark.Universe["sorted"], append(starlark.Tuple{self}, args...), kwargs)
	if err != nil {
		return nil, err
	}
	l, from := self.(*starlark.List), sorted.(*starlark.List)
	for i := range from.Len() {
		if err := l.SetIndex(i, from.Index(i)); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

// elements lists the elements of a list.
func elements(l *starlark.List) []starlark.Value {
	all := make([]starlark.Value, l.Len())
	for i := range all {
		all[i] = l.Index(i)
	}
	return all
}

func replace(l *starlark.List, all []starlark.Value) error {
	if err := l.Clear(); err != nil {
		return err
	}
	for _, x := range all {
		if err := l.Append(x); err != nil {
			return err
		}
	}
	return nil
}

// slicer is what slice(a, b, c) makes, seen without its package.
type slicer interface {
	Indices(n int) (start, stop, step, count int, err error)
}

// positions lists the indices that s takes from a list of length n.
func positions(s slicer, n int) ([]int, error) {
	start, _, step, count, err := s.Indices(n)
	at := make([]int, count)
	for i := range at {
		at[i] = start + i*step
	}
	return at, err
}

// setSlice is l[s] = v.
func setSlice(l *starlark.List, s slicer, v starlark.Value) error {
	iter := starlark.Iterate(v)
	if iter == nil {
		return wire.Errorf("TypeError", "must assign iterable to extended slice")
	}
	var with []starlark.Value
	for x := starlark.Value(nil); iter.Next(&x); {
		with = append(with, x)
	}
	iter.Done()
	start, stop, step, count, err := s.Indices(l.Len())
	if err != nil {
		return err
	}
	if step == 1 {
		all := elements(l)
		return replace(l, slices.Concat(all[:start], with, all[max(start, stop):]))
	}
	if count != len(with) {
		return wire.Errorf("ValueError", "attempt to assign sequence of size %d to extended slice of size %d", len(with), count)
	}
	for i, x := range with {
		if err := l.SetIndex(start+i*step, x); err != nil {
			return err
		}
	}
	return nil
}

// deleteItems deletes the elements at the given indices.
func deleteItems(l *starlark.List, at []int) error {
	slices.Sort(at)
	var rest []starlark.Value
	for i, x := range elements(l) {
		if len(at) > 0 && at[0] == i {
			at = at[1:]
		} else {
			rest = append(rest, x)
		}
	}
	return replace(l, rest)
}
