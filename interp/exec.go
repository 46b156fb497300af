package interp

import (
	"errors"
	"maps"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/stdlib"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// mainName is __name__ in the script that was started, in the REPL, and in their functions wherever they run.
const mainName = "__main__"

// compileFile resolves and compiles a parsed file, once. The names in later are predeclared too, though env has no
// values for them yet. An error is a *SyntaxError.
func compileFile(f *syntax.File, env *eval.Env, later map[string]bool) (*eval.Module, error) {
	stdlib.Rewrite(f, env.Has)
	m, err := eval.NewModule(f, env, func(name string) bool { return later[name] })
	var undefined resolve.ErrorList
	if errors.As(err, &undefined) {
		return nil, newSyntaxError(resolveProblems(f, undefined, env.All()))
	}
	return m, err
}

// AddSource makes the text known from which the functions of a file come that the runtime did not run itself, so that they can be
// sent to other processes. File is the name in their positions, name is __name__ where they run.
func (rt *Runtime) AddSource(name, file string, text []byte) { rt.eval.AddModule(name, file, text) }

// moduleEnv returns the predeclared names of a new module: the runtime's, its host's and __name__.
func (rt *Runtime) moduleEnv(name string) starlark.StringDict {
	env := maps.Clone(rt.Predeclared())
	maps.Copy(env, rt.opts.Predeclared)
	env["__name__"] = starlark.String(name)
	return env
}

// exec runs a file's top level in thread, which must have the script lock, and returns the globals, not frozen.
func (rt *Runtime) exec(thread *starlark.Thread, name, file string, text []byte) (starlark.StringDict, error) {
	return rt.execIn(thread, rt.moduleEnv(name), name, file, text)
}

// execIn is exec with other predeclared names.
func (rt *Runtime) execIn(thread *starlark.Thread, env starlark.StringDict, name, file string, text []byte) (starlark.StringDict, error) {
	m := rt.eval.AddModule(name, file, text)
	f, err := parse(file, m.Text)
	if err != nil {
		return nil, err
	}
	return rt.start(thread, env, m, f)
}

// start runs the top level of a module that has been parsed.
func (rt *Runtime) start(thread *starlark.Thread, env starlark.StringDict, m *ship.Module, f *syntax.File) (starlark.StringDict, error) {
	module, err := compileFile(f, eval.NewEnv(env, rt.Predeclared()), nil)
	if err != nil {
		return nil, err
	}
	module.Source = m
	m.SetTree(f) // sending its first function needs no second parse
	err = module.Run(thread)
	return module.Globals(), err
}
