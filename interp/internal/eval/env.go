package eval

import (
	"maps"
	"sync"

	"go.starlark.net/starlark"
)

// Var is a variable that outlives calls: a global, or a name that a module finds predeclared.
type Var struct {
	name  string
	value starlark.Value // nil while it has none
	fixed bool           // it never changes: its value is known when code is compiled
	own   bool           // of the environment's own, and not what it began with
}

// Env is the names that modules find predeclared. Modules that share one see what changes in it. Its methods need the script lock where scripts that use
// it may run.
type Env struct {
	base  starlark.StringDict
	known starlark.StringDict // what is known not to look at the calls of the thread that calls it
	live  bool                // a name of base may be given another value, which all see

	mu   sync.Mutex
	vars map[string]*Var // guarded by mu: those that were asked for, or set
}

// NewEnv returns an environment of the names in base, and whatever Set adds; what is set later under a name of base is seen by code that is compiled
// later. Built-ins that known has as well are known not to look at the calls of the thread that calls them.
func NewEnv(base, known starlark.StringDict) *Env {
	return &Env{base: base, known: known, vars: map[string]*Var{}}
}

// NewSession returns an environment for code that comes piece by piece: all pieces see what is set under any name.
func NewSession(base, known starlark.StringDict) *Env {
	e := NewEnv(base, known)
	e.live = true
	return e
}

// Has reports whether name is declared.
func (e *Env) Has(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.vars[name] != nil || e.base.Has(name)
}

// All returns the names with their values.
func (e *Env) All() starlark.StringDict {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := maps.Clone(e.base)
	if d == nil {
		d = starlark.StringDict{}
	}
	for name, v := range e.vars {
		if d[name] = v.value; v.value == nil {
			delete(d, name)
		}
	}
	return d
}

// Get returns the value of a name, nil if it has none.
func (e *Env) Get(name string) starlark.Value {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := e.vars[name]; v != nil {
		return v.value
	}
	return e.base[name]
}

// Declare makes name a variable of the environment's own, without a value if it was not one before.
func (e *Env) Declare(name string) *Var {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.vars[name]
	switch {
	case v == nil || v.fixed:
		v = &Var{name: name, own: true}
		e.vars[name] = v
	case !v.own:
		v.value, v.own = nil, true
	}
	return v
}

// Set gives name a value.
func (e *Env) Set(name string, value starlark.Value) { e.Declare(name).value = value }

// lookup returns the variable of a declared name.
func (e *Env) lookup(name string) *Var {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.vars[name]
	if v == nil {
		v = &Var{name: name, value: e.base[name], fixed: e.base.Has(name) && !e.live}
		e.vars[name] = v
	}
	return v
}
