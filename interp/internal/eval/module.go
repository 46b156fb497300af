package eval

import (
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Module is a file and its globals.
type Module struct {
	// Source is for whoever makes the module: what its functions come from.
	Source any

	file    string
	env     *Env
	globals []*Var // as the resolver numbers them
	top     *code
}

// NewModule resolves a parsed file, once. Its names are looked for in env, and those that later reports may be set there later. The tree must not be
// changed any more.
func NewModule(f *syntax.File, env *Env, later func(string) bool) (*Module, error) {
	has := func(name string) bool { return env.Has(name) || later != nil && later(name) }
	if err := resolve.File(f, has, starlark.Universe.Has); err != nil {
		return nil, err
	}
	r := f.Module.(*resolve.Module)
	m := &Module{file: f.Path, env: env}
	vars := make([]Var, len(r.Globals))
	for i, g := range r.Globals {
		vars[i].name = g.First.Name
		m.globals = append(m.globals, &vars[i])
	}
	start := syntax.MakePosition(&f.Path, 1, 1)
	if len(f.Stmts) > 0 {
		start = syntax.Start(f.Stmts[0])
	}
	m.top = m.function(&resolve.Function{Pos: start, Name: "<toplevel>", Body: f.Stmts, Locals: r.Locals})
	return m, nil
}

// Run executes the module's top level.
func (m *Module) Run(thread *starlark.Thread) error {
	_, err := starlark.Call(thread, &Function{code: m.top}, nil, nil)
	return err
}

// Global returns the value of a global, nil if it has none.
func (m *Module) Global(name string) starlark.Value {
	for _, g := range m.globals {
		if g.name == name {
			return g.value
		}
	}
	return nil
}

// Predeclared returns the value of a name that the module finds predeclared, nil if it has none.
func (m *Module) Predeclared(name string) starlark.Value { return m.env.Get(name) }

// Globals returns a new dictionary of the globals that have values.
func (m *Module) Globals() starlark.StringDict {
	d := make(starlark.StringDict, len(m.globals))
	for _, g := range m.globals {
		if g.value != nil {
			d[g.name] = g.value
		}
	}
	return d
}
