package mp

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// DoneAndNotDone is what futures.wait returns: Python's named tuple DoneAndNotDoneFutures(done, not_done), of two sets.
type DoneAndNotDone struct{ pair starlark.Tuple }

var (
	_ starlark.Indexable  = DoneAndNotDone{}
	_ starlark.Sequence   = DoneAndNotDone{}
	_ starlark.HasAttrs   = DoneAndNotDone{}
	_ starlark.Comparable = DoneAndNotDone{}
)

// newDoneAndNotDone sorts all into those that are in done and the others.
func newDoneAndNotDone(all, done []*future) (starlark.Value, error) {
	isDone := make(map[*future]bool, len(done))
	for _, f := range done {
		isDone[f] = true
	}
	finished, pending := starlark.NewSet(len(done)), starlark.NewSet(len(all)-len(done))
	for _, f := range all {
		set := pending
		if isDone[f] {
			set = finished
		}
		if err := set.Insert(f.self); err != nil {
			return nil, err
		}
	}
	return DoneAndNotDone{starlark.Tuple{finished, pending}}, nil
}

func (d DoneAndNotDone) String() string {
	return "DoneAndNotDoneFutures(done=" + d.pair[0].String() + ", not_done=" + d.pair[1].String() + ")"
}
func (d DoneAndNotDone) Type() string               { return "DoneAndNotDoneFutures" }
func (d DoneAndNotDone) Freeze()                    { d.pair.Freeze() }
func (d DoneAndNotDone) Truth() starlark.Bool       { return true }
func (d DoneAndNotDone) Hash() (uint32, error)      { return d.pair.Hash() }
func (d DoneAndNotDone) Len() int                   { return len(d.pair) }
func (d DoneAndNotDone) Index(i int) starlark.Value { return d.pair[i] }
func (d DoneAndNotDone) Iterate() starlark.Iterator { return d.pair.Iterate() }

// CompareSameType implements starlark.Comparable.
func (d DoneAndNotDone) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return d.pair.CompareSameType(op, y.(DoneAndNotDone).pair, depth)
}

// Attr implements starlark.HasAttrs.
func (d DoneAndNotDone) Attr(name string) (starlark.Value, error) {
	switch name {
	case "done":
		return d.pair[0], nil
	case "not_done":
		return d.pair[1], nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (d DoneAndNotDone) AttrNames() []string { return []string{"done", "not_done"} }
