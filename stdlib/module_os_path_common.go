package stdlib

import (
	"os"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// pathsFunc is a function of an iterable of paths.
func pathsFunc(f func([]string) (string, error)) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var list starlark.Value
		if err := bind(b.Name(), args, kwargs, map[string]string{"commonpath": "paths", "commonprefix": "m"}[b.Name()], &list); err != nil {
			return nil, err
		}
		it, ok := list.(starlark.Iterable)
		if !ok {
			return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pyType(list))
		}
		var paths []string
		for v := range starlark.Elements(it) {
			p, err := pathArg(v)
			if err != nil {
				return nil, err
			}
			paths = append(paths, p)
		}
		s, err := f(paths)
		return starlark.String(s), err
	}
}

// commonPrefix joins the parts that all paths begin with.
func commonPrefix(paths []string, split func(string) []string, sep string) string {
	var common []string
	for i, p := range paths {
		parts := split(p)
		if i == 0 {
			common = parts
		}
		n := 0
		for n < len(common) && n < len(parts) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	return strings.Join(common, sep)
}

// commonPath is commonpath(paths): what they have in common in whole components.
func commonPath(paths []string) (string, error) {
	if len(paths) == 0 {
		return "", wire.Errorf("ValueError", "commonpath() arg is an empty sequence")
	}
	root := ""
	for i, p := range paths {
		if abs := strings.HasPrefix(p, "/"); i == 0 && abs {
			root = "/"
		} else if abs != (root != "") {
			return "", wire.Errorf("ValueError", "Can't mix absolute and relative paths")
		}
	}
	return root + commonPrefix(paths, func(p string) []string {
		return slices.DeleteFunc(strings.Split(p, "/"), func(part string) bool { return part == "" || part == "." })
	}, "/"), nil
}

// expandVars puts the values of variables of the environment in the place of $name and ${name}. Unknown ones stay.
func (l *Lib) expandVars(p string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(p, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, end := "", 0
		if strings.HasPrefix(rest, "{") {
			if i := strings.IndexByte(rest, '}'); i > 0 {
				name, end = rest[1:i], i+1
			}
		} else {
			end = len(rest) - len(strings.TrimLeft(rest, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			name = rest[:end]
		}
		if v, ok := l.variable(name); ok && end > 0 {
			b.WriteString(v)
		} else {
			b.WriteString("$" + rest[:end])
		}
		p = rest[end:]
	}
}

// pathSamefile is samefile(path1, path2).
func (l *Lib) pathSamefile(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var names [2]starlark.Value
	if err := bind("samefile", args, kwargs, "f1", &names[0], "f2", &names[1]); err != nil {
		return nil, err
	}
	var infos [2]os.FileInfo
	for i, name := range names {
		p, err := pathArg(name)
		if err != nil {
			return nil, err
		}
		l.block(thread, func() { infos[i], err = os.Stat(p) })
		if err != nil {
			return nil, toOSError(err, p)
		}
	}
	return starlark.Bool(os.SameFile(infos[0], infos[1])), nil
}
