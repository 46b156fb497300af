package mp

import (
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// zip walks several iterables at once, until the first one ends.
type zip []starlark.Iterator

func newZip(iterables starlark.Tuple) (z zip, err error) {
	for _, x := range iterables {
		it, err := pythonIterate(x)
		if err != nil {
			z.close()
			return nil, err
		}
		z = append(z, it)
	}
	return z, nil
}

func (z zip) next() (starlark.Tuple, bool) {
	if len(z) == 0 {
		return nil, false
	}
	row := make(starlark.Tuple, len(z))
	for i, it := range z {
		if !it.Next(&row[i]) {
			return nil, false
		}
	}
	return row, true
}

func (z zip) close() {
	for _, it := range z {
		it.Done()
	}
}

// pythonIterate walks x as Python does: strings by code point, bytes as ints, and lists, dicts and sets without keeping
// scripts from changing them.
func pythonIterate(x starlark.Value) (starlark.Iterator, error) {
	switch x := x.(type) {
	case starlark.String:
		var points starlark.Tuple
		for s := string(x); s != ""; {
			_, n := utf8.DecodeRuneInString(s)
			points = append(points, starlark.String(s[:n]))
			s = s[n:]
		}
		return points.Iterate(), nil
	case starlark.Bytes:
		ints := make(starlark.Tuple, len(x))
		for i := range ints {
			ints[i] = starlark.MakeInt(int(x[i]))
		}
		return ints.Iterate(), nil
	case *starlark.List:
		return &liveList{l: x}, nil
	case *starlark.Dict:
		return starlark.Tuple(x.Keys()).Iterate(), nil
	case *starlark.Set:
		var all starlark.Tuple
		for v := range x.Elements() {
			all = append(all, v)
		}
		return all.Iterate(), nil
	}
	if it := starlark.Iterate(x); it != nil {
		return it, nil
	}
	return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pythonName(x))
}

// liveList walks a list as it is at each step.
type liveList struct {
	l *starlark.List
	i int
}

// Next implements starlark.Iterator.
func (it *liveList) Next(p *starlark.Value) bool {
	if it.i >= it.l.Len() {
		return false
	}
	*p = it.l.Index(it.i)
	it.i++
	return true
}

// Done implements starlark.Iterator.
func (it *liveList) Done() {}

// pythonItems is list(x).
func (rt *Runtime) pythonItems(x starlark.Value) (items []starlark.Value, err error) {
	it, err := pythonIterate(x)
	if err != nil {
		return nil, err
	}
	defer it.Done()
	for v := starlark.Value(nil); it.Next(&v); {
		items = append(items, v)
	}
	return items, rt.takePending()
}
