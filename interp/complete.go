package interp

import (
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// complete returns what may follow the text before the cursor, each candidate without its beginning that is there already, and how
// long that is. At the start of a line it indents. Attributes are those of the value that a dotted name has now; only modules
// and structs are looked into for it, since asking another value for an attribute may run a script.
func complete(before string, env starlark.StringDict) (rest []string, length int) {
	if strings.TrimSpace(before) == "" {
		return []string{"    "}, 0
	}
	path := before[len(strings.TrimRightFunc(before, func(c rune) bool { return c == '.' || isNameRune(c) })):]
	dot := strings.LastIndexByte(path, '.')
	word := path[dot+1:]
	var names []string
	switch {
	case dot < 0 && word == "":
		return nil, 0
	case dot < 0:
		names = append(env.Keys(), starlark.Universe.Keys()...)
	default:
		names = attributes(strings.Split(path[:dot], "."), env)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		tail, ok := strings.CutPrefix(name, word)
		hidden := strings.HasPrefix(name, "_") && word == "" || strings.HasPrefix(name, "%")
		if ok && !hidden && tail != "" {
			rest = append(rest, tail)
		}
	}
	return rest, len(word)
}

func isNameRune(c rune) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// attributes lists the attributes of the value that the dotted name has.
func attributes(path []string, env starlark.StringDict) []string {
	v := env[path[0]]
	for _, name := range path[1:] {
		a, ok := v.(starlark.HasAttrs)
		if !ok || v.Type() != "module" && v.Type() != "struct" {
			return nil
		}
		var err error
		if v, err = a.Attr(name); err != nil {
			return nil
		}
	}
	if a, ok := v.(starlark.HasAttrs); ok {
		return slices.Clone(a.AttrNames())
	}
	return nil
}
