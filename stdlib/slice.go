package stdlib

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Slice is what slice(start, stop, step) returns, for the __getitem__, __setitem__ and __delitem__ of values with items.
// https://docs.python.org/3/library/functions.html#slice
type Slice struct{ start, stop, step starlark.Value }

var (
	_ starlark.HasAttrs   = (*Slice)(nil)
	_ starlark.Comparable = (*Slice)(nil)
)

func builtinSlice(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("slice", args, kwargs, 1, 3); err != nil {
		return nil, err
	}
	s := &Slice{starlark.None, args[0], starlark.None}
	if len(args) > 1 {
		s.start, s.stop = args[0], args[1]
	}
	if len(args) > 2 {
		s.step = args[2]
	}
	return s, nil
}

// Indices returns the slice's bounds for a sequence of length n, and how many items it takes from it: they are at
// start, start+step ... A negative step may make stop -1. Types with items that know no stdlib find it by this method.
func (s *Slice) Indices(n int) (start, stop, step, count int, err error) {
	step = 1
	if s.step != starlark.None {
		if step, err = sliceIndex(s.step); err != nil {
			return
		}
		if step == 0 {
			return 0, 0, 0, 0, wire.Errorf("ValueError", "slice step cannot be zero")
		}
	}
	first, end := 0, n // where a forward slice begins and ends by default
	if step < 0 {
		first, end = n-1, -1
	}
	if start, err = sliceBound(s.start, first, n, step); err != nil {
		return
	}
	if stop, err = sliceBound(s.stop, end, n, step); err != nil {
		return
	}
	switch {
	case step > 0 && start < stop:
		count = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		count = (start-stop-1)/-step + 1
	}
	return
}

// sliceBound turns one bound into an index between 0 and n, or between -1 and n-1 for a negative step.
func sliceBound(v starlark.Value, missing, n, step int) (int, error) {
	if v == starlark.None {
		return missing, nil
	}
	i, err := sliceIndex(v)
	if err != nil {
		return 0, err
	}
	if i < 0 {
		i += n
	}
	low, high := 0, n
	if step < 0 {
		low, high = -1, n-1
	}
	return max(low, min(i, high)), nil
}

func sliceIndex(v starlark.Value) (int, error) {
	i, err := toInt(v)
	if err != nil {
		return 0, wire.Errorf("TypeError", "slice indices must be integers or None or have an __index__ method")
	}
	const far = 1 << 62 // beyond every length, and far from overflow when a length is added
	n, ok := i.Int64()
	if !ok || n > far || n < -far {
		return i.Sign() * far, nil
	}
	return int(n), nil
}

func (s *Slice) String() string {
	return fmt.Sprintf("slice(%s, %s, %s)", s.start, s.stop, s.step)
}
func (s *Slice) Type() string          { return "slice" }
func (s *Slice) Freeze()               { s.start.Freeze(); s.stop.Freeze(); s.step.Freeze() }
func (s *Slice) Truth() starlark.Bool  { return true }
func (s *Slice) tuple() starlark.Tuple { return starlark.Tuple{s.start, s.stop, s.step} }
func (s *Slice) Hash() (uint32, error) { return s.tuple().Hash() }

// Attr returns start, stop, step or the method indices.
func (s *Slice) Attr(name string) (starlark.Value, error) {
	switch name {
	case "start":
		return s.start, nil
	case "stop":
		return s.stop, nil
	case "step":
		return s.step, nil
	case "indices":
		return starlark.NewBuiltin(name, s.indices), nil
	}
	return nil, nil
}

// AttrNames lists the attributes.
func (s *Slice) AttrNames() []string { return []string{"indices", "start", "step", "stop"} }

func (s *Slice) indices(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("indices", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	n, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, wire.Errorf("ValueError", "length should not be negative")
	}
	start, stop, step, _, err := s.Indices(n)
	if err != nil {
		return nil, err
	}
	return starlark.Tuple{starlark.MakeInt(start), starlark.MakeInt(stop), starlark.MakeInt(step)}, nil
}

// CompareSameType compares as the tuples of the three parts would.
func (s *Slice) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return starlark.CompareDepth(op, s.tuple(), y.(*Slice).tuple(), depth)
}
