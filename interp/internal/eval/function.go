package eval

import (
	"fmt"
	"strings"
	"sync"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// code is what all functions have in common that one def statement or lambda expression makes.
type code struct {
	module   *Module
	resolved *resolve.Function
	name     string
	pos      syntax.Position // of def or lambda
	params   []*syntax.Ident // those of *args and **kwargs last
	nlocals  int
	cells    []int // the parameters and other locals that inner functions use
	nkwonly  int
	varargs  bool
	kwargs   bool
	simple   bool // all parameters are positional

	once sync.Once
	run  body // compiled when it is first called
}

// body executes a function's statements. It returns nil for an error.
type body func(fr *frame) starlark.Value

func (m *Module) function(f *resolve.Function) *code {
	c := &code{module: m, resolved: f, name: f.Name, pos: f.Pos, nlocals: len(f.Locals), nkwonly: f.NumKwonlyParams, varargs: f.HasVarargs, kwargs: f.HasKwargs}
	n := len(f.Params)
	if f.NumKwonlyParams > 0 && !f.HasVarargs {
		n-- // the star alone
	}
	for i, l := range f.Locals {
		if i < n {
			c.params = append(c.params, l.First)
		}
		if l.Scope == resolve.Cell {
			c.cells = append(c.cells, i)
		}
	}
	c.simple = n == len(f.Params) && !f.HasVarargs && !f.HasKwargs && f.NumKwonlyParams == 0
	return c
}

// doc is the string that the body begins with.
func (c *code) doc() string {
	if len(c.resolved.Body) > 0 {
		if s, ok := c.resolved.Body[0].(*syntax.ExprStmt); ok {
			if l, ok := s.X.(*syntax.Literal); ok && l.Token == syntax.STRING {
				return l.Value.(string)
			}
		}
	}
	return ""
}

// Function is a function of a script.
type Function struct {
	code     *code
	defaults []starlark.Value // of the last parameters; nil where a keyword-only parameter has none
	free     []*cell
}

var _ starlark.Callable = (*Function)(nil)

func (fn *Function) Name() string              { return fn.code.name }
func (fn *Function) Doc() string               { return fn.code.doc() }
func (fn *Function) Hash() (uint32, error)     { return starlark.String(fn.code.name).Hash() }
func (fn *Function) String() string            { return "<function " + fn.code.name + ">" }
func (fn *Function) Type() string              { return "function" }
func (fn *Function) Truth() starlark.Bool      { return true }
func (fn *Function) Position() syntax.Position { return fn.code.pos }
func (fn *Function) Module() *Module           { return fn.code.module }
func (fn *Function) NumParams() int            { return len(fn.code.params) }
func (fn *Function) NumKwonlyParams() int      { return fn.code.nkwonly }
func (fn *Function) HasVarargs() bool          { return fn.code.varargs }
func (fn *Function) HasKwargs() bool           { return fn.code.kwargs }
func (fn *Function) Param(i int) (string, syntax.Position) {
	return fn.code.params[i].Name, fn.code.params[i].NamePos
}

// ParamDefault returns the default of a parameter, nil if it has none.
func (fn *Function) ParamDefault(i int) starlark.Value {
	n := len(fn.code.params)
	if fn.code.kwargs {
		n--
	}
	if fn.code.varargs {
		n--
	}
	first := n - len(fn.defaults)
	if i < first || i >= n {
		return nil
	}
	return fn.defaults[i-first]
}

// NumFreeVars returns the number of variables of enclosing functions that the function uses.
func (fn *Function) NumFreeVars() int { return len(fn.free) }

// FreeVar returns such a variable and its value; nil if it has none yet.
func (fn *Function) FreeVar(i int) (starlark.Binding, starlark.Value) {
	id := fn.code.resolved.FreeVars[i].First
	return starlark.Binding{Name: id.Name, Pos: id.NamePos}, fn.free[i].v
}

// ModuleName returns __name__ of the function's module.
func (fn *Function) ModuleName() string {
	name, _ := starlark.AsString(fn.code.module.env.Get("__name__"))
	return name
}

// Freeze makes what the function refers to immutable.
func (fn *Function) Freeze() {
	for _, v := range fn.defaults {
		if v != nil {
			v.Freeze()
		}
	}
	for _, c := range fn.free {
		if c.v != nil {
			c.v.Freeze()
		}
	}
}

// cell is a local variable that inner functions use.
type cell struct{ v starlark.Value }

func (c *cell) String() string        { return "cell" }
func (c *cell) Type() string          { return "cell" }
func (c *cell) Freeze()               {}
func (c *cell) Truth() starlark.Bool  { return true }
func (c *cell) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: cell") }

// CallInternal implements starlark.Callable, for built-ins that call functions.
func (fn *Function) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	th := stateOf(thread)
	depth, stack, sp := th.depth, th.stack, th.sp
	defer func() {
		if th.depth != depth { // a panic passes through
			th.unwind(depth, stack, sp)
		}
		if depth == 0 && len(th.frames) > mostKept {
			th.frames = nil
		}
	}()
	v := th.call(fn, args, kwargs, true)
	if v == nil {
		return nil, th.take()
	}
	return v, nil
}

// bind sets parameters from arguments, as setArgs of go.starlark.net does, with its messages.
func (fn *Function) bind(locals []starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) error {
	c := fn.code
	if len(c.params) == 0 {
		if n := len(args) + len(kwargs); n > 0 {
			return fmt.Errorf("function %s accepts no arguments (%d given)", c.name, n)
		}
		return nil
	}
	nparams := len(c.params)
	var kwdict *starlark.Dict
	if c.kwargs {
		nparams--
		kwdict = new(starlark.Dict)
		locals[nparams] = kwdict
	}
	if c.varargs {
		nparams--
	}
	positional := nparams - c.nkwonly
	n := len(args)
	if n > positional {
		if !c.varargs {
			most, s := "", "s"
			if len(fn.defaults) > c.nkwonly {
				most = "at most "
			}
			if positional == 1 {
				s = ""
			}
			return fmt.Errorf("function %s accepts %s%d positional argument%s (%d given)", c.name, most, positional, s, n)
		}
		n = positional
	}
	copy(locals, args[:n])
	if c.varargs {
		locals[nparams] = append(make(starlark.Tuple, 0, len(args)-n), args[n:]...)
	}
	for _, kv := range kwargs {
		k := string(kv[0].(starlark.String))
		i := 0
		for i < nparams && c.params[i].Name != k {
			i++
		}
		switch {
		case i < nparams && locals[i] != nil:
			return fmt.Errorf("function %s got multiple values for parameter %s", c.name, kv[0])
		case i < nparams:
			locals[i] = kv[1]
			continue
		case kwdict == nil:
			return fmt.Errorf("function %s got an unexpected keyword argument %s", c.name, kv[0])
		}
		before := kwdict.Len()
		_ = kwdict.SetKey(kv[0], kv[1])
		if kwdict.Len() == before {
			return fmt.Errorf("function %s got multiple values for parameter %s", c.name, kv[0])
		}
	}
	if n == nparams && c.nkwonly == 0 {
		return nil
	}
	first := nparams - len(fn.defaults)
	var missing []string
	for i := n; i < nparams; i++ {
		if locals[i] != nil {
			continue
		}
		if i >= first {
			locals[i] = fn.defaults[i-first]
		}
		if locals[i] == nil {
			missing = append(missing, c.params[i].Name)
		}
	}
	if missing != nil {
		s := ""
		if len(missing) > 1 {
			s = "s"
		}
		return fmt.Errorf("function %s missing %d argument%s (%s)", c.name, len(missing), s, strings.Join(missing, ", "))
	}
	return nil
}
