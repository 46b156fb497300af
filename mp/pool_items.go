package mp

import "go.starlark.net/starlark"

// poolItems are what a map is to be done with: a list, or a range, which is not written out before it is with a worker.
type poolItems struct {
	list []starlark.Value
	span starlark.Sliceable // a range, or nil
}

// longSpan is the length from which a part of a range is sent as a range: finding out what a range is takes as long as sending some ints.
const longSpan = 64

// read reads an iterable to its end. Its items are what they are now: sending them may run what changes the iterable.
func (p *Pool) read(iterable starlark.Value) (items poolItems, err error) {
	if x, ok := iterable.(starlark.Sliceable); ok && x.Type() == "range" {
		return poolItems{span: x}, nil
	}
	switch x := iterable.(type) {
	case *starlark.List:
		return poolItems{list: elements(x)}, nil
	case starlark.Tuple:
		return poolItems{list: x}, nil
	}
	iter := starlark.Iterate(iterable)
	if iter == nil {
		return items, notIterable(iterable)
	}
	defer iter.Done()
	if n := starlark.Len(iterable); n > 0 {
		items.list = make([]starlark.Value, 0, n)
	}
	for x := starlark.Value(nil); iter.Next(&x); {
		items.list = append(items.list, x)
	}
	return items, p.rt().takePending()
}

func (items *poolItems) len() int {
	if items.span != nil {
		return items.span.Len()
	}
	return len(items.list)
}

// chunk is the items from one index up to another, as a list or a range.
func (items *poolItems) chunk(from, to int) starlark.Value {
	switch {
	case items.span == nil:
		return starlark.NewList(items.list[from:to:to])
	case to-from >= longSpan:
		return items.span.Slice(from, to, 1)
	}
	list := make([]starlark.Value, to-from)
	for i := range list {
		list[i] = items.span.Index(from + i)
	}
	return starlark.NewList(list)
}
