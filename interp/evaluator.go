package interp

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"weak"

	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// evaluator takes functions of go.starlark.net apart, for sending, and puts received ones together. All its methods
// need the script lock.
//
// A received function is made by a factory: a synthetic file with one function, which contains the def statement or
// lambda expression from the original text, at its original position. The factory's local variables are the free
// variables of what it makes. Globals of the original module are predeclared names there, in one dict that all
// factories of a module share.
type evaluator struct {
	predeclared func() starlark.StringDict
	files       map[string]*ship.Module // modules that run here, by file name as in positions; nil: has no source
	homes       map[*ship.Module]*home
	away        map[*ship.Module]*away
	sessions    map[string]*scope                 // globals that modules share
	synthetic   map[*starlark.Module]*ship.Module // what the functions of a factory really belong to
}

var _ ship.Evaluator = (*evaluator)(nil)

// home is what is known of a module whose top level ran in this process.
type home struct {
	module weak.Pointer[starlark.Module]
	// sent are functions that were sent from here. Where they come back they are the same functions again.
	sent map[position]weak.Pointer[starlark.Function]
}

// away is what is known of a module that functions were received from.
type away struct {
	*scope
	factories map[position]*starlark.Function
	// made are the functions without free variables or changeable defaults. One that comes again is the same function again.
	made map[position]*starlark.Function
}

// scope is the globals of a received module, or of all modules of a received session.
type scope struct {
	env   starlark.StringDict // what factories see: the globals, and the predeclared names that they don't shadow
	names map[string]bool     // names in env that are globals
}

type position struct{ line, col int32 }

// newEvaluator returns an evaluator whose received functions see what predeclared returns; __name__ is added.
func newEvaluator(predeclared func() starlark.StringDict) *evaluator {
	return &evaluator{
		predeclared: predeclared,
		files:       map[string]*ship.Module{},
		homes:       map[*ship.Module]*home{},
		away:        map[*ship.Module]*away{},
		sessions:    map[string]*scope{},
		synthetic:   map[*starlark.Module]*ship.Module{},
	}
}

// AddModule says that text runs as module name, under that file name. Functions of files that weren't added are looked
// up on disk.
func (ev *evaluator) AddModule(name, file string, text []byte) *ship.Module {
	return ev.AddChunk("", name, file, text)
}

// sourceKey is the name, which no script can write, of a module's own source among its predeclared names: several texts may have run under one
// file name, and their functions may all be alive. It begins as the names do that dir() leaves out.
const sourceKey = "%source"

// addTo is AddModule for a module that will have env, which is its own.
func (ev *evaluator) addTo(env starlark.StringDict, name, file string, text []byte) *ship.Module {
	m := ev.AddModule(name, file, text)
	env[sourceKey] = m
	return m
}

// AddChunk is AddModule for a part of an interactive session: in other processes, all parts of a session have one set of
// globals. Here they have them among the predeclared names of their modules.
func (ev *evaluator) AddChunk(session, name, file string, text []byte) *ship.Module {
	m := ship.NewModule(name, file, text)
	m.Session = session
	if old := ev.files[file]; old != nil {
		delete(ev.homes, old)
	}
	ev.files[file] = m
	return m
}

// Type implements ship.Evaluator.
func (ev *evaluator) Type() reflect.Type { return reflect.TypeFor[*starlark.Function]() }

// Describe implements ship.Evaluator.
func (ev *evaluator) Describe(c starlark.Callable) (ship.Func, error) {
	fn := c.(*starlark.Function)
	pos := fn.Position()
	m, received := ev.synthetic[fn.Module()]
	if !received {
		m = ev.file(fn)
	}
	if m == nil {
		return ship.Func{}, noSource(fn)
	}
	def, err := m.Def(pos.Line, pos.Col)
	if err != nil || def == nil || def.Name != fn.Name() || def.Params != fn.NumParams() {
		return ship.Func{}, noSource(fn)
	}
	f := ship.Func{Name: def.Name, Module: m, Line: pos.Line, Col: pos.Col}
	for i := range fn.NumParams() {
		if v := fn.ParamDefault(i); v != nil {
			f.Defaults = append(f.Defaults, v)
		}
	}
	if len(f.Defaults) != len(def.Defaults) {
		return ship.Func{}, noSource(fn)
	}
	if f.Free, err = freeVars(fn, def); err != nil {
		return ship.Func{}, err
	}
	if !received && ev.files[m.File] == m { // another one would never be forgotten
		ev.home(m, fn)
	}
	return f, nil
}

func noSource(fn *starlark.Function) error {
	return wire.Errorf("TypeError", "source of function %s (%s) is not available", fn.Name(), fn.Position())
}

// freeVars returns the free variables of fn in the order of its definition.
func freeVars(fn *starlark.Function, def *ship.Def) ([]ship.Binding, error) {
	var list []ship.Binding
	for _, name := range def.Free {
		found := false
		for i := range fn.NumFreeVars() {
			if b, v := fn.FreeVar(i); b.Name == name {
				list = append(list, ship.Binding{Name: name, Value: v})
				found = true
				break
			}
		}
		if !found {
			return nil, noSource(fn)
		}
	}
	return list, nil
}

// file returns the module of a function that isn't received.
func (ev *evaluator) file(fn *starlark.Function) *ship.Module {
	if own, ok := fn.Module().Predeclared()[sourceKey].(*ship.Module); ok {
		return own
	}
	file := fn.Position().Filename()
	m, ok := ev.files[file]
	if ok {
		return m
	}
	if text, err := os.ReadFile(file); err == nil {
		name, ok := starlark.AsString(fn.Module().Predeclared()["__name__"])
		if !ok {
			name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		m = ship.NewModule(name, file, text)
	}
	ev.files[file] = m
	return m
}

// line is a line of a file whose text is known here, without its end; "" for any other.
func (ev *evaluator) line(file string, n int32) string {
	if m := ev.files[file]; m != nil {
		return m.Line(n)
	}
	for m := range ev.away {
		if m.File == file {
			return m.Line(n)
		}
	}
	return ""
}

// home notes that fn, of a module that runs here, is being sent.
func (ev *evaluator) home(m *ship.Module, fn *starlark.Function) {
	h := ev.homes[m]
	if h == nil {
		h = &home{sent: map[position]weak.Pointer[starlark.Function]{}}
		ev.homes[m] = h
	}
	h.module = weak.Make(fn.Module())
	if fn.NumFreeVars() == 0 {
		h.sent[position{fn.Position().Line, fn.Position().Col}] = weak.Make(fn)
	}
}

// Globals implements ship.Evaluator.
func (ev *evaluator) Globals(e *wire.Encoder, m *ship.Module, c starlark.Callable) func(string) starlark.Value {
	module := c.(*starlark.Function).Module()
	if _, received := ev.synthetic[module]; received {
		a := ev.awayOf(m)
		return func(name string) starlark.Value {
			if !a.names[name] {
				return nil
			}
			return a.env[name]
		}
	}
	globals, ok := e.Local(module).(starlark.StringDict)
	if !ok {
		globals = module.Globals()
		e.SetLocal(module, globals)
	}
	return func(name string) starlark.Value {
		if v := globals[name]; v != nil {
			return v
		}
		return ev.ownName(module, name)
	}
}

// ownName returns the value of a predeclared name that means something else for this module than it does everywhere: what
// its host alone has given it, or a global of an interactive session. It travels as a global does.
func (ev *evaluator) ownName(module *starlark.Module, name string) starlark.Value {
	v := module.Predeclared()[name]
	if v == nil || name == "__name__" {
		return nil
	}
	known := ev.predeclared()[name]
	if known == nil {
		known = starlark.Universe[name]
	}
	if reflect.TypeOf(v) == reflect.TypeOf(known) && reflect.TypeOf(v).Comparable() && v == known {
		return nil
	}
	return v
}

func (ev *evaluator) awayOf(m *ship.Module) *away {
	a := ev.away[m]
	if a == nil {
		a = &away{scope: ev.sessions[m.Session], factories: map[position]*starlark.Function{}, made: map[position]*starlark.Function{}}
		if a.scope == nil {
			a.scope = &scope{env: starlark.StringDict{}, names: map[string]bool{}}
			maps.Copy(a.env, ev.predeclared())
			a.env["__name__"] = starlark.String(m.Name)
		}
		if m.Session != "" {
			ev.sessions[m.Session] = a.scope
		}
		ev.away[m] = a
	}
	return a
}

// declare makes name a global, without a value if it wasn't one before.
func (g *scope) declare(name string) {
	if !g.names[name] {
		g.names[name] = true
		delete(g.env, name)
	}
}

// set gives a global a value, unless it has one.
func (g *scope) set(name string, v starlark.Value) {
	g.declare(name)
	if g.env[name] == nil {
		g.env[name] = v
		g.env[alias(name)] = v
	}
}

// SetGlobal implements ship.Evaluator.
func (ev *evaluator) SetGlobal(m *ship.Module, name string, v starlark.Value) {
	if ev.homeModule(m) != nil {
		return // Define took the module's own
	}
	ev.awayOf(m).set(name, v)
}

// homeModule returns m as it runs here, nil if it doesn't.
func (ev *evaluator) homeModule(m *ship.Module) *starlark.Module {
	if h := ev.homes[m]; h != nil {
		return h.module.Value()
	}
	return nil
}

// Define implements ship.Evaluator.
func (ev *evaluator) Define(f *ship.Func, fill func(starlark.Callable) ([]starlark.Value, error)) (starlark.Callable, error) {
	a := ev.awayOf(f.Module)
	for _, name := range f.Globals {
		a.declare(name)
	}
	if m := ev.homeModule(f.Module); m != nil {
		if fn := ev.sent(f); fn != nil {
			_, err := fill(fn)
			return fn, err
		}
		globals := m.Globals()
		for _, name := range f.Globals {
			v := globals[name]
			if v == nil {
				v = ev.ownName(m, name)
			}
			if v != nil {
				a.env[name] = v
				a.env[alias(name)] = v
			}
		}
	}
	at := position{f.Line, f.Col}
	if fn := a.made[at]; fn != nil && len(f.Free) == 0 && sameDefaults(fn, f) {
		_, err := fill(fn)
		return fn, err
	}
	factory, err := ev.factory(f, a)
	if err != nil {
		return nil, err
	}
	fn, err := produce(f, factory, fill)
	if err != nil {
		return nil, err
	}
	if len(f.Free) == 0 && !slices.ContainsFunc(f.Defaults, changeable) {
		a.made[at] = fn
	}
	return fn, nil
}

// sent returns the function that f describes, if it was sent from here and is no other now.
func (ev *evaluator) sent(f *ship.Func) *starlark.Function {
	if len(f.Free) > 0 {
		return nil
	}
	fn := ev.homes[f.Module].sent[position{f.Line, f.Col}].Value()
	if fn == nil || !sameDefaults(fn, f) {
		return nil
	}
	return fn
}

// sameDefaults reports whether fn, which is defined where f is, has f's defaults.
func sameDefaults(fn *starlark.Function, f *ship.Func) bool {
	var defaults []starlark.Value
	for i := range fn.NumParams() {
		if v := fn.ParamDefault(i); v != nil {
			defaults = append(defaults, v)
		}
	}
	return slices.EqualFunc(defaults, f.Defaults, same)
}

// changeable reports whether two functions that have v as a default are told apart by what they do to it.
func changeable(v starlark.Value) bool {
	switch v := v.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes, *starlark.Function, *starlark.Builtin:
		return false
	case starlark.Tuple:
		return slices.ContainsFunc(v, changeable)
	}
	return true
}

// same reports whether the default y of a function that comes home is the default x that it left with. A container that
// was changed elsewhere is another one.
func same(x, y starlark.Value) bool {
	eq, err := starlark.Equal(x, y)
	return eq && err == nil && x.Type() == y.Type()
}
