package stdlib

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// goFunc is a built-in function written in Go.
type goFunc = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// builtins returns the built-in functions that Python has and Starlark lacks, and struct.
// See https://docs.python.org/3/library/functions.html.
func (l *Lib) builtins() starlark.StringDict {
	return functions(map[string]goFunc{
		"abs":       l.builtinAbs,
		"callable":  builtinCallable,
		"divmod":    l.builtinDivmod,
		"filter":    l.builtinFilter,
		"id":        builtinID,
		"input":     l.builtinInput,
		"iter":      l.builtinIter,
		"map":       l.builtinMap,
		"next":      l.builtinNext,
		"open":      l.builtinOpen,
		"pow":       l.builtinPow,
		"round":     l.builtinRound,
		"slice":     builtinSlice,
		"struct":    starlarkstruct.Make,
		"enumerate": builtinEnumerate,
		"max":       l.extremum("max"),
		"min":       l.extremum("min"),
		"sum":       l.builtinSum,
	})
}

// functions makes a built-in of each entry, under its own name.
func functions(fns map[string]goFunc) starlark.StringDict {
	d := make(starlark.StringDict, len(fns))
	for name, fn := range fns {
		d[name] = starlark.NewBuiltin(name, fn)
	}
	return d
}
