package stdlib

import (
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// extraOfItems is __getitem__ of what has items, and __setitem__ and __delitem__ of lists and dicts: Starlark has no del x[i] and no
// assignment to slices. https://docs.python.org/3/reference/datamodel.html#object.__getitem__
func extraOfItems(x starlark.Value, name string) extraMethod {
	mutable := false
	switch x.(type) {
	case *starlark.List, *starlark.Dict:
		mutable = true
	}
	switch {
	case name == "__getitem__":
		return func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return l.item(thread, b.Receiver(), args[0])
		}
	case name == "__setitem__" && mutable:
		return func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 2, 2); err != nil {
				return nil, err
			}
			return starlark.None, l.setItem(thread, b.Receiver(), args[0], args[1])
		}
	case name == "__delitem__" && mutable:
		return func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return starlark.None, l.deleteItem(thread, b.Receiver(), args[0])
		}
	}
	return nil
}

// setSlice is x[s] = v.
func (l *Lib) setSlice(thread *starlark.Thread, x *starlark.List, s *Slice, v starlark.Value) error {
	if _, err := l.cursor(thread, v); err != nil {
		return wire.Errorf("TypeError", "must assign iterable to extended slice")
	}
	values, err := l.drain(thread, v)
	if err != nil {
		return err
	}
	start, stop, step, count, err := s.Indices(x.Len())
	if err != nil {
		return err
	}
	items := listItems(x)
	if step == 1 {
		return refill(x, slices.Replace(items, start, max(start, stop), values...))
	}
	if len(values) != count {
		return wire.Errorf("ValueError", "attempt to assign sequence of size %d to extended slice of size %d", len(values), count)
	}
	for i, v := range values {
		items[start+i*step] = v
	}
	return refill(x, items)
}

// deleteItem is del x[key].
func (l *Lib) deleteItem(thread *starlark.Thread, x, key starlark.Value) error {
	switch x := x.(type) {
	case *starlark.Dict:
		_, found, err := x.Delete(key)
		if err = l.Pending(err); err == nil && !found {
			err = &noKey{key}
		}
		return err
	case *starlark.List:
		items := listItems(x)
		s, ok := key.(*Slice)
		if !ok {
			i, err := positionIn(x, key, "list assignment index")
			if err != nil {
				return err
			}
			return refill(x, slices.Delete(items, i, i+1))
		}
		start, _, step, count, err := s.Indices(len(items))
		if err != nil {
			return err
		}
		gone := map[int]bool{}
		for i := range count {
			gone[start+i*step] = true
		}
		var rest []starlark.Value
		for i, v := range items {
			if !gone[i] {
				rest = append(rest, v)
			}
		}
		return refill(x, rest)
	}
	_, err := l.callAttr(thread, x, "__delitem__", key)
	return err
}

// positionIn is the index that key means in x; what is its name in an error.
func positionIn(x starlark.Indexable, key starlark.Value, what string) (int, error) {
	n, err := toInt(key)
	if err != nil {
		return 0, wire.Errorf("TypeError", "%s indices must be integers or slices, not %s", pyType(x), pyType(key))
	}
	i, fits := n.Int64()
	if !fits {
		return 0, wire.Errorf("IndexError", "cannot fit 'int' into an index-sized integer")
	}
	if i < 0 {
		i += int64(x.Len())
	}
	if i < 0 || i >= int64(x.Len()) {
		return 0, wire.Errorf("IndexError", "%s out of range", what)
	}
	return int(i), nil
}

// refill gives a list other items; a list that may not change keeps its own.
func refill(x *starlark.List, items []starlark.Value) error {
	if err := x.Clear(); err != nil {
		return err
	}
	for _, v := range items {
		if err := x.Append(v); err != nil {
			return err
		}
	}
	return nil
}
