package interp

import (
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// TestHelpIsComplete finds names without help: built-ins, members of modules, what their classes have, and methods of built-in types.
func TestHelpIsComplete(t *testing.T) {
	rt := newRuntime(t, Options{})
	thread := rt.NewThread("help")
	rt.Enter(thread)
	defer rt.Leave(thread)
	seen := map[starlark.Value]bool{}
	has := func(section, name string) bool {
		names, _ := rt.lib.HelpNames(section)
		return slices.Contains(names, name)
	}
	check := func(section, name string) {
		if !strings.HasPrefix(name, "_") && !has(section, name) {
			t.Errorf("no help for %s.%s", section, name)
		}
	}
	var walk func(path string, v starlark.Value)
	walk = func(path string, v starlark.Value) {
		a, ok := v.(starlark.HasAttrs)
		if !ok || seen[v] {
			return
		}
		seen[v] = true
		names := a.AttrNames()
		exception := slices.Contains(names, "with_traceback")
		for _, name := range names {
			if !exception || !has("OSError", name) { // the attributes that all have are told once
				check(path, name)
			}
			if member, err := a.Attr(name); err == nil && member != nil && isPlace(member) && !strings.HasPrefix(name, "_") {
				walk(path+"."+name, member)
			}
		}
	}
	env := rt.Predeclared()
	for _, name := range slices.Sorted(keys(env, starlark.Universe)) {
		v := env[name]
		if v == nil {
			v = starlark.Universe[name]
		}
		if name == "None" || name == "True" || name == "False" || strings.HasPrefix(name, "%") {
			continue
		}
		if v.Type() != "module" {
			check("builtins", name)
		} else if known, ok := rt.lib.HelpNames(name); !ok {
			t.Errorf("no help for the module %s", name)
		} else {
			members := v.(starlark.HasAttrs).AttrNames()
			for _, n := range known {
				if !slices.Contains(members, n) {
					t.Errorf("help for %s.%s, which is not there", name, n)
				}
			}
		}
		if isPlace(v) {
			walk(name, v)
		}
	}
	for name, v := range map[string]starlark.Value{
		"str": starlark.String(""), "bytes": starlark.Bytes(""), "list": new(starlark.List), "tuple": starlark.Tuple{},
		"dict": new(starlark.Dict), "set": new(starlark.Set), "int": starlark.MakeInt(1), "float": starlark.Float(1),
	} {
		for _, attr := range rt.lib.Dir(v) {
			check(name, attr)
		}
	}
}

// isPlace reports whether a value is a module or a class, whose attributes are names of their own.
func isPlace(v starlark.Value) bool {
	return v.Type() == "module" || v.Type() == "type"
}

func keys(dicts ...starlark.StringDict) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, d := range dicts {
			for name := range d {
				if !seen[name] && !yield(name) {
					return
				}
				seen[name] = true
			}
		}
	}
}
