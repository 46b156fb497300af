package eval

import (
	"math/big"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// compiler compiles one function.
type compiler struct {
	*code
}

// compile makes the closure that executes the function.
func (c *code) compile() {
	comp := &compiler{c}
	list := c.resolved.Body
	if len(list) == 1 {
		if r, ok := list[0].(*syntax.ReturnStmt); ok && r.Result != nil {
			x, p := comp.expr(r.Result), at(syntax.Start(r.Result))
			c.run = func(fr *frame) starlark.Value {
				if !fr.step(p) {
					return nil
				}
				return x(fr)
			}
			return
		}
	}
	b := comp.block(list)
	c.run = func(fr *frame) starlark.Value {
		switch b(fr) {
		case ctlReturn:
			return fr.result
		case ctlError:
			return nil
		}
		return starlark.None
	}
}

// expr evaluates an expression. It returns nil for an error, which is the thread's then.
type expr func(fr *frame) starlark.Value

// test evaluates an expression as a condition.
type test func(fr *frame) verdict

type verdict int8

const (
	no verdict = iota
	yes
	failed // the error is the thread's
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// stmt executes a statement.
type stmt func(fr *frame) control

type control uint8

const (
	ctlNext control = iota
	ctlBreak
	ctlContinue
	ctlReturn
	ctlError // the error is the thread's
)

// Unparen returns e without the parentheses around it.
func Unparen(e syntax.Expr) syntax.Expr {
	for {
		p, ok := e.(*syntax.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}

func constant(v starlark.Value) expr { return func(*frame) starlark.Value { return v } }

// literal returns the value of a literal, nil for another expression.
func literal(e syntax.Expr) starlark.Value {
	l, ok := Unparen(e).(*syntax.Literal)
	if !ok {
		return nil
	}
	switch v := l.Value.(type) {
	case int64:
		return starlark.MakeInt64(v)
	case *big.Int:
		return starlark.MakeBigInt(v)
	case float64:
		return starlark.Float(v)
	case string:
		if l.Token == syntax.BYTES {
			return starlark.Bytes(v)
		}
		return starlark.String(v)
	}
	return nil
}

// local returns the index of the plain local variable that e is, -1 for another expression.
func local(e syntax.Expr) int {
	if id, ok := Unparen(e).(*syntax.Ident); ok {
		if b := id.Binding.(*resolve.Binding); b.Scope == resolve.Local {
			return b.Index
		}
	}
	return -1
}
