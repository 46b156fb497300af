package stdlib

import (
	starjson "go.starlark.net/lib/json"
	"go.starlark.net/starlark"

	"github.com/starmp/starmp/mp/wire"
)

// jsonModule makes the members of go.starlark.net's module json with Python's functions. https://docs.python.org/3/library/json.html
// There is no load: it is a keyword of Starlark.
func (l *Lib) jsonModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"dump":  l.jsonDump,
		"dumps": l.jsonDumps,
		"loads": l.jsonLoads,
	})
	members["JSONDecodeError"] = l.Exception("json.JSONDecodeError")
	for name, v := range starjson.Module.Members {
		members[name] = v
	}
	return members
}

// jsonDump is dump(obj, fp, **options).
func (l *Lib) jsonDump(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) != 2 {
		return nil, wire.Errorf("TypeError", "dump() takes 2 positional arguments but %d were given", len(args))
	}
	text, err := l.jsonDumps(thread, b, args[:1], kwargs)
	if err != nil {
		return nil, err
	}
	_, err = l.callAttr(thread, args[1], "write", text)
	return starlark.None, err
}

// callAttr calls a method of v by its name.
func (l *Lib) callAttr(thread *starlark.Thread, v starlark.Value, name string, args ...starlark.Value) (starlark.Value, error) {
	if x, ok := v.(starlark.HasAttrs); ok {
		fn, err := x.Attr(name)
		if err != nil {
			return nil, err
		}
		if fn != nil {
			return l.call(thread, fn, args...)
		}
	}
	return nil, wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", pyType(v), name)
}
