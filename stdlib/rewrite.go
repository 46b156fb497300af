package stdlib

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// attrName is the predeclared function that Rewrite puts in the place of x.name where name is a method that Python's built-in types
// have and go.starlark.net's have not.
const attrName = "%attr"

// lshiftName and rshiftName are the predeclared functions that Rewrite puts in the place of << and >>: go.starlark.net does not ask the
// right operand where the left one is an int.
const (
	lshiftName = "%lshift"
	rshiftName = "%rshift"
)

// Rewrite changes a parsed file, before it is resolved, where go.starlark.net leaves a part of Python no other way in: format strings that
// its operator % does not understand, if they are literals, methods that its types lack, and shifts by what may not be an int. Nothing is touched where predeclared says
// that what Lib.Predeclared returns is not there.
func Rewrite(n syntax.Node, predeclared func(name string) bool) {
	if !predeclared(formatName) {
		return
	}
	targets := map[*syntax.DotExpr]bool{} // x.name = y is no read of x.name
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			if lit := formatLiteral(n.X); n.Op == syntax.PERCENT && lit != nil && beyondPlain(lit.Value.(string)) {
				n.X = internalCall(formatName, lit.TokenPos, lit)
			}
		case *syntax.AssignStmt:
			findTargets(n.LHS, targets)
		case *syntax.ForStmt:
			findTargets(n.Vars, targets)
		}
		return true
	})
	rewriteExprs(n, targets)
}

// formatLiteral is x if it is a string literal, in parentheses or not.
func formatLiteral(x syntax.Expr) *syntax.Literal {
	for {
		switch e := x.(type) {
		case *syntax.ParenExpr:
			x = e.X
			continue
		case *syntax.Literal:
			if e.Token == syntax.STRING {
				return e
			}
		}
		return nil
	}
}

func internalCall(name string, pos syntax.Position, args ...syntax.Expr) *syntax.CallExpr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: pos, Name: name}, Lparen: pos, Args: args, Rparen: pos}
}

func findTargets(x syntax.Expr, targets map[*syntax.DotExpr]bool) {
	switch x := x.(type) {
	case *syntax.DotExpr:
		targets[x] = true
	case *syntax.ParenExpr:
		findTargets(x.X, targets)
	case *syntax.TupleExpr:
		for _, e := range x.List {
			findTargets(e, targets)
		}
	case *syntax.ListExpr:
		for _, e := range x.List {
			findTargets(e, targets)
		}
	}
}

// rewriteExprs replaces x.name by a call of attrName in every expression but the targets, and shifts by calls of theirs.
func rewriteExprs(n syntax.Node, targets map[*syntax.DotExpr]bool) {
	fix := func(x *syntax.Expr) {
		switch e := (*x).(type) {
		case *syntax.DotExpr:
			if !targets[e] && isExtra(e.Name.Name) {
				name := &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Raw: e.Name.Name, Value: e.Name.Name}
				*x = internalCall(attrName, e.Dot, e.X, name)
			}
		case *syntax.BinaryExpr:
			if lit, ok := e.Y.(*syntax.Literal); ok && lit.Token == syntax.INT {
				break
			}
			switch e.Op {
			case syntax.LTLT:
				*x = internalCall(lshiftName, e.OpPos, e.X, e.Y)
			case syntax.GTGT:
				*x = internalCall(rshiftName, e.OpPos, e.X, e.Y)
			}
		}
	}
	list := func(xs []syntax.Expr) {
		for i := range xs {
			fix(&xs[i])
		}
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			fix(&n.RHS)
		case *syntax.ExprStmt:
			fix(&n.X)
		case *syntax.ForStmt:
			fix(&n.X)
		case *syntax.WhileStmt:
			fix(&n.Cond)
		case *syntax.IfStmt:
			fix(&n.Cond)
		case *syntax.ReturnStmt:
			if n.Result != nil {
				fix(&n.Result)
			}
		case *syntax.DefStmt:
			list(n.Params)
		case *syntax.LambdaExpr:
			list(n.Params)
			fix(&n.Body)
		case *syntax.BinaryExpr:
			fix(&n.X)
			fix(&n.Y)
		case *syntax.UnaryExpr:
			if n.X != nil {
				fix(&n.X)
			}
		case *syntax.CallExpr:
			fix(&n.Fn)
			list(n.Args)
		case *syntax.CondExpr:
			fix(&n.Cond)
			fix(&n.True)
			fix(&n.False)
		case *syntax.Comprehension:
			fix(&n.Body)
		case *syntax.ForClause:
			fix(&n.X)
		case *syntax.IfClause:
			fix(&n.Cond)
		case *syntax.DictExpr:
			list(n.List)
		case *syntax.DictEntry:
			fix(&n.Key)
			fix(&n.Value)
		case *syntax.DotExpr:
			fix(&n.X)
		case *syntax.IndexExpr:
			fix(&n.X)
			fix(&n.Y)
		case *syntax.ListExpr:
			list(n.List)
		case *syntax.ParenExpr:
			fix(&n.X)
		case *syntax.SliceExpr:
			fix(&n.X)
			for _, x := range []*syntax.Expr{&n.Lo, &n.Hi, &n.Step} {
				if *x != nil {
					fix(x)
				}
			}
		case *syntax.TupleExpr:
			list(n.List)
		}
		return true
	})
}

// builtinAttr is attrName: %attr(x, "name") is x.name.
func (l *Lib) builtinAttr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, name := args[0], string(args[1].(starlark.String))
	if f := l.extra(x, name); f != nil {
		return f, nil
	}
	if s, ok := x.(starlark.String); ok && name == "__name__" {
		return s, nil // type(x) is the type's name here, so that type(x).__name__ may be asked for it
	}
	a, ok := x.(starlark.HasAttrs)
	if !ok {
		return nil, noAttr(x, name)
	}
	v, err := a.Attr(name)
	if v == nil && err == nil {
		err = noAttr(x, name)
	}
	return v, err
}

// shift returns the function that Rewrite puts in the place of a shift: %lshift(x, y) is x << y.
func shift(op syntax.Token) goFunc {
	return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if x, ok := args[0].(starlark.Int); ok {
			if y, ok := args[1].(*Instance); ok {
				return y.Binary(op, x, starlark.Right)
			}
		}
		return starlark.Binary(op, args[0], args[1])
	}
}
