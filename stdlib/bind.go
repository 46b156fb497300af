package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// bind sorts the arguments of a call into variables, with the errors of a Python function. params are pairs of a name and a
// pointer to a variable; "?" after the name says that the argument may be left out and then leaves the variable as it is.
// "*" in place of a pair: what follows is given by name alone.
//
// A variable is a *starlark.Value, or a *string, *int, *float64 or *bool, which take what Python's conversions take.
func bind(fn string, args starlark.Tuple, kwargs []starlark.Tuple, params ...any) error {
	var buf [12]param
	all, positional := buf[:0], -1
	for i := 0; i < len(params); i++ {
		name := params[i].(string)
		if name == "*" {
			positional = len(all)
			continue
		}
		i++
		all = append(all, param{name: strings.TrimSuffix(name, "?"), optional: strings.HasSuffix(name, "?"), to: params[i]})
	}
	if positional < 0 {
		positional = len(all)
	}
	if len(args) > positional {
		return tooMany(fn, all[:positional], len(args))
	}
	for i, v := range args {
		all[i].given = true
		if err := all[i].set(fn, v); err != nil {
			return err
		}
	}
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		p := findParam(all, name)
		if p == nil {
			return wire.Errorf("TypeError", "%s() got an unexpected keyword argument '%s'", fn, name)
		}
		if p.given {
			return wire.Errorf("TypeError", "%s() got multiple values for argument '%s'", fn, name)
		}
		p.given = true
		if err := p.set(fn, kv[1]); err != nil {
			return err
		}
	}
	if err := missing(fn, "positional", all[:positional]); err != nil {
		return err
	}
	return missing(fn, "keyword-only", all[positional:])
}

type param struct {
	name            string
	optional, given bool
	to              any
}

func findParam(all []param, name string) *param {
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

func (p *param) set(fn string, v starlark.Value) (err error) {
	switch to := p.to.(type) {
	case *starlark.Value:
		*to = v
	case *string:
		s, ok := starlark.AsString(v)
		if !ok {
			return wire.Errorf("TypeError", "%s() argument '%s' must be str, not %s", fn, p.name, pyTypeNone(v))
		}
		*to = s
	case *int:
		*to, err = toIndex(v)
	case *float64:
		*to, err = toFloat(v)
	case *bool:
		*to = bool(v.Truth())
	default:
		panic("BUG: bind to an unknown kind of variable")
	}
	return err
}

// pyTypeNone is pyType, but None for None, as many of CPython's messages have it.
func pyTypeNone(v starlark.Value) string {
	if v == starlark.None {
		return "None"
	}
	return pyType(v)
}

func tooMany(fn string, all []param, given int) error {
	low := 0
	for _, p := range all {
		if !p.optional {
			low++
		}
	}
	was := "were"
	if given == 1 {
		was = "was"
	}
	if low == len(all) {
		return wire.Errorf("TypeError", "%s() takes %d positional argument%s but %d %s given", fn, low, plural(low), given, was)
	}
	return wire.Errorf("TypeError", "%s() takes from %d to %d positional arguments but %d %s given", fn, low, len(all), given, was)
}

func missing(fn, kind string, all []param) error {
	var names []string
	for _, p := range all {
		if !p.given && !p.optional {
			names = append(names, "'"+p.name+"'")
		}
	}
	n := len(names)
	switch n {
	case 0:
		return nil
	case 1, 2:
		return wire.Errorf("TypeError", "%s() missing %d required %s argument%s: %s", fn, n, kind, plural(n), strings.Join(names, " and "))
	}
	return wire.Errorf("TypeError", "%s() missing %d required %s arguments: %s, and %s", fn, n, kind, strings.Join(names[:n-1], ", "), names[n-1])
}

// exactly is starlark.UnpackPositionalArgs where there are to be n arguments, of any type, which stay in args: without an allocation for
// each of them.
func exactly(fn string, n int, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args) == n && len(kwargs) == 0 {
		return nil
	}
	vars := make([]any, n)
	for i := range vars {
		vars[i] = new(starlark.Value)
	}
	return starlark.UnpackPositionalArgs(fn, args, kwargs, n, vars...)
}
