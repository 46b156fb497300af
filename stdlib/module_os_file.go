package stdlib

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"go.starlark.net/starlark"
)

// cpuList counts the processors of a list such as "0-3,8"; 0 for one that it can't read.
func cpuList(text string) int {
	n := 0
	for _, part := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || b < a {
			return 0
		}
		n += b - a + 1
	}
	return n
}

// pathCall is a function of one path, which does something with a file and returns None.
func (l *Lib) pathCall(name string, f func(string) error) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var arg starlark.Value
		if err := starlark.UnpackArgs(name, args, kwargs, "path", &arg); err != nil {
			return nil, err
		}
		path, err := pathArg(arg)
		if err != nil {
			return nil, err
		}
		l.block(thread, func() { err = f(path) })
		return starlark.None, toOSError(err, path)
	}
}

// removeFile removes a file, and unlike os.Remove no directory.
func removeFile(path string) error {
	info, err := os.Lstat(path)
	if err == nil && info.IsDir() {
		return syscall.EISDIR
	}
	return os.Remove(path)
}

// osRename is rename(src, dst) and replace(src, dst): an existing dst is replaced.
func (l *Lib) osRename(name string) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var src, dst starlark.Value
		if err := starlark.UnpackArgs(name, args, kwargs, "src", &src, "dst", &dst); err != nil {
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
		l.block(thread, func() { err = os.Rename(from, to) })
		return starlark.None, toOSError(err, from, to)
	}
}

// osMkdir is mkdir(path, mode=0o777).
func (l *Lib) osMkdir(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value
	mode := 0o777
	if err := starlark.UnpackArgs("mkdir", args, kwargs, "path", &arg, "mode?", &mode); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	l.block(thread, func() { err = os.Mkdir(path, os.FileMode(mode)&os.ModePerm) })
	return starlark.None, toOSError(err, path)
}

// osMakedirs is makedirs(name, mode=0o777, exist_ok=False).
func (l *Lib) osMakedirs(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value
	mode, existOK := 0o777, false
	if err := starlark.UnpackArgs("makedirs", args, kwargs, "name", &arg, "mode?", &mode, "exist_ok?", &existOK); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	l.block(thread, func() {
		info, statErr := os.Stat(path)
		if statErr == nil && !(existOK && info.IsDir()) {
			err = syscall.EEXIST
			return
		}
		err = os.MkdirAll(path, os.FileMode(mode)&os.ModePerm)
	})
	return starlark.None, toOSError(err, path)
}

// osListdir is listdir(path="."), in the order of names.
func (l *Lib) osListdir(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value = starlark.String(".")
	if err := starlark.UnpackArgs("listdir", args, kwargs, "path?", &arg); err != nil {
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
	names := make([]starlark.Value, len(entries))
	for i, e := range entries {
		names[i] = starlark.String(e.Name())
	}
	return starlark.NewList(names), nil
}

// osAccess is access(path, mode).
func (l *Lib) osAccess(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var arg starlark.Value
	var mode int
	if err := starlark.UnpackArgs("access", args, kwargs, "path", &arg, "mode", &mode); err != nil {
		return nil, err
	}
	path, err := pathArg(arg)
	if err != nil {
		return nil, err
	}
	l.block(thread, func() { err = access(path, uint32(mode)) })
	return starlark.Bool(err == nil), nil
}
