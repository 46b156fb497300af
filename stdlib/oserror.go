package stdlib

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// osError is a system call's failure with CPython's class and words: "[Errno 2] No such file or directory: 'x'".
// https://docs.python.org/3/library/exceptions.html#OSError
type osError struct {
	errno syscall.Errno
	paths []string
}

// toOSError turns an error of package os into what a script sees. paths are the names that the script gave.
func toOSError(err error, paths ...string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrClosed) {
		return errClosed()
	}
	errno, ok := errnoOf(err)
	if !ok {
		return wire.Errorf("OSError", "%w", err)
	}
	return &osError{errno, paths}
}

func (e *osError) Error() string {
	var b strings.Builder
	b.WriteString("[Errno " + strconv.Itoa(int(e.errno)) + "] " + strerror(e.errno))
	for i, p := range e.paths {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(" -> ")
		}
		b.WriteString(pyQuote(p))
	}
	return b.String()
}

func (e *osError) Unwrap() error { return e.errno }

// ExceptionClass is the subclass of OSError that Python gives the error number.
func (e *osError) ExceptionClass() string { return errnoClass(e.errno) }

// ExceptionArgs are the arguments from which OSError has its attributes errno, strerror, filename and filename2.
func (e *osError) ExceptionArgs() starlark.Tuple {
	args := starlark.Tuple{starlark.MakeInt(int(e.errno)), starlark.String(strerror(e.errno))}
	if len(e.paths) > 0 {
		args = append(args, starlark.String(e.paths[0]))
	}
	if len(e.paths) > 1 {
		args = append(args, starlark.None, starlark.String(e.paths[1]))
	}
	return args
}

// strerror is the C library's text: Go's with a capital.
func strerror(e syscall.Errno) string { return capital(e.Error()) }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func errClosed() error { return wire.Errorf("ValueError", "I/O operation on closed file.") }
