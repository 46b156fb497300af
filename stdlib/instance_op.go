package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

var (
	_ starlark.HasBinary  = (*Instance)(nil)
	_ starlark.HasUnary   = (*Instance)(nil)
	_ starlark.Comparable = (*Instance)(nil)
)

// notImplemented is the type of NotImplemented, which a special method returns to let the other operand try.
type notImplemented struct{ _ byte }

var _ starlark.Value = (*notImplemented)(nil)

func (*notImplemented) String() string        { return "NotImplemented" }
func (*notImplemented) Type() string          { return "NotImplementedType" }
func (*notImplemented) Freeze()               {}
func (*notImplemented) Truth() starlark.Bool  { return true }
func (*notImplemented) Hash() (uint32, error) { return 0x4e6f74, nil }

// binaryName returns the special methods of a binary operator, plain and reflected.
func binaryName(op syntax.Token) (name, reflected string) {
	switch op {
	case syntax.PLUS:
		return "__add__", "__radd__"
	case syntax.MINUS:
		return "__sub__", "__rsub__"
	case syntax.STAR:
		return "__mul__", "__rmul__"
	case syntax.SLASH:
		return "__truediv__", "__rtruediv__"
	case syntax.SLASHSLASH:
		return "__floordiv__", "__rfloordiv__"
	case syntax.PERCENT:
		return "__mod__", "__rmod__"
	case syntax.AMP:
		return "__and__", "__rand__"
	case syntax.PIPE:
		return "__or__", "__ror__"
	case syntax.CIRCUMFLEX:
		return "__xor__", "__rxor__"
	case syntax.LTLT:
		return "__lshift__", "__rlshift__"
	case syntax.GTGT:
		return "__rshift__", "__rrshift__"
	}
	return "", ""
}

// Binary applies a binary operator to the instance and y, which is the left operand if side is Right.
func (x *Instance) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	name, reflected := binaryName(op)
	if name == "" {
		return nil, nil
	}
	if side == starlark.Right {
		// The left operand is a Go value that does not know the operator for an instance.
		v, err := x.try(reflected, y)
		if v != nil || err != nil {
			return v, err
		}
		return nil, unsupported(op, y, x)
	}
	if inplace := "__i" + name[2:]; x.cls.special(inplace) != nil && x.cls.lib.cfg.Augmented() {
		if v, err := x.try(inplace, y); v != nil || err != nil {
			return v, err
		}
	}
	o, ok := y.(*Instance)
	if !ok {
		v, err := x.try(name, y)
		if v != nil || err != nil {
			return v, err
		}
		if _, ok := y.(starlark.HasBinary); ok {
			return nil, nil
		}
		return nil, unsupported(op, x, y)
	}
	v, err := x.binaryWith(o, name, reflected)
	if v != nil || err != nil {
		return v, err
	}
	return nil, unsupported(op, x, y)
}

// binaryWith tries x's method and y's reflected one; y's comes first where its class derives from x's and has its own.
// It returns nil, nil if neither knows the operator.
func (x *Instance) binaryWith(y *Instance, name, reflected string) (starlark.Value, error) {
	if x.cls == y.cls {
		return x.try(name, y)
	}
	if y.cls.derives(x.cls) && y.cls.special(reflected) != x.cls.special(reflected) {
		if v, err := y.try(reflected, x); v != nil || err != nil {
			return v, err
		}
		return x.try(name, y)
	}
	if v, err := x.try(name, y); v != nil || err != nil {
		return v, err
	}
	return y.try(reflected, x)
}

// try calls the special method with one argument. It returns nil, nil if there is none or if it returns NotImplemented.
func (x *Instance) try(name string, arg starlark.Value) (starlark.Value, error) {
	fn := x.cls.special(name)
	if fn == nil {
		return nil, nil
	}
	v, err := x.cls.lib.hook(x, fn, arg)
	if err != nil {
		return nil, err
	}
	if v == x.cls.lib.notImpl {
		return nil, nil
	}
	return v, nil
}

func unsupported(op syntax.Token, x, y starlark.Value) error {
	return wire.Errorf("TypeError", "unsupported operand type(s) for %s: '%s' and '%s'", op, pyType(x), pyType(y))
}

// Unary applies +, - or ~. Python has __pos__ for +.
func (x *Instance) Unary(op syntax.Token) (starlark.Value, error) {
	var name string
	switch op {
	case syntax.PLUS:
		name = "__pos__"
	case syntax.MINUS:
		name = "__neg__"
	case syntax.TILDE:
		name = "__invert__"
	default:
		return nil, nil
	}
	fn := x.cls.special(name)
	if fn == nil {
		return nil, wire.Errorf("TypeError", "bad operand type for unary %s: '%s'", op, x.cls.name)
	}
	return x.cls.lib.hook(x, fn)
}

// compareName returns the special methods of a comparison, plain and reflected.
func compareName(op syntax.Token) (name, reflected string) {
	switch op {
	case syntax.EQL:
		return "__eq__", "__eq__"
	case syntax.NEQ:
		return "__ne__", "__ne__"
	case syntax.LT:
		return "__lt__", "__gt__"
	case syntax.LE:
		return "__le__", "__ge__"
	case syntax.GT:
		return "__gt__", "__lt__"
	}
	return "__ge__", "__le__"
}

// CompareSameType compares two instances. A failing special method's error is also made pending: go.starlark.net
// drops or rewords errors of comparisons in some places (in a dict, min, max).
func (x *Instance) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	l := x.cls.lib
	v, err := l.richCompare(op, x, y)
	if err == nil {
		truth := bool(v.Truth())
		if err = l.check(); err == nil {
			return truth, nil
		}
	}
	l.Fail(err)
	return false, err
}

// Compare is the comparison x op y as scripts mean it, for operands of which at least one is an instance. go.starlark.net
// never asks an instance about a value of another type: there == is False and < an error.
func (l *Lib) Compare(op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	_, xi := x.(*Instance)
	_, yi := y.(*Instance)
	if xi || yi {
		return l.richCompare(op, x, y)
	}
	ok, err := starlark.Compare(op, x, y)
	return starlark.Bool(ok), err
}

func (l *Lib) richCompare(op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	v, err := l.tryCompare(op, x, y)
	if v != nil || err != nil {
		return v, err
	}
	switch op {
	case syntax.EQL:
		return starlark.Bool(x == y), nil
	case syntax.NEQ:
		// Without __ne__, != is the opposite of __eq__.
		v, err := l.tryCompare(syntax.EQL, x, y)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return starlark.Bool(x != y), nil
		}
		return !v.Truth(), nil
	}
	return nil, wire.Errorf("TypeError", "'%s' not supported between instances of '%s' and '%s'", op, pyType(x), pyType(y))
}

// tryCompare asks x and then y, or y first where its class derives from x's. It returns nil, nil if neither knows.
func (l *Lib) tryCompare(op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	name, reflected := compareName(op)
	xi, _ := x.(*Instance)
	yi, _ := y.(*Instance)
	if xi != nil && yi != nil && xi.cls != yi.cls && yi.cls.derives(xi.cls) {
		if v, err := yi.try(reflected, x); v != nil || err != nil {
			return v, err
		}
		return xi.try(name, y)
	}
	if xi != nil {
		if v, err := xi.try(name, y); v != nil || err != nil {
			return v, err
		}
	}
	if yi != nil {
		return yi.try(reflected, x)
	}
	return nil, nil
}
