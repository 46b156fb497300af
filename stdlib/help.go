package stdlib

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

const helpIntro = `Welcome. help(x) says what x is and how it is used:

    help(len)                       a function, yours too
    help(multiprocessing)           a module and all that it has
    help(multiprocessing.Queue)     a class and its methods
    help("str")                     a name, in quotes or without
    help([].append)                 a method
    dir(x)                          just the names that x has

A first parallel program:

    def square(x):
        return x * x

    pool = multiprocessing.Pool()
    print(pool.map(square, range(10)))

Names from outside: load("helpers.star", "f"). Starlark has no class, with, try and
raise; see help(type), help(with_), help(try_) and help(raise_).`

// builtinHelp is https://docs.python.org/3/library/functions.html#help, without a pager and without a prompt of its own.
func (l *Lib) builtinHelp(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackPositionalArgs("help", args, kwargs, 0, &x); err != nil {
		return nil, err
	}
	text := helpIntro
	if x != nil {
		var err error
		if text, err = l.helpOn(x); err != nil {
			return nil, err
		}
	}
	if thread.Print != nil {
		thread.Print(thread, text)
		return starlark.None, nil
	}
	_, err := io.WriteString(l.cfg.Stdout, text+"\n")
	return starlark.None, err
}

// helpOn is the text that help prints for x. A string is a name.
func (l *Lib) helpOn(x starlark.Value) (string, error) {
	name, isName := starlark.AsString(x)
	if isName {
		if x = l.named(name); x == nil {
			if e := l.helpTexts().path(name); e != nil {
				return titled("Help on "+name+":", e.show("")), nil
			}
			if s := l.helpTexts().byName[name]; s != nil {
				return titled("Help on "+name+":", l.showSection(s, "", nil)), nil
			}
			return fmt.Sprintf("No help found for %q: no such name. help() says what there is.", name), nil
		}
	}
	switch x := x.(type) {
	case scriptFunction:
		return titled(fmt.Sprintf("Help on function %s in module %s (%s):", x.Name(), moduleOf(x), position(x)), l.showFunction(x, false, "")), nil
	case *boundMethod:
		if fn, ok := x.fn.(scriptFunction); ok {
			return titled(fmt.Sprintf("Help on method %s of %s (%s):", fn.Name(), ofWhat(x.self), position(fn)), l.showFunction(fn, true, "")), nil
		}
		return titled(fmt.Sprintf("Help on method %s of %s:", lastName(x.Name()), ofWhat(x.self)), l.showCallable(x, "")), nil
	case *Class:
		return l.helpOnClass(x)
	case *Instance:
		text, err := l.helpOnClass(x.cls)
		return strings.Replace(text, "Help on class "+x.cls.name, "Help on "+x.cls.name+" object", 1), err
	case *nativeMethod:
		return titled(fmt.Sprintf("Help on method %s of class %s:", lastName(x.fn.Name()), x.class.name), l.showCallable(x, "")), nil
	case *staticMethod:
		return l.helpOn(x.fn)
	case *classMethod:
		return l.helpOn(x.fn)
	}
	if x.Type() == "module" {
		return l.helpOnModule(x), nil
	}
	if c, ok := x.(starlark.Callable); ok {
		return l.helpOnCallable(c), nil
	}
	return l.helpOnValue(x), nil
}

// named is the value of a dotted name, nil if there is none.
func (l *Lib) named(path string) starlark.Value {
	first, rest, more := strings.Cut(path, ".")
	v := l.cfg.Environment()[first]
	if v == nil {
		v = starlark.Universe[first]
	}
	for more && v != nil {
		first, rest, more = strings.Cut(rest, ".")
		a, ok := v.(starlark.HasAttrs)
		if !ok {
			return nil
		}
		v, _ = a.Attr(first)
	}
	return v
}

// pathTo finds a member of a module or class: the shortest dotted name under which the texts have it, or else the first name that it
// has, or "".
func (l *Lib) pathTo(x starlark.Value) string {
	type place struct {
		prefix  string
		members starlark.StringDict
	}
	first := ""
	seen := map[starlark.Value]bool{}
	level := []place{{"", starlark.Universe}, {"", l.cfg.Environment()}}
	for len(level) > 0 {
		var below []place
		for _, p := range level {
			for _, name := range p.members.Keys() {
				v := p.members[name]
				path := p.prefix + name
				if identical(v, x) {
					if l.helpTexts().path(path) != nil {
						return path
					}
					if first == "" {
						first = path
					}
				}
				if (v.Type() == "module" || v.Type() == "type") && identical(v, v) && !seen[v] {
					seen[v] = true
					below = append(below, place{path + ".", membersOf(v)})
				}
			}
		}
		level = below
	}
	return first
}

func membersOf(module starlark.Value) starlark.StringDict {
	members := starlark.StringDict{}
	if m, ok := module.(starlark.HasAttrs); ok {
		for _, name := range m.AttrNames() {
			if v, err := m.Attr(name); err == nil && v != nil {
				members[name] = v
			}
		}
	}
	return members
}

// identical reports whether two values are one object. Numbers and the like are none.
func identical(x, y starlark.Value) bool {
	t := reflect.TypeOf(x)
	return t == reflect.TypeOf(y) && t.Kind() == reflect.Pointer && x == y
}

// builtinDir is https://docs.python.org/3/library/functions.html#dir.
func (l *Lib) builtinDir(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackPositionalArgs("dir", args, kwargs, 0, &x); err != nil {
		return nil, err
	}
	if x == nil {
		return stringValues(l.namesOf(thread)), nil
	}
	names := l.Dir(x)
	return stringValues(names), l.check()
}

// Dir lists the names of the attributes of a value, sorted.
func (l *Lib) Dir(x starlark.Value) []string {
	var names []string
	if a, ok := x.(starlark.HasAttrs); ok {
		names = slices.Clone(a.AttrNames())
	}
	_, callable := x.(starlark.Callable)
	for _, name := range extraNames {
		if !callable && strings.HasPrefix(name, "__") { // special methods stay in the background, as in go.starlark.net's own tests
			continue
		}
		if l.extra(x, name) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// namesOf are the names that the function which runs in the thread has, or the globals that its module has.
func (l *Lib) namesOf(thread *starlark.Thread) []string {
	names := l.cfg.Names(thread)
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "%") })
	slices.Sort(names)
	return slices.Compact(names)
}

func stringValues(names []string) *starlark.List {
	vs := make([]starlark.Value, len(names))
	for i, name := range names {
		vs[i] = starlark.String(name)
	}
	return starlark.NewList(vs)
}
