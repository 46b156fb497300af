package stdlib

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"go.starlark.net/starlark"
)

// osErrorAttrs gives OSError its attributes. They come from the arguments: OSError(errno, strerror, filename, winerror, filename2).
func (l *Lib) osErrorAttrs() {
	c := l.excs["OSError"]
	arg := func(i int) func(*Instance) (starlark.Value, error) {
		return func(x *Instance) (starlark.Value, error) {
			args := x.state().args
			if len(args) < 2 || len(args) > 5 || i >= len(args) {
				return starlark.None, nil
			}
			return args[i], nil
		}
	}
	c.attrs.set("errno", &property{get: arg(0)})
	c.attrs.set("strerror", &property{get: arg(1)})
	c.attrs.set("filename", &property{get: arg(2)})
	c.attrs.set("filename2", &property{get: arg(4)})
	c.attrs.set("args", &property{get: func(x *Instance) (starlark.Value, error) { return x.shownArgs(), nil }, set: setArgs})
	c.addMethod("__str__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		args := x.state().args
		if x.exc.text != "" || len(args) < 2 || len(args) > 5 {
			s, err := l.excText(x)
			return starlark.String(s), err
		}
		no, err1 := l.str(args[0])
		text, err2 := l.str(args[1])
		s := "[Errno " + no + "] " + text
		err := errors.Join(err1, err2)
		for i, sep := range []string{2: ": ", 4: " -> "} {
			if sep == "" || i >= len(args) || args[i] == starlark.None {
				continue
			}
			name, ok := starlark.AsString(args[i])
			if ok {
				name = pyQuote(name)
			} else if name, err1 = l.repr(args[i]); err1 != nil {
				err = errors.Join(err, err1)
			}
			s += sep + name
		}
		return starlark.String(s), err
	})
}

// shownArgs are the arguments as scripts see them: an OSError's without its filename, as in Python.
func (x *Instance) shownArgs() starlark.Tuple {
	args := x.state().args
	if len(args) >= 3 && len(args) <= 5 && x.cls.derives(x.cls.lib.excs["OSError"]) {
		return args[:2]
	}
	return args
}

// byErrno is the class of OSError(errno, text): the subclass for that number, as in Python. Any other class is left as it is.
func (l *Lib) byErrno(c *Class, args starlark.Tuple) *Class {
	if len(args) < 2 || len(args) > 5 || c != l.excs["OSError"] {
		return c
	}
	n, err := starlark.AsInt32(args[0])
	if err != nil {
		return c
	}
	return l.excClass(errnoClass(syscall.Errno(n)))
}

const errnoPrefix = "[Errno "

// errnoArgs are the arguments of the OSError whose text is "[Errno 2] what happened: 'path'".
func errnoArgs(text string) starlark.Tuple {
	no, what, _ := strings.Cut(strings.TrimPrefix(text, errnoPrefix), "] ")
	n, err := strconv.Atoi(no)
	if err != nil {
		return starlark.Tuple{starlark.String(text)}
	}
	args := starlark.Tuple{starlark.MakeInt(n), starlark.String(what)}
	if before, path, ok := strings.Cut(what, ": '"); ok && strings.HasSuffix(path, "'") {
		args = starlark.Tuple{args[0], starlark.String(before), starlark.String(strings.TrimSuffix(path, "'"))}
	}
	return args
}

// errnoClass names the class that Python gives an errno.
func errnoClass(n syscall.Errno) string {
	switch n {
	case syscall.EAGAIN, syscall.EALREADY, syscall.EINPROGRESS:
		return "BlockingIOError"
	case syscall.EPIPE, syscall.ESHUTDOWN:
		return "BrokenPipeError"
	case syscall.ECHILD:
		return "ChildProcessError"
	case syscall.ECONNABORTED:
		return "ConnectionAbortedError"
	case syscall.ECONNREFUSED:
		return "ConnectionRefusedError"
	case syscall.ECONNRESET:
		return "ConnectionResetError"
	case syscall.EEXIST:
		return "FileExistsError"
	case syscall.ENOENT:
		return "FileNotFoundError"
	case syscall.EISDIR:
		return "IsADirectoryError"
	case syscall.ENOTDIR:
		return "NotADirectoryError"
	case syscall.EINTR:
		return "InterruptedError"
	case syscall.EACCES, syscall.EPERM:
		return "PermissionError"
	case syscall.ESRCH:
		return "ProcessLookupError"
	case syscall.ETIMEDOUT:
		return "TimeoutError"
	}
	return "OSError"
}

// errnoOf is the system's number for an error. Package os has errors of its own for what systems report differently.
func errnoOf(err error) (no syscall.Errno, ok bool) {
	switch {
	case errors.As(err, &no):
	case errors.Is(err, os.ErrDeadlineExceeded):
		no = syscall.ETIMEDOUT
	case errors.Is(err, fs.ErrNotExist):
		no = syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		no = syscall.EEXIST
	case errors.Is(err, fs.ErrPermission):
		no = syscall.EACCES
	case errors.Is(err, os.ErrProcessDone):
		no = syscall.ESRCH
	}
	return no, no != 0
}

// fromOS makes an exception of an error of the operating system, nil if err holds none.
func (l *Lib) fromOS(err error) *Instance {
	no, ok := errnoOf(err)
	switch {
	case ok:
	case errors.Is(err, fs.ErrClosed):
		return l.goException("ValueError", "I/O operation on closed file", nil)
	default:
		return nil
	}
	x := l.newException(l.excClass(errnoClass(no)), starlark.MakeInt(int(no)), starlark.String(strerror(no)))
	var pe *fs.PathError
	if errors.As(err, &pe) {
		x.exc.args = append(x.exc.args, starlark.String(pe.Path))
	}
	return x
}
