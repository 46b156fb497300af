package eval

import (
	"errors"
	"fmt"
	"slices"

	"github.com/starmp/starmp/interp/internal/spell"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// small returns v as an int64 if it is an Int that fits.
func small(v starlark.Value) (int64, bool) {
	if i, ok := v.(starlark.Int); ok {
		return i.Int64()
	}
	return 0, false
}

// add is x + y.
func add(x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.Int:
		if y, ok := y.(starlark.Int); ok {
			if a, ok := x.Int64(); ok {
				if b, ok := y.Int64(); ok {
					if s := a + b; (s > a) == (b > 0) {
						return starlark.MakeInt64(s), nil
					}
				}
			}
			return x.Add(y), nil
		}
	case starlark.Float:
		if y, ok := y.(starlark.Float); ok {
			return x + y, nil
		}
	case starlark.String:
		if y, ok := y.(starlark.String); ok {
			return x + y, nil
		}
	}
	return starlark.Binary(syntax.PLUS, x, y)
}

func sub(x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.Int:
		if y, ok := y.(starlark.Int); ok {
			if a, ok := x.Int64(); ok {
				if b, ok := y.Int64(); ok {
					if d := a - b; (d < a) == (b > 0) {
						return starlark.MakeInt64(d), nil
					}
				}
			}
			return x.Sub(y), nil
		}
	case starlark.Float:
		if y, ok := y.(starlark.Float); ok {
			return x - y, nil
		}
	}
	return starlark.Binary(syntax.MINUS, x, y)
}

func mul(x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.Int:
		if y, ok := y.(starlark.Int); ok {
			if a, ok := x.Int64(); ok && int64(int32(a)) == a {
				if b, ok := y.Int64(); ok && int64(int32(b)) == b {
					return starlark.MakeInt64(a * b), nil
				}
			}
			return x.Mul(y), nil
		}
	case starlark.Float:
		if y, ok := y.(starlark.Float); ok {
			return x * y, nil
		}
	}
	return starlark.Binary(syntax.STAR, x, y)
}

func mod(x, y starlark.Value) (starlark.Value, error) {
	if a, ok := small(x); ok {
		if b, ok := small(y); ok && b > 0 {
			m := a % b
			if m < 0 {
				m += b
			}
			return starlark.MakeInt64(m), nil
		}
	}
	return starlark.Binary(syntax.PERCENT, x, y)
}

func floordiv(x, y starlark.Value) (starlark.Value, error) {
	if a, ok := small(x); ok && a >= 0 {
		if b, ok := small(y); ok && b > 0 {
			return starlark.MakeInt64(a / b), nil
		}
	}
	return starlark.Binary(syntax.SLASHSLASH, x, y)
}

// operator returns the function of a binary operator.
func operator(op syntax.Token) func(x, y starlark.Value) (starlark.Value, error) {
	switch op {
	case syntax.PLUS:
		return add
	case syntax.MINUS:
		return sub
	case syntax.STAR:
		return mul
	case syntax.PERCENT:
		return mod
	case syntax.SLASHSLASH:
		return floordiv
	}
	return func(x, y starlark.Value) (starlark.Value, error) { return starlark.Binary(op, x, y) }
}

// compare is x op y.
func compare(op syntax.Token, x, y starlark.Value) (bool, error) {
	switch x := x.(type) {
	case starlark.Int:
		if a, ok := x.Int64(); ok {
			if b, ok := small(y); ok {
				return compareInts(op, a, b), nil
			}
		}
	case starlark.String:
		if y, ok := y.(starlark.String); ok {
			switch op {
			case syntax.EQL:
				return x == y, nil
			case syntax.NEQ:
				return x != y, nil
			case syntax.LT:
				return x < y, nil
			case syntax.LE:
				return x <= y, nil
			case syntax.GT:
				return x > y, nil
			case syntax.GE:
				return x >= y, nil
			}
		}
	}
	return starlark.Compare(op, x, y)
}

func compareInts(op syntax.Token, a, b int64) bool {
	switch op {
	case syntax.EQL:
		return a == b
	case syntax.NEQ:
		return a != b
	case syntax.LT:
		return a < b
	case syntax.LE:
		return a <= b
	case syntax.GT:
		return a > b
	}
	return a >= b
}

// index is x[y].
func index(x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case *starlark.List:
		if i, ok := small(y); ok {
			n := int64(x.Len())
			if i < 0 {
				i += n
			}
			if uint64(i) < uint64(n) {
				return x.Index(int(i)), nil
			}
		}
	case *starlark.Dict:
		z, found, err := x.Get(y)
		if err == nil && !found {
			err = fmt.Errorf("key %v not in %s", y, x.Type())
		}
		return z, err
	}
	switch x := x.(type) {
	case starlark.Mapping:
		z, found, err := x.Get(y)
		if err == nil && !found {
			err = fmt.Errorf("key %v not in %s", y, x.Type())
		}
		return z, err
	case starlark.Indexable:
		n := x.Len()
		i, err := starlark.AsInt32(y)
		if err != nil {
			return nil, fmt.Errorf("%s index: %s", x.Type(), err)
		}
		j := i
		if j < 0 {
			j += n
		}
		if j < 0 || j >= n {
			return nil, outOfRange(i, n, x)
		}
		return x.Index(j), nil
	}
	return nil, fmt.Errorf("unhandled index operation %s[%s]", x.Type(), y.Type())
}

func outOfRange(i, n int, x starlark.Value) error {
	if n == 0 {
		return fmt.Errorf("index %d out of range: empty %s", i, x.Type())
	}
	return fmt.Errorf("%s index %d out of range [%d:%d]", x.Type(), i, -n, n-1)
}

// setIndex is x[y] = z.
func setIndex(x, y, z starlark.Value) error {
	switch x := x.(type) {
	case *starlark.List:
		if i, ok := small(y); ok && uint64(i) < uint64(x.Len()) {
			return x.SetIndex(int(i), z)
		}
	}
	switch x := x.(type) {
	case starlark.HasSetKey:
		return x.SetKey(y, z)
	case starlark.HasSetIndex:
		n := x.Len()
		i, err := starlark.AsInt32(y)
		if err != nil {
			return err
		}
		j := i
		if j < 0 {
			j += n
		}
		if j < 0 || j >= n {
			return outOfRange(i, n, x)
		}
		return x.SetIndex(j, z)
	}
	return fmt.Errorf("%s value does not support item assignment", x.Type())
}

// attr is x.name.
func attr(x starlark.Value, name string) (starlark.Value, error) {
	h, ok := x.(starlark.HasAttrs)
	if !ok {
		return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
	}
	v, err := h.Attr(name)
	if err == nil && v != nil {
		return v, nil
	}
	msg := fmt.Sprintf("%s has no .%s field or method", x.Type(), name)
	if err != nil {
		none, ok := err.(starlark.NoSuchAttrError)
		if !ok {
			return nil, err
		}
		msg = string(none)
	}
	if hint := spell.Nearest(name, slices.Values(h.AttrNames())); hint != "" {
		msg += " (did you mean ." + hint + "?)"
	}
	return nil, errors.New(msg)
}

func setField(x starlark.Value, name string, y starlark.Value) error {
	if x, ok := x.(starlark.HasSetField); ok {
		err := x.SetField(name, y)
		if none, ok := err.(starlark.NoSuchAttrError); ok {
			if hint := spell.Nearest(name, slices.Values(x.AttrNames())); hint != "" {
				err = fmt.Errorf("%s (did you mean .%s?)", none, hint)
			}
		}
		return err
	}
	return fmt.Errorf("can't assign to .%s field of %s", name, x.Type())
}

// slice is x[lo:hi:step]; None stands for what is left out.
func slice(x, lo, hi, by starlark.Value) (starlark.Value, error) {
	s, ok := x.(starlark.Sliceable)
	if !ok {
		return nil, fmt.Errorf("invalid slice operand %s", x.Type())
	}
	n, step := s.Len(), 1
	if by != starlark.None {
		var err error
		if step, err = starlark.AsInt32(by); err != nil {
			return nil, fmt.Errorf("invalid slice step: %s", err)
		}
		if step == 0 {
			return nil, fmt.Errorf("zero is not a valid slice step")
		}
	}
	start, end, least, most := 0, n, 0, n
	if step < 0 {
		start, end, least, most = n-1, -1, -1, n-1
	}
	for _, bound := range []struct {
		v    starlark.Value
		to   *int
		name string
	}{{lo, &start, "start"}, {hi, &end, "end"}} {
		if bound.v == starlark.None {
			continue
		}
		i, err := starlark.AsInt32(bound.v)
		if err != nil {
			return nil, fmt.Errorf("invalid %s index: %s", bound.name, err)
		}
		if i < 0 {
			i += n
		}
		*bound.to = min(max(i, least), most)
	}
	if step > 0 && end < start || step < 0 && start < end {
		end = start
	}
	return s.Slice(start, end, step), nil
}
