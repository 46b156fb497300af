package interp

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"weak"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
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
	sessions    map[string]*scope // globals that modules share
}

var _ ship.Evaluator = (*evaluator)(nil)

// home is what is known of a module whose top level ran in this process.
type home struct {
	module weakModule
	// sent are functions that were sent from here. Where they come back they are the same functions again.
	sent map[position]weakFunction
}

// function is a function of a script, this package's or one that a host's go.starlark.net runs.
type function interface {
	starlark.Callable
	Position() syntax.Position
	NumParams() int
	ParamDefault(i int) starlark.Value
	NumFreeVars() int
	FreeVar(i int) (starlark.Binding, starlark.Value)
}

var (
	_ function = (*eval.Function)(nil)
	_ function = (*starlark.Function)(nil)
)

// module is what a function belongs to.
type module interface {
	Globals() starlark.StringDict
	predeclared(name string) starlark.Value
}

type ownModule struct{ *eval.Module }

func (m ownModule) predeclared(name string) starlark.Value { return m.Predeclared(name) }

type hostModule struct{ *starlark.Module }

func (m hostModule) predeclared(name string) starlark.Value { return m.Predeclared()[name] }

func moduleOf(fn function) module {
	if fn, ok := fn.(*eval.Function); ok {
		return ownModule{fn.Module()}
	}
	return hostModule{fn.(*starlark.Function).Module()}
}

// weakModule is a module that this does not keep; the zero value is none.
type weakModule struct {
	own  weak.Pointer[eval.Module]
	host weak.Pointer[starlark.Module]
}

func makeWeak(m module) weakModule {
	if m, ok := m.(ownModule); ok {
		return weakModule{own: weak.Make(m.Module)}
	}
	return weakModule{host: weak.Make(m.(hostModule).Module)}
}

func (w weakModule) value() module {
	if m := w.own.Value(); m != nil {
		return ownModule{m}
	}
	if m := w.host.Value(); m != nil {
		return hostModule{m}
	}
	return nil
}

type weakFunction struct {
	own  weak.Pointer[eval.Function]
	host weak.Pointer[starlark.Function]
}

func (w weakFunction) value() function {
	if fn := w.own.Value(); fn != nil {
		return fn
	}
	if fn := w.host.Value(); fn != nil {
		return fn
	}
	return nil
}

// away is what is known of a module that functions were received from.
type away struct {
	*scope
	factories map[position]*eval.Function
	// made are the functions without free variables or changeable defaults. One that comes again is the same function again.
	made map[position]*eval.Function
}

// scope is the globals of a received module, or of all modules of a received session.
type scope struct {
	env   *eval.Env       // what factories see: the globals, and the predeclared names that they don't shadow
	names map[string]bool // names in env that are globals
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
	}
}

// AddModule says that text runs as module name, under that file name. Functions of files that weren't added are looked
// up on disk.
func (ev *evaluator) AddModule(name, file string, text []byte) *ship.Module {
	return ev.AddChunk("", name, file, text)
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

// Types implements ship.Evaluator.
func (ev *evaluator) Types() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[*eval.Function](), reflect.TypeFor[*starlark.Function]()}
}

// Describe implements ship.Evaluator.
func (ev *evaluator) Describe(c starlark.Callable) (ship.Func, error) {
	fn := c.(function)
	pos := fn.Position()
	m, received := ev.received(fn)
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

// received is the source of a factory: what its functions really belong to.
type received struct{ *ship.Module }

// received returns the module that a function was received from.
func (ev *evaluator) received(fn function) (*ship.Module, bool) {
	if own, ok := fn.(*eval.Function); ok {
		r, ok := own.Module().Source.(received)
		return r.Module, ok
	}
	return nil, false
}

func noSource(fn function) error {
	return wire.Errorf("TypeError", "source of function %s (%s) is not available", fn.Name(), fn.Position())
}

// freeVars returns the free variables of fn in the order of its definition.
func freeVars(fn function, def *ship.Def) ([]ship.Binding, error) {
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
func (ev *evaluator) file(fn function) *ship.Module {
	if own, ok := fn.(*eval.Function); ok {
		if m, ok := own.Module().Source.(*ship.Module); ok {
			return m
		}
	}
	file := fn.Position().Filename()
	m, ok := ev.files[file]
	if ok {
		return m
	}
	if text, err := os.ReadFile(file); err == nil {
		name, ok := starlark.AsString(orNone(moduleOf(fn).predeclared("__name__")))
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
func (ev *evaluator) home(m *ship.Module, fn function) {
	h := ev.homes[m]
	if h == nil {
		h = &home{sent: map[position]weakFunction{}}
		ev.homes[m] = h
	}
	h.module = makeWeak(moduleOf(fn))
	if fn.NumFreeVars() == 0 {
		at := position{fn.Position().Line, fn.Position().Col}
		if own, ok := fn.(*eval.Function); ok {
			h.sent[at] = weakFunction{own: weak.Make(own)}
		} else {
			h.sent[at] = weakFunction{host: weak.Make(fn.(*starlark.Function))}
		}
	}
}

func orNone(v starlark.Value) starlark.Value {
	if v == nil {
		return starlark.None
	}
	return v
}

// Globals implements ship.Evaluator.
func (ev *evaluator) Globals(e *wire.Encoder, m *ship.Module, c starlark.Callable) func(string) starlark.Value {
	if _, received := ev.received(c.(function)); received {
		a := ev.awayOf(m)
		return func(name string) starlark.Value {
			if !a.names[name] {
				return nil
			}
			return a.env.Get(name)
		}
	}
	module := moduleOf(c.(function))
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
func (ev *evaluator) ownName(m module, name string) starlark.Value {
	v := m.predeclared(name)
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
		a = &away{scope: ev.sessions[m.Session], factories: map[position]*eval.Function{}, made: map[position]*eval.Function{}}
		if a.scope == nil {
			env := eval.NewEnv
			if m.Session != "" {
				env = eval.NewSession
			}
			a.scope = &scope{env: env(ev.predeclared(), ev.predeclared()), names: map[string]bool{}}
			a.env.Set("__name__", starlark.String(m.Name))
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
		g.env.Declare(name)
	}
}

// set gives a global a value, unless it has one.
func (g *scope) set(name string, v starlark.Value) {
	g.declare(name)
	if g.env.Get(name) == nil {
		g.env.Set(name, v)
		g.env.Set(alias(name), v)
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
func (ev *evaluator) homeModule(m *ship.Module) module {
	if h := ev.homes[m]; h != nil {
		return h.module.value()
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
				a.env.Set(name, v)
				a.env.Set(alias(name), v)
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
func (ev *evaluator) sent(f *ship.Func) function {
	if len(f.Free) > 0 {
		return nil
	}
	fn := ev.homes[f.Module].sent[position{f.Line, f.Col}].value()
	if fn == nil || !sameDefaults(fn, f) {
		return nil
	}
	return fn
}

// sameDefaults reports whether fn, which is defined where f is, has f's defaults.
func sameDefaults(fn function, f *ship.Func) bool {
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
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes, *eval.Function, *starlark.Function, *starlark.Builtin:
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
