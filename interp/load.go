package interp

import (
	"errors"
	"github.com/starmp/starmp/interp/internal/spell"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// loader keeps the modules that load() has read. It is guarded by the script lock.
type loader struct {
	loaded  map[string]starlark.StringDict // by absolute path; nil while the module's top level runs
	running []string                       // files whose top levels run now, outermost first, as they are shown
}

// load is load() of all scripts: the members of a built-in module, or the globals of a file. A file is looked for relative to
// the one that loads it. It runs once in a process, on the thread that loads it first, and is frozen afterwards; one that
// failed runs again at the next load.
func (rt *Runtime) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	if members := rt.builtinModule(name); members != nil {
		return members, nil
	}
	caller, _ := eval.Caller(thread)
	from := caller.Pos.Filename()
	if rt.opts.Modules != nil {
		file := path.Join(path.Dir(filepath.ToSlash(from)), name)
		return rt.loadFile(thread, name, file, file, func(file string) ([]byte, error) { return fs.ReadFile(rt.opts.Modules, file) })
	}
	file := name
	if !filepath.IsAbs(name) {
		file = filepath.Join(filepath.Dir(from), name)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return rt.loadFile(thread, name, file, path, os.ReadFile)
}

// loadFile is load of a file: path, for read, which is known as name to who loads it and as file in positions.
func (rt *Runtime) loadFile(thread *starlark.Thread, name, file, path string, read func(string) ([]byte, error)) (starlark.StringDict, error) {
	l := &rt.loads
	globals, seen := l.loaded[path]
	if globals != nil {
		return globals, nil
	}
	if seen {
		return nil, wire.Errorf("ImportError", "cannot load %s: import cycle: %s", name, l.cycle(file))
	}
	text, err := read(path)
	if err != nil {
		return nil, rt.loadError(name, err)
	}

	if l.loaded == nil {
		l.loaded = map[string]starlark.StringDict{}
	}
	l.loaded[path] = nil
	l.running = append(l.running, file)
	globals, err = rt.exec(thread, moduleName(file), file, text)
	l.running = l.running[:len(l.running)-1]
	if err != nil {
		delete(l.loaded, path)
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			return nil, wire.Errorf("SyntaxError", "cannot load %s:\n%w", name, syntax)
		}
		return nil, rt.lib.ToError(rt.lib.FromError(err)) // so that it keeps its class and text, without "cannot load"
	}
	freeze(globals)
	l.loaded[path] = globals
	return globals, nil
}

// cycle shows how the running files came to load file, which is one of them or the script itself.
func (l *loader) cycle(file string) string {
	way := l.running[max(0, slices.Index(l.running, file)):]
	return strings.Join(append(slices.Clone(way), file), " -> ")
}

// loadError says why the file that load(name) asks for can't be read.
func (rt *Runtime) loadError(name string, err error) error {
	what := reason(err)
	if errors.Is(err, fs.ErrNotExist) && !strings.Contains(name, ".") {
		if hint := spell.Nearest(name, slices.Values(rt.moduleNames())); hint != "" {
			what += " (did you mean " + hint + "?)"
		}
	}
	return wire.Errorf("ImportError", "cannot load %s: %s", name, what)
}

// reason is what the system says about a file that can't be read, without the operation and the path.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// moduleName is __name__ of a loaded file: its base name without the extension.
func moduleName(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// builtinModule returns the members of a module that is part of starmp, nil if there is none of that name. A dotted name
// is a module within a module: "multiprocessing.managers".
func (rt *Runtime) builtinModule(name string) starlark.StringDict {
	parts := strings.Split(name, ".")
	if !slices.Contains(rt.moduleNames(), parts[0]) {
		return nil
	}
	v := rt.Predeclared()[parts[0]]
	for _, part := range parts[1:] {
		attrs, ok := v.(starlark.HasAttrs)
		if !ok {
			return nil
		}
		var err error
		if v, err = attrs.Attr(part); v == nil || err != nil {
			return nil
		}
	}
	attrs, ok := v.(starlark.HasAttrs)
	if !ok || v.Type() != "module" {
		return nil
	}
	members := starlark.StringDict{}
	for _, attr := range attrs.AttrNames() {
		if m, err := attrs.Attr(attr); m != nil && err == nil {
			members[attr] = m
		}
	}
	return members
}

// moduleNames returns the names of the built-in modules.
func (rt *Runtime) moduleNames() []string {
	var names []string
	for name, v := range rt.Predeclared() {
		if v.Type() == "module" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
