package interp

import (
	"github.com/starmp/starmp/interp/internal/eval"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The REPL compiles what is typed chunk by chunk, and go.starlark.net gives each compiled file globals of its own. To have
// one set of globals, as in Python, a chunk is rewritten before it is compiled: it only ever reads them from the
// session's environment, which go.starlark.net looks up at run time, and each assignment is followed by a call that
// stores the value there.
//
//	x = f(x)         %x = f(x); %set("x", %x)
//	x += 1           %x = x; %x += 1; %set("x", %x)
//	for x in y:      for %x in y: %set("x", %x); ...
//	def f(): ...     def f(): ...; %set("f", f)
//
// So a function sees what its globals are when it runs, also if a later chunk has set them. There is one exception: a
// function that calls itself calls itself, even if its name has been given to something else since.

const (
	setName    = "%set"    // the function that stores a global; scripts can't write such a name
	resultName = "%result" // the value of a chunk that is an expression
)

// chunk rewrites one chunk.
type chunk struct {
	bound map[string]bool // the names it binds
}

// rewriteChunk rewrites f in place and returns the names that it binds. A single expression becomes an assignment
// to resultName.
func rewriteChunk(f *syntax.File) map[string]bool {
	c := &chunk{bound: map[string]bool{}}
	if len(f.Stmts) == 1 {
		if s, ok := f.Stmts[0].(*syntax.ExprStmt); ok {
			pos := syntax.Start(s)
			f.Stmts[0] = &syntax.AssignStmt{OpPos: pos, Op: syntax.EQ, LHS: &syntax.Ident{NamePos: pos, Name: resultName}, RHS: s.X}
			return c.bound
		}
	}
	f.Stmts = c.stmts(f.Stmts)
	return c.bound
}

func (c *chunk) stmts(in []syntax.Stmt) []syntax.Stmt {
	var out []syntax.Stmt
	for _, s := range in {
		out = c.stmt(out, s)
	}
	return out
}

func (c *chunk) stmt(out []syntax.Stmt, s syntax.Stmt) []syntax.Stmt {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		if id, ok := eval.Unparen(s.LHS).(*syntax.Ident); ok && s.Op != syntax.EQ {
			read := &syntax.Ident{NamePos: id.NamePos, Name: id.Name}
			write := &syntax.Ident{NamePos: id.NamePos, Name: "%" + id.Name}
			out = append(out, &syntax.AssignStmt{OpPos: s.OpPos, Op: syntax.EQ, LHS: write, RHS: read})
		}
		sets := c.target(nil, s.LHS)
		return append(append(out, s), sets...)
	case *syntax.ForStmt:
		sets := c.target(nil, s.Vars)
		s.Body = append(sets, c.stmts(s.Body)...)
	case *syntax.WhileStmt:
		s.Body = c.stmts(s.Body)
	case *syntax.IfStmt:
		s.True, s.False = c.stmts(s.True), c.stmts(s.False)
	case *syntax.DefStmt:
		c.bound[s.Name.Name] = true
		return append(out, s, setGlobal(s.Name.Name, s.Name))
	case *syntax.LoadStmt:
		var sets []syntax.Stmt
		for i, id := range s.To {
			s.To[i] = &syntax.Ident{NamePos: id.NamePos, Name: id.Name} // it may be the one in From
			sets = c.target(sets, s.To[i])
		}
		return append(append(out, s), sets...)
	}
	return append(out, s)
}

// target renames the names in an assignment's target and appends the statements that set the globals.
func (c *chunk) target(sets []syntax.Stmt, x syntax.Expr) []syntax.Stmt {
	switch x := x.(type) {
	case *syntax.Ident:
		name := x.Name
		c.bound[name] = true
		x.Name = "%" + name
		return append(sets, setGlobal(name, x))
	case *syntax.ParenExpr:
		return c.target(sets, x.X)
	case *syntax.TupleExpr:
		for _, e := range x.List {
			sets = c.target(sets, e)
		}
	case *syntax.ListExpr:
		for _, e := range x.List {
			sets = c.target(sets, e)
		}
	}
	return sets
}

// setGlobal is the statement %set("name", value).
func setGlobal(name string, value *syntax.Ident) syntax.Stmt {
	pos := value.NamePos
	return &syntax.ExprStmt{X: &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: pos, Name: setName},
		Lparen: pos,
		Args: []syntax.Expr{
			&syntax.Literal{Token: syntax.STRING, TokenPos: pos, Raw: name, Value: name},
			&syntax.Ident{NamePos: pos, Name: value.Name},
		},
		Rparen: pos,
	}}
}

// globals is the environment of a REPL: predeclared names and, once set, the session's globals.
type globals struct {
	env *eval.Env
}

func newGlobals(env, own starlark.StringDict) *globals {
	g := &globals{eval.NewSession(env, own)}
	env[setName] = starlark.NewBuiltin(setName, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		g.env.Set(string(args[0].(starlark.String)), args[1])
		return starlark.None, nil
	})
	return g
}

// exec compiles and runs one chunk. The result is the value of a chunk that is a single expression, else nil.
func (g *globals) exec(thread *starlark.Thread, f *syntax.File) (starlark.Value, error) {
	bound := rewriteChunk(f)
	m, err := compileFile(f, g.env, bound)
	if err != nil {
		return nil, err
	}
	err = m.Run(thread)
	return m.Global(resultName), err
}
