package eval

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// store is what an assignment does with a value. It reports false for an error.
type store func(fr *frame, v starlark.Value) bool

// assign compiles an assignment of x.
func (c *compiler) assign(lhs syntax.Expr, x expr, p pos) stmt {
	if i := local(lhs); i >= 0 {
		return func(fr *frame) control {
			v := x(fr)
			if v == nil {
				return ctlError
			}
			fr.locals[i] = v
			return ctlNext
		}
	}
	set := c.store(lhs, p)
	return func(fr *frame) control {
		v := x(fr)
		if v == nil || !set(fr, v) {
			return ctlError
		}
		return ctlNext
	}
}

func (c *compiler) store(lhs syntax.Expr, p pos) store {
	switch lhs := lhs.(type) {
	case *syntax.ParenExpr:
		return c.store(lhs.X, p)
	case *syntax.Ident:
		b := lhs.Binding.(*resolve.Binding)
		i := b.Index
		switch b.Scope {
		case resolve.Local:
			return func(fr *frame, v starlark.Value) bool { fr.locals[i] = v; return true }
		case resolve.Cell:
			return func(fr *frame, v starlark.Value) bool { fr.locals[i].(*cell).v = v; return true }
		case resolve.Global:
			g := c.module.globals[i]
			return func(fr *frame, v starlark.Value) bool { g.value = v; return true }
		}
	case *syntax.TupleExpr:
		return c.storeSequence(lhs.List, p)
	case *syntax.ListExpr:
		return c.storeSequence(lhs.List, p)
	case *syntax.IndexExpr:
		x, y, p := c.expr(lhs.X), c.expr(lhs.Y), at(lhs.Lbrack)
		return func(fr *frame, v starlark.Value) bool {
			xv := x(fr)
			if xv == nil {
				return false
			}
			yv := y(fr)
			if yv == nil {
				return false
			}
			if err := setIndex(xv, yv, v); err != nil {
				fr.fail(p, err)
				return false
			}
			return !fr.th.urgent || fr.look(p)
		}
	case *syntax.DotExpr:
		x, name, p := c.expr(lhs.X), lhs.Name.Name, at(lhs.Dot)
		return func(fr *frame, v starlark.Value) bool {
			xv := x(fr)
			if xv == nil {
				return false
			}
			if err := setField(xv, name, v); err != nil {
				fr.fail(p, err)
				return false
			}
			return !fr.th.urgent || fr.look(p)
		}
	}
	panic(fmt.Sprintf("unexpected target %T", lhs))
}

func (c *compiler) storeSequence(list []syntax.Expr, p pos) store {
	stores := make([]store, len(list))
	for i, e := range list {
		stores[i] = c.store(e, p)
	}
	n := len(list)
	return func(fr *frame, v starlark.Value) bool {
		var buf [8]starlark.Value
		vs := buf[:0]
		if t, ok := v.(starlark.Tuple); ok && len(t) == n {
			vs = t
		} else {
			iter := starlark.Iterate(v)
			if iter == nil {
				fr.fail(p, fmt.Errorf("got %s in sequence assignment", v.Type()))
				return false
			}
			var elem starlark.Value
			for len(vs) < n && iter.Next(&elem) {
				vs = append(vs, elem)
			}
			more := len(vs) == n && iter.Next(&elem)
			iter.Done()
			switch {
			case fr.th.urgent && !fr.look(p):
				return false
			case more:
				fr.fail(p, fmt.Errorf("too many values to unpack (got %d, want %d)", starlark.Len(v), n))
				return false
			case len(vs) < n:
				fr.fail(p, fmt.Errorf("too few values to unpack (got %d, want %d)", len(vs), n))
				return false
			}
		}
		for i, set := range stores {
			if !set(fr, vs[i]) {
				return false
			}
		}
		return true
	}
}

// augmented compiles x op= y.
func (c *compiler) augmented(s *syntax.AssignStmt) stmt {
	y, p := c.expr(s.RHS), at(s.OpPos)
	f := inPlace(s.Op - syntax.PLUS_EQ + syntax.PLUS)
	switch lhs := Unparen(s.LHS).(type) {
	case *syntax.Ident:
		x := c.ident(lhs)
		if isArithmetic(s.RHS) {
			e := &syntax.BinaryExpr{X: lhs, Y: s.RHS, OpPos: s.OpPos, Op: s.Op - syntax.PLUS_EQ + syntax.PLUS}
			if isArithmetic(e) {
				return c.assign(lhs, c.boxed(c.operation(e, true)), p)
			}
		}
		return c.assign(lhs, func(fr *frame) starlark.Value {
			xv := x(fr)
			if xv == nil {
				return nil
			}
			yv := y(fr)
			if yv == nil {
				return nil
			}
			v, err := fr.augment(f, xv, yv)
			if err != nil {
				return fr.fail(p, err)
			}
			return fr.checked(p, v)
		}, p)
	case *syntax.IndexExpr:
		x, i, ip := c.expr(lhs.X), c.expr(lhs.Y), at(lhs.Lbrack)
		return func(fr *frame) control {
			xv := x(fr)
			if xv == nil {
				return ctlError
			}
			iv := i(fr)
			if iv == nil {
				return ctlError
			}
			old, err := index(xv, iv)
			if err != nil {
				fr.fail(ip, err)
				return ctlError
			}
			yv := y(fr)
			if yv == nil {
				return ctlError
			}
			v, err := fr.augment(f, old, yv)
			if err != nil {
				fr.fail(p, err)
				return ctlError
			}
			if err := setIndex(xv, iv, v); err != nil {
				fr.fail(ip, err)
				return ctlError
			}
			return fr.done(p)
		}
	case *syntax.DotExpr:
		x, name, dp := c.expr(lhs.X), lhs.Name.Name, at(lhs.Dot)
		return func(fr *frame) control {
			xv := x(fr)
			if xv == nil {
				return ctlError
			}
			old, err := attr(xv, name)
			if err != nil {
				fr.fail(dp, err)
				return ctlError
			}
			yv := y(fr)
			if yv == nil {
				return ctlError
			}
			v, err := fr.augment(f, old, yv)
			if err != nil {
				fr.fail(p, err)
				return ctlError
			}
			if err := setField(xv, name, v); err != nil {
				fr.fail(dp, err)
				return ctlError
			}
			return fr.done(p)
		}
	}
	panic("unexpected target of an augmented assignment")
}

// augment is the operation of an augmented assignment.
func (fr *frame) augment(f func(x, y starlark.Value) (starlark.Value, error), x, y starlark.Value) (starlark.Value, error) {
	fr.th.inPlace = true
	v, err := f(x, y)
	fr.th.inPlace = false
	return v, err
}

// inPlace returns the function of an augmented assignment's operator. A list and a dict change themselves.
func inPlace(op syntax.Token) func(x, y starlark.Value) (starlark.Value, error) {
	f := operator(op)
	if op != syntax.PLUS && op != syntax.PIPE {
		return f
	}
	return func(x, y starlark.Value) (starlark.Value, error) {
		switch x := x.(type) {
		case *starlark.List:
			if y, ok := y.(starlark.Iterable); ok && op == syntax.PLUS {
				return x, change(x, "extend", "extend", "apply += to", y)
			}
		case *starlark.Dict:
			if y, ok := y.(*starlark.Dict); ok && op == syntax.PIPE {
				return x, change(x, "update", "insert into", "apply |= to", y)
			}
		}
		return f(x, y)
	}
}

// change calls a method of a container, whose errors say that it cannot do something; they shall say what instead.
func change(x starlark.HasAttrs, method, does, what string, y starlark.Value) error {
	m, err := x.Attr(method)
	if err != nil {
		return err
	}
	_, err = m.(*starlark.Builtin).CallInternal(nil, starlark.Tuple{y}, nil)
	if err == nil {
		return nil
	}
	return errors.New(strings.Replace(strings.TrimPrefix(err.Error(), method+": "), "cannot "+does, "cannot "+what, 1))
}
