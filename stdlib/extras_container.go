package stdlib

import (
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// https://docs.python.org/3/library/stdtypes.html#mutable-sequence-types
func extraOfList(name string) extraMethod {
	switch name {
	case "copy":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.NewList(listItems(b.Receiver().(*starlark.List))), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	case "count":
		return sequenceCount
	case "reverse":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
				return nil, err
			}
			items := listItems(b.Receiver().(*starlark.List))
			slices.Reverse(items)
			return starlark.None, setItems(b.Receiver().(*starlark.List), items)
		}
	case "sort":
		return listSort
	}
	return nil
}

func listItems(l *starlark.List) []starlark.Value {
	items := make([]starlark.Value, l.Len())
	for i := range items {
		items[i] = l.Index(i)
	}
	return items
}

// setItems gives a list other elements, as many as it has.
func setItems(l *starlark.List, items []starlark.Value) error {
	for i, x := range items {
		if err := l.SetIndex(i, x); err != nil {
			return err
		}
	}
	return nil
}

// listSort is list.sort(*, key=None, reverse=False). The list changes only when all comparisons went well.
func listSort(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, wire.Errorf("TypeError", "sort() takes no positional arguments")
	}
	list := b.Receiver().(*starlark.List)
	n := list.Len()
	sorted, err := l.Call(thread, starlark.Universe["sorted"], starlark.Tuple{list}, withoutNoKey(kwargs))
	if err != nil {
		return nil, err
	}
	if list.Len() != n {
		return nil, wire.Errorf("ValueError", "list modified during sort")
	}
	return starlark.None, setItems(list, listItems(sorted.(*starlark.List)))
}

// sequenceCount is list.count(x) and tuple.count(x).
func sequenceCount(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x); err != nil {
		return nil, err
	}
	n := 0
	err := l.findIn(b.Receiver().(starlark.Indexable), x, func(int) bool { n++; return true })
	return starlark.MakeInt(n), err
}

// findIn calls found with the index of each element that equals x, until it returns false.
func (l *Lib) findIn(seq starlark.Indexable, x starlark.Value, found func(i int) bool) error {
	for i := range seq.Len() {
		eq, err := starlark.Equal(seq.Index(i), x)
		if err = l.Pending(err); err != nil {
			return err
		}
		if eq && !found(i) {
			break
		}
	}
	return nil
}

func extraOfTuple(name string) extraMethod {
	switch name {
	case "count":
		return sequenceCount
	case "index":
		return func(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var x starlark.Value
			if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x); err != nil {
				return nil, err
			}
			at := -1
			err := l.findIn(b.Receiver().(starlark.Tuple), x, func(i int) bool { at = i; return false })
			if err == nil && at < 0 {
				err = wire.Errorf("ValueError", "tuple.index(x): x not in tuple")
			}
			return starlark.MakeInt(at), err
		}
	}
	return nil
}

func dictCopy(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := b.Receiver().(*starlark.Dict)
	c := starlark.NewDict(d.Len())
	for _, kv := range d.Items() {
		if err := c.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return c, starlark.UnpackArgs(b.Name(), args, kwargs)
}

// https://docs.python.org/3/library/stdtypes.html#set-types-set-frozenset
func extraOfSet(name string) extraMethod {
	switch name {
	case "copy":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
				return nil, err
			}
			return b.Receiver().(*starlark.Set).Union(starlark.Tuple(nil).Iterate())
		}
	case "isdisjoint":
		return func(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var other starlark.Iterable
			if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &other); err != nil {
				return nil, err
			}
			for x := range starlark.Elements(other) {
				has, err := b.Receiver().(*starlark.Set).Has(x)
				if err = l.Pending(err); err != nil || has {
					return starlark.False, err
				}
			}
			return starlark.True, l.check()
		}
	case "difference", "intersection":
		return func(_ *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(kwargs) > 0 {
				return nil, wire.Errorf("TypeError", "set.%s() takes no keyword arguments", name)
			}
			s := starlark.Value(b.Receiver())
			if len(args) == 0 {
				return s.(*starlark.Set).Union(starlark.Tuple(nil).Iterate())
			}
			for _, other := range args {
				var err error
				if s, err = plainSetMethod(thread, s.(*starlark.Set), name, other); err != nil {
					return nil, err
				}
			}
			return s, nil
		}
	case "symmetric_difference", "issubset", "issuperset": // go.starlark.net's crash without an argument
		return func(_ *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return plainSetMethod(thread, b.Receiver().(*starlark.Set), name, args[0])
		}
	case "difference_update":
		return setUpdate("difference")
	case "intersection_update":
		return setUpdate("intersection")
	case "symmetric_difference_update":
		return setUpdate("symmetric_difference")
	}
	return nil
}

// plainSetMethod calls a method of go.starlark.net.
func plainSetMethod(thread *starlark.Thread, s *starlark.Set, name string, arg starlark.Value) (starlark.Value, error) {
	m, err := s.Attr(name)
	if err != nil {
		return nil, err
	}
	return m.(*starlark.Builtin).CallInternal(thread, starlark.Tuple{arg}, nil)
}

// setUpdate is the method that has the set become what its method makes.
func setUpdate(method string) extraMethod {
	return func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := b.Receiver().(*starlark.Set)
		if len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "%s() takes no keyword arguments", b.Name())
		}
		become := s
		for _, other := range args {
			f, err := become.Attr(method)
			if err != nil {
				return nil, err
			}
			v, err := l.Call(thread, f, starlark.Tuple{other}, nil)
			if err != nil {
				return nil, err
			}
			become = v.(*starlark.Set)
		}
		items := slices.Collect(starlark.Elements(become))
		if err := s.Clear(); err != nil {
			return nil, err
		}
		for _, x := range items {
			if err := s.Insert(x); err != nil {
				return nil, err
			}
		}
		return starlark.None, nil
	}
}
