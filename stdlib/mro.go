package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// linearize returns the method resolution order of c with the given bases: c itself, then the C3 merge of the bases'
// orders and of the bases, so that a class comes before its bases and bases keep their order.
func linearize(c *Class, bases []*Class) ([]*Class, error) {
	order := []*Class{c}
	if len(bases) == 1 {
		return append(order, bases[0].order()...), nil
	}
	lists := make([][]*Class, 0, len(bases)+1)
	for i, b := range bases {
		for _, other := range bases[:i] {
			if b == other {
				return nil, wire.Errorf("TypeError", "duplicate base class %s", b.name)
			}
		}
		lists = append(lists, b.order())
	}
	lists = append(lists, bases)
	for {
		var rest [][]*Class
		for _, l := range lists {
			if len(l) > 0 {
				rest = append(rest, l)
			}
		}
		if len(rest) == 0 {
			return order, nil
		}
		next := mergeHead(rest)
		if next == nil {
			return nil, orderError(rest)
		}
		order = append(order, next)
		lists = lists[:0]
		for _, l := range rest {
			if l[0] == next {
				l = l[1:]
			}
			lists = append(lists, l)
		}
	}
}

// mergeHead returns the first list head that stands in no other list's tail, or nil.
func mergeHead(lists [][]*Class) *Class {
	for _, l := range lists {
		good := true
		for _, other := range lists {
			for _, c := range other[1:] {
				good = good && c != l[0]
			}
		}
		if good {
			return l[0]
		}
	}
	return nil
}

func orderError(lists [][]*Class) error {
	var names []string
	seen := map[*Class]bool{}
	for _, l := range lists {
		if !seen[l[0]] {
			seen[l[0]] = true
			names = append(names, l[0].name)
		}
	}
	return wire.Errorf("TypeError", "Cannot create a consistent method resolution order (MRO) for bases %s", strings.Join(names, ", "))
}

// baseClasses checks what a script or Go code gives as bases.
func (l *Lib) baseClasses(bases []starlark.Value) ([]*Class, error) {
	cs := make([]*Class, len(bases))
	for i, b := range bases {
		switch b := b.(type) {
		case *Class:
			cs[i] = b
		case *starlark.Builtin:
			return nil, wire.Errorf("TypeError", "type '%s' is not an acceptable base type", b.Name())
		case ClassLike:
			return nil, wire.Errorf("TypeError", "type '%s' is not an acceptable base type", strings.TrimSuffix(strings.TrimPrefix(b.String(), "<class '"), "'>"))
		default:
			return nil, wire.Errorf("TypeError", "bases must be types, got %s", b.Type())
		}
	}
	return cs, nil
}
