package stdlib

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// path returns the module os.path, always the same.
func (l *Lib) path() *Module {
	if l.osPath == nil {
		l.osPath = &Module{name: "os.path", lib: l, make: (*Lib).pathModule}
	}
	return l.osPath
}

// pathModule makes the members of the module os.path, with the meaning that it has on Unix. https://docs.python.org/3/library/os.path.html
func (l *Lib) pathModule() starlark.StringDict {
	text := func(f func(string) string) func(string) starlark.Value {
		return func(p string) starlark.Value { return starlark.String(f(p)) }
	}
	stat := func(stat func(string) (os.FileInfo, error), ok func(os.FileInfo) bool) func(string) (starlark.Value, error) {
		return func(p string) (starlark.Value, error) {
			info, err := stat(p)
			return starlark.Bool(err == nil && ok(info)), nil
		}
	}
	members := starlark.StringDict{"sep": starlark.String(string(os.PathSeparator))}
	for name, f := range map[string]func(string) starlark.Value{ // these look at the path alone
		"basename":   text(func(p string) string { _, base := splitPath(p); return base }),
		"dirname":    text(func(p string) string { dir, _ := splitPath(p); return dir }),
		"expanduser": text(l.expandUser),
		"expandvars": text(l.expandVars),
		"normcase":   text(func(p string) string { return p }),
		"isabs":      func(p string) starlark.Value { return starlark.Bool(filepath.IsAbs(p)) },
		"normpath":   text(normPath),
		"splitdrive": func(p string) starlark.Value { return starlark.Tuple{starlark.String(""), starlark.String(p)} },
		"split": func(p string) starlark.Value {
			dir, base := splitPath(p)
			return starlark.Tuple{starlark.String(dir), starlark.String(base)}
		},
		"splitext": func(p string) starlark.Value {
			root, ext := splitExt(p)
			return starlark.Tuple{starlark.String(root), starlark.String(ext)}
		},
	} {
		members[name] = starlark.NewBuiltin(name, pathFunc(name, func(_ *starlark.Thread, p string) (starlark.Value, error) {
			return f(p), nil
		}))
	}
	for name, f := range map[string]func(string) (starlark.Value, error){
		"abspath": func(p string) (starlark.Value, error) {
			abs, err := filepath.Abs(p)
			return starlark.String(abs), toOSError(err)
		},
		"exists": stat(os.Stat, func(os.FileInfo) bool { return true }),
		"getmtime": func(p string) (starlark.Value, error) {
			info, err := os.Stat(p)
			if err != nil {
				return nil, toOSError(err, p)
			}
			return starlark.Float(float64(info.ModTime().UnixNano()) / 1e9), nil
		},
		"getsize": func(p string) (starlark.Value, error) {
			info, err := os.Stat(p)
			if err != nil {
				return nil, toOSError(err, p)
			}
			return starlark.MakeInt64(info.Size()), nil
		},
		"isdir":   stat(os.Stat, os.FileInfo.IsDir),
		"isfile":  stat(os.Stat, func(i os.FileInfo) bool { return i.Mode().IsRegular() }),
		"islink":  stat(os.Lstat, func(i os.FileInfo) bool { return i.Mode()&os.ModeSymlink != 0 }),
		"lexists": stat(os.Lstat, func(os.FileInfo) bool { return true }),
		"realpath": func(p string) (starlark.Value, error) {
			real, err := filepath.EvalSymlinks(p)
			if err != nil { // as CPython: as far as it exists
				real = p
			}
			real, err = filepath.Abs(real)
			return starlark.String(real), toOSError(err)
		},
	} {
		members[name] = starlark.NewBuiltin(name, pathFunc(name, func(thread *starlark.Thread, p string) (v starlark.Value, err error) {
			l.block(thread, func() { v, err = f(p) })
			return v, err
		}))
	}
	members["join"] = starlark.NewBuiltin("join", pathJoin)
	members["commonpath"] = starlark.NewBuiltin("commonpath", pathsFunc(commonPath))
	members["commonprefix"] = starlark.NewBuiltin("commonprefix", pathsFunc(func(paths []string) (string, error) {
		return commonPrefix(paths, func(p string) []string { return strings.Split(p, "") }, ""), nil
	}))
	members["samefile"] = starlark.NewBuiltin("samefile", l.pathSamefile)
	members["relpath"] = starlark.NewBuiltin("relpath", pathRelpath)
	return members
}

// pathFunc is a function of one path.
func pathFunc(name string, f func(*starlark.Thread, string) (starlark.Value, error)) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, 1, 1); err != nil {
			return nil, err
		}
		path, err := pathArg(args[0])
		if err != nil {
			return nil, err
		}
		return f(thread, path)
	}
}

// splitPath cuts before the last component, which is empty after a final slash.
func splitPath(p string) (dir, base string) {
	i := strings.LastIndexByte(p, '/') + 1
	dir, base = p[:i], p[i:]
	if trimmed := strings.TrimRight(dir, "/"); trimmed != "" {
		dir = trimmed
	}
	return dir, base
}

// splitExt cuts before the last dot of the last component, unless only dots stand before it.
func splitExt(p string) (root, ext string) {
	start := strings.LastIndexByte(p, '/') + 1
	dot := strings.LastIndexByte(p, '.')
	if dot <= start || strings.Trim(p[start:dot], ".") == "" {
		return p, ""
	}
	return p[:dot], p[dot:]
}

// normPath is filepath.Clean but keeps exactly two slashes at the start, which POSIX lets mean something else.
func normPath(p string) string {
	clean := filepath.Clean(p)
	if strings.HasPrefix(p, "//") && !strings.HasPrefix(p, "///") {
		return "/" + clean
	}
	return clean
}

func (l *Lib) expandUser(p string) string {
	if p != "~" && !strings.HasPrefix(p, "~/") {
		return p
	}
	home, ok := l.variable("HOME")
	if !ok {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return p
		}
	}
	return strings.TrimRight(home, "/") + p[1:]
}

// pathJoin is join(path, *paths): an absolute path starts anew.
func pathJoin(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noKeywords("join", kwargs); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "join() missing 1 required positional argument: 'a'")
	}
	joined := ""
	for i, arg := range args {
		p, err := pathArg(arg)
		switch {
		case err != nil:
			return nil, err
		case i == 0 || strings.HasPrefix(p, "/"):
			joined = p
		case joined == "" || strings.HasSuffix(joined, "/"):
			joined += p
		default:
			joined += "/" + p
		}
	}
	return starlark.String(joined), nil
}

// pathRelpath is relpath(path, start=".").
func pathRelpath(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var path, start string
	if err := starlark.UnpackArgs("relpath", args, kwargs, "path", &path, "start?", &start); err != nil {
		return nil, err
	}
	if path == "" {
		return nil, wire.Errorf("ValueError", "no path specified")
	}
	from, err := filepath.Abs(start)
	if err != nil {
		return nil, toOSError(err)
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return nil, toOSError(err)
	}
	rel, err := filepath.Rel(from, to)
	return starlark.String(rel), toOSError(err)
}
