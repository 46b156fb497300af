package stdlib

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// osMore are the functions of os about files that go beyond one call.
func (l *Lib) osMore() map[string]goFunc {
	return map[string]goFunc{
		"chmod":      l.osChmod,
		"getuid":     intFunc("getuid", os.Getuid),
		"lstat":      l.osStat("lstat", os.Lstat),
		"putenv":     l.osPutenv,
		"readlink":   l.osReadlink,
		"removedirs": l.pathCall("removedirs", removeDirs),
		"stat":       l.osStat("stat", os.Stat),
		"symlink":    l.osSymlink,
		"system":     l.osSystem,
		"walk":       l.osWalk,
		"scandir":    l.osScandir,
	}
}

// statFields are those of stat_result that every system has.
var statFields = []string{"st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime", "st_ctime"}

func (l *Lib) osStat(name string, stat func(string) (os.FileInfo, error)) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var arg starlark.Value
		follow := true
		if err := bind(name, args, kwargs, "path", &arg, "*", "follow_symlinks?", &follow); err != nil {
			return nil, err
		}
		path, err := pathArg(arg)
		if err != nil {
			return nil, err
		}
		if !follow {
			stat = os.Lstat
		}
		var info os.FileInfo
		l.block(thread, func() { info, err = stat(path) })
		if err != nil {
			return nil, toOSError(err, path)
		}
		return statResult(info), nil
	}
}

func statResult(info os.FileInfo) starlark.Value {
	nums := statNumbers(info)
	modified := float64(info.ModTime().UnixNano()) / 1e9
	t := &namedTupleType{name: "os.stat_result", module: "os", fields: statFields}
	values := make(starlark.Tuple, len(statFields))
	for i, n := range nums.ints {
		values[i] = starlark.MakeInt64(n)
	}
	values[6] = starlark.MakeInt64(info.Size())
	values[7], values[8], values[9] = starlark.Float(nums.accessed), starlark.Float(modified), starlark.Float(nums.changed)
	return &namedTuple{t, values}
}

type statInfo struct {
	ints              [6]int64 // mode, ino, dev, nlink, uid, gid
	accessed, changed float64
}

func removeDirs(path string) error {
	if err := syscall.Rmdir(path); err != nil {
		return err
	}
	for dir := filepath.Dir(path); syscall.Rmdir(dir) == nil; dir = filepath.Dir(dir) {
	}
	return nil
}

func (l *Lib) osChmod(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value
	mode := 0
	if err := bind("chmod", args, kwargs, "path", &arg, "mode", &mode); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err == nil {
		l.block(thread, func() { err = toOSError(os.Chmod(path, os.FileMode(mode)&os.ModePerm), path) })
	}
	return starlark.None, err
}

func (l *Lib) osReadlink(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value
	if err := bind("readlink", args, kwargs, "path", &arg); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	to, err := os.Readlink(path)
	return orError(starlark.String(to), toOSError(err, path))
}

func (l *Lib) osSymlink(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var src, dst starlark.Value
	if err := bind("symlink", args, kwargs, "src", &src, "dst", &dst); err != nil {
		return nil, err
	}
	from, err := pathArg(src)
	if err != nil {
		return nil, err
	}
	to, err := pathArg(dst)
	if err != nil {
		return nil, err
	}
	return starlark.None, toOSError(os.Symlink(from, to), from, to)
}

// osPutenv is putenv(key, value), for this process and the programs that it runs.
func (l *Lib) osPutenv(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var key, value string
	if err := bind("putenv", args, kwargs, "key", &key, "value", &value); err != nil {
		return nil, err
	}
	return starlark.None, toOSError(os.Setenv(key, value))
}

// osSystem is system(command): it runs a shell and returns its status, as wait gives it.
func (l *Lib) osSystem(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := &command{shell: true}
	if err := bind("system", args, kwargs, "command", &c.args); err != nil {
		return nil, err
	}
	x, err := l.execute(thread, c)
	if err != nil {
		return nil, err
	}
	n, _ := starlark.AsInt32(x.own("returncode"))
	if n >= 0 {
		n <<= 8
	} else {
		n = -n
	}
	return starlark.MakeInt(n), nil
}

// osScandir is scandir(path="."): a list of entries with name, path, is_dir(), is_file() and so on.
func (l *Lib) osScandir(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value = starlark.String(".")
	if err := bind("scandir", args, kwargs, "path?", &arg); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	var entries []os.DirEntry
	l.block(thread, func() { entries, err = os.ReadDir(path) })
	if err != nil {
		return nil, toOSError(err, path)
	}
	list := make(starlark.Tuple, len(entries))
	for i, e := range entries {
		list[i] = &dirEntry{e, joinPath(path, e.Name())}
	}
	return &scanDir{Iterator{lib: l, cur: &indexCursor{x: list}}}, nil
}

// scanDir is an iterator that with_ can close.
type scanDir struct{ Iterator }

func (s *scanDir) cursor() cursor { return s.cur }

// Attr implements starlark.HasAttrs.
func (s *scanDir) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__enter__", "__exit__", "close":
		return starlark.NewBuiltin(name, func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			if name == "__enter__" {
				return s, nil
			}
			return starlark.None, nil
		}), nil
	}
	return s.Iterator.Attr(name)
}

// dirEntry is os.DirEntry.
type dirEntry struct {
	e    os.DirEntry
	path string
}

var _ starlark.HasAttrs = (*dirEntry)(nil)

func (d *dirEntry) String() string        { return "<DirEntry " + pyQuote(d.e.Name()) + ">" }
func (d *dirEntry) Type() string          { return "DirEntry" }
func (d *dirEntry) Truth() starlark.Bool  { return true }
func (d *dirEntry) Freeze()               {}
func (d *dirEntry) Hash() (uint32, error) { return pointerHash(d), nil }

// Attr implements starlark.HasAttrs.
func (d *dirEntry) Attr(name string) (starlark.Value, error) {
	answer := func(f func() (starlark.Value, error)) starlark.Value {
		return starlark.NewBuiltin(name, func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return f()
		})
	}
	is := func(ok func(os.FileInfo) bool) starlark.Value {
		return answer(func() (starlark.Value, error) {
			info, err := os.Stat(d.path)
			return starlark.Bool(err == nil && ok(info)), nil
		})
	}
	switch name {
	case "name":
		return starlark.String(d.e.Name()), nil
	case "path":
		return starlark.String(d.path), nil
	case "is_dir":
		return is(os.FileInfo.IsDir), nil
	case "is_file":
		return is(func(i os.FileInfo) bool { return i.Mode().IsRegular() }), nil
	case "is_symlink":
		return answer(func() (starlark.Value, error) { return starlark.Bool(d.e.Type()&os.ModeSymlink != 0), nil }), nil
	case "stat":
		return answer(func() (starlark.Value, error) {
			info, err := os.Stat(d.path)
			if err != nil {
				return nil, toOSError(err, d.path)
			}
			return statResult(info), nil
		}), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (d *dirEntry) AttrNames() []string {
	return []string{"is_dir", "is_file", "is_symlink", "name", "path", "stat"}
}

// osWalk is walk(top, topdown=True, onerror=None, followlinks=False). Top down it may be steered by changing the list of directories.
func (l *Lib) osWalk(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg, onError starlark.Value = nil, starlark.None
	down, follow := true, false
	if err := bind("walk", args, kwargs, "top", &arg, "topdown?", &down, "onerror?", &onError, "followlinks?", &follow); err != nil {
		return nil, err
	}
	top, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	type step struct {
		path string
		dirs *starlark.List // visited: to go on with its directories
		row  starlark.Tuple // bottom up: to return at last
	}
	stack := []step{{path: top}}
	return l.generate(func(thread *starlark.Thread) (starlark.Value, bool, error) {
		for len(stack) > 0 {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if s.row != nil {
				return s.row, true, nil
			}
			if s.dirs != nil {
				for i := s.dirs.Len() - 1; i >= 0; i-- {
					name, ok := starlark.AsString(s.dirs.Index(i))
					if !ok {
						return nil, false, wire.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", pyType(s.dirs.Index(i)))
					}
					path := joinPath(s.path, name)
					if info, err := os.Lstat(path); follow || err == nil && info.Mode()&os.ModeSymlink == 0 {
						stack = append(stack, step{path: path})
					}
				}
				continue
			}
			var entries []os.DirEntry
			var err error
			l.block(thread, func() { entries, err = os.ReadDir(s.path) })
			if err != nil {
				if onError != starlark.None {
					if _, err := l.callFunction(thread, onError, starlark.Tuple{l.FromError(toOSError(err, s.path))}); err != nil {
						return nil, false, err
					}
				}
				continue
			}
			var dirs, files []string
			for _, e := range entries {
				info, err := os.Stat(joinPath(s.path, e.Name()))
				if err == nil && info.IsDir() {
					dirs = append(dirs, e.Name())
				} else {
					files = append(files, e.Name())
				}
			}
			list := stringList(dirs)
			row := starlark.Tuple{starlark.String(s.path), list, stringList(files)}
			if !down {
				stack = append(stack, step{row: row}, step{path: s.path, dirs: list})
				continue
			}
			stack = append(stack, step{path: s.path, dirs: list})
			return row, true, nil
		}
		return nil, false, nil
	}), nil
}
