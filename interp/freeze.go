package interp

import (
	"github.com/starmp/starmp/interp/internal/eval"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// freeze freezes the globals of a loaded module, unless that would not end: go.starlark.net's Freeze follows a function to
// its free variables and defaults without remembering where it was, so a closure that reaches itself, as a recursive inner
// function does, overflows the stack. The globals of such a module stay as they are.
func freeze(globals starlark.StringDict) {
	w := walk{state: map[any]visit{}}
	for _, v := range globals {
		if w.endless(v) {
			return
		}
	}
	globals.Freeze()
}

type visit byte

const (
	onPath visit = iota + 1 // reached through functions, tuples and the like only, which freeze again each time
	done                    // all that it reaches has been looked at
)

// walk looks for cycles that no list, dict, set, struct, class or instance interrupts: those remember that they are frozen.
type walk struct {
	state map[any]visit
}

// endless reports whether freezing v would not end.
func (w *walk) endless(v starlark.Value) bool {
	key, again := identity(v)
	if key == nil {
		return false
	}
	switch w.state[key] {
	case done:
		return false
	case onPath:
		return again
	}
	w.state[key] = onPath
	if !again {
		w.state[key] = done // whoever comes back here finds it frozen
	}
	for _, x := range contents(v) {
		if x != nil && w.endless(x) {
			return true
		}
	}
	w.state[key] = done
	return false
}

// identity is what makes v itself, nil for a value without contents; again says that v freezes its contents each time.
func identity(v starlark.Value) (key any, again bool) {
	switch v := v.(type) {
	case starlark.Tuple:
		if len(v) == 0 {
			return nil, false
		}
		return &v[0], true
	case *eval.Function, *starlark.Function, *starlark.Builtin:
		return v, true
	case *starlark.List, *starlark.Dict, *starlark.Set, *starlarkstruct.Struct:
		return v, false
	case starlark.Callable:
		return v, true // a bound method, perhaps; for a class, which remembers, it only makes this more careful
	case interface{ Contents() []starlark.Value }:
		return v, false
	}
	return nil, false
}

// contents lists what freezing v freezes.
func contents(v starlark.Value) []starlark.Value {
	var all []starlark.Value
	switch v := v.(type) {
	case starlark.Tuple:
		return v
	case function:
		for i := range v.NumFreeVars() {
			_, x := v.FreeVar(i)
			all = append(all, x)
		}
		for i := range v.NumParams() {
			all = append(all, v.ParamDefault(i))
		}
	case *starlark.Builtin:
		all = append(all, v.Receiver())
	case *starlark.List:
		for i := range v.Len() {
			all = append(all, v.Index(i))
		}
	case *starlark.Dict:
		for _, kv := range v.Items() {
			all = append(all, kv[0], kv[1])
		}
	case *starlark.Set:
		for x := range v.Elements() {
			all = append(all, x)
		}
	case *starlarkstruct.Struct:
		fields := starlark.StringDict{}
		v.ToStringDict(fields)
		for _, x := range fields {
			all = append(all, x)
		}
	case interface{ Contents() []starlark.Value }:
		return v.Contents()
	}
	return all
}
