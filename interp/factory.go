package interp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// factory returns the factory for f.
func (ev *evaluator) factory(f *ship.Func, a *away) (*eval.Function, error) {
	at := position{f.Line, f.Col}
	if fn := a.factories[at]; fn != nil {
		return fn, nil
	}
	file, err := factoryFile(f, a.has)
	if err != nil {
		return nil, err
	}
	stdlib.Rewrite(file, a.has)
	m, err := eval.NewModule(file, a.env, a.has)
	if err != nil {
		return nil, err
	}
	m.Source = received{f.Module}
	if err := m.Run(&starlark.Thread{Name: "define"}); err != nil {
		return nil, err
	}
	fn := m.Global(factoryName).(*eval.Function)
	a.factories[at] = fn
	return fn, nil
}

// produce makes the function that f describes with its factory.
func produce(f *ship.Func, factory *eval.Function, fill func(starlark.Callable) ([]starlark.Value, error)) (*eval.Function, error) {
	var made *eval.Function
	var failed error
	filler := starlark.NewBuiltin(fillName, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		made = args[0].(*eval.Function)
		var values []starlark.Value
		values, failed = fill(made)
		return starlark.Tuple(values), failed
	})
	args := append(starlark.Tuple{filler}, f.Defaults...)
	if factory.NumParams() != len(args) {
		return nil, wire.Errorf("ValueError", "invalid message: function %s has other defaults here", f.Name)
	}
	_, err := starlark.Call(&starlark.Thread{Name: "define"}, factory, args, nil)
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, fmt.Errorf("defining %s: %w", f.Name, err)
	}
	return made, nil
}

// Names of a factory and of its variables. No script can have such names, so they shadow nothing.
const (
	factoryName = "$factory"
	fillName    = "$fill"
	lambdaName  = "$lambda"
)

// alias is a second name of a global: see factoryFile.
func alias(name string) string { return name + "$" }

// has reports whether a factory finds name among its predeclared names, by the time that its functions are called.
func (g *scope) has(name string) bool {
	return g.names[strings.TrimSuffix(name, "$")] || g.env.Has(name)
}

// factoryFile returns the syntax tree of
//
//	def $factory($fill, $0, $1):
//	    def f(a, b=$0, c=$1): ...
//	    x, y = $fill(f)
//
// where x and y are the free variables of f. Where f means the global of its own name, as a recursive function does, it would
// find the factory's variable f instead of the global, which may be another function (f = decorator(f)). There, the global
// goes by its alias.
func factoryFile(f *ship.Func, predeclared func(string) bool) (*syntax.File, error) {
	file, def, err := buildFactory(f)
	if err != nil || f.Lambda || !slices.Contains(f.Globals, f.Name) {
		return file, err
	}
	// Which of the identifiers those are shows when the tree is resolved, and a tree can be resolved only once.
	if err := resolve.File(file, predeclared, starlark.Universe.Has); err != nil {
		return nil, err
	}
	name := def.(*syntax.DefStmt).Name
	itself := map[position]bool{}
	syntax.Walk(def, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok && id != name {
			if b, ok := id.Binding.(*resolve.Binding); ok && b.First == name {
				itself[position{id.NamePos.Line, id.NamePos.Col}] = true
			}
		}
		return true
	})
	file, def, err = buildFactory(f)
	if err != nil {
		return nil, err
	}
	syntax.Walk(def, func(n syntax.Node) bool {
		if id, ok := n.(*syntax.Ident); ok && itself[position{id.NamePos.Line, id.NamePos.Col}] {
			id.Name = alias(f.Name)
		}
		return true
	})
	return file, nil
}

// buildFactory returns the tree of the factory for f, not resolved, and the statement in it that makes f.
func buildFactory(f *ship.Func) (*syntax.File, syntax.Stmt, error) {
	stmt, params, name, err := parseDef(f)
	if err != nil {
		return nil, nil, err
	}
	pos := syntax.Start(stmt)
	ident := func(name string) *syntax.Ident { return &syntax.Ident{NamePos: pos, Name: name} }
	factory := &syntax.DefStmt{Def: pos, Name: ident(factoryName), Lparen: pos, Rparen: pos, Params: []syntax.Expr{ident(fillName)}}
	for _, p := range params {
		if p, ok := p.(*syntax.BinaryExpr); ok {
			d := fmt.Sprintf("$%d", len(factory.Params)-1)
			factory.Params = append(factory.Params, ident(d))
			p.Y = ident(d)
		}
	}
	call := &syntax.CallExpr{Fn: ident(fillName), Lparen: pos, Args: []syntax.Expr{ident(name)}, Rparen: pos}
	var fill syntax.Stmt = &syntax.ExprStmt{X: call}
	if len(f.Free) > 0 {
		targets := &syntax.TupleExpr{Lparen: pos, Rparen: pos}
		for _, b := range f.Free {
			targets.List = append(targets.List, ident(b.Name))
		}
		fill = &syntax.AssignStmt{OpPos: pos, Op: syntax.EQ, LHS: targets, RHS: call}
	}
	factory.Body = []syntax.Stmt{stmt, fill}
	return &syntax.File{Path: f.Module.File, Stmts: []syntax.Stmt{factory}, Options: ship.Options}, stmt, nil
}

// parseDef parses the text of f. It returns the statement that makes f and binds it to name, and f's parameters.
func parseDef(f *ship.Func) (stmt syntax.Stmt, params []syntax.Expr, name string, err error) {
	text := f.Module.Text[f.Start:f.End]
	if f.Lambda {
		// In parentheses, since line ends are allowed in those that were around it in its file.
		src := syntax.FilePortion{Content: slices.Concat([]byte("("), text, []byte(")")), FirstLine: f.Line, FirstCol: f.Col - 1}
		x, err := ship.Options.ParseExpr(f.Module.File, src, 0)
		if err != nil {
			return nil, nil, "", err
		}
		if paren, ok := x.(*syntax.ParenExpr); ok {
			if l, ok := paren.X.(*syntax.LambdaExpr); ok {
				target := &syntax.Ident{NamePos: l.Lambda, Name: lambdaName}
				return &syntax.AssignStmt{OpPos: l.Lambda, Op: syntax.EQ, LHS: target, RHS: l}, l.Params, lambdaName, nil
			}
		}
		return nil, nil, "", notDefined(f)
	}
	src := syntax.FilePortion{Content: text, FirstLine: f.Line, FirstCol: f.Col}
	file, err := ship.Options.Parse(f.Module.File, src, 0)
	if err != nil {
		return nil, nil, "", err
	}
	if len(file.Stmts) == 1 {
		if d, ok := file.Stmts[0].(*syntax.DefStmt); ok && d.Name.Name == f.Name {
			return d, d.Params, f.Name, nil
		}
	}
	return nil, nil, "", notDefined(f)
}

func notDefined(f *ship.Func) error {
	return wire.Errorf("ValueError", "invalid message: %s is not defined at %s:%d:%d", f.Name, f.Module.File, f.Line, f.Col)
}
