package stdlib

import (
	"errors"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// raised is the Go error that carries an exception object.
type raised struct {
	exc  *Instance
	text string
}

// Error returns the exception's message as far as it is known without running script code.
func (r *raised) Error() string { return r.text }

// ExceptionClass returns the qualified name of the exception's class, or of its nearest base that Go code knows.
func (r *raised) ExceptionClass() string {
	for _, c := range r.exc.cls.order() {
		if q := c.qualified(); c.lib.excs[q] == c {
			return q
		}
	}
	return "Exception"
}

// ToError returns an error that raises exc, an exception object or class; anything else gives the TypeError that Python
// raises. An object that was raised before keeps its first traceback.
func (l *Lib) ToError(exc starlark.Value) error {
	switch exc := exc.(type) {
	case *Instance:
		if exc.exc != nil {
			return &raised{exc, plainText(exc)}
		}
	case *Class:
		if exc.isException() {
			x := l.newException(exc)
			return &raised{x, plainText(x)}
		}
	}
	return wire.Errorf("TypeError", "exceptions must derive from BaseException")
}

// plainText is the message of an exception where scalars are all there is to show, else its class's name.
func plainText(x *Instance) string {
	if x.exc.text != "" {
		return x.exc.text
	}
	if len(x.exc.args) > 0 {
		switch v := x.exc.args[0].(type) {
		case starlark.String:
			return string(v)
		case starlark.Int, starlark.Float, starlark.Bool, starlark.NoneType:
			return v.String()
		}
	}
	return x.cls.name
}

// FromError returns the exception object that a script sees for err: the object itself where a script raised it, else a
// new one of the class that fits. For nil it returns None. It consumes the thread's pending error.
func (l *Lib) FromError(err error) starlark.Value {
	if err = l.Pending(err); err == nil {
		return starlark.None
	}
	return l.exception(err)
}

// exception is FromError without regard to pending errors.
func (l *Lib) exception(err error) *Instance {
	var r *raised
	if errors.As(err, &r) {
		if x := r.exc.state(); x.err == nil && hasStack(err) {
			x.err = err
		}
		return r.exc
	}
	x := l.classify(err)
	x.exc.err = err
	return x
}

func hasStack(err error) bool {
	var e *starlark.EvalError
	return errors.As(err, &e)
}

// Frames formats the call stack of err, outermost frame first and without built-in functions, as Python does. It returns
// "" for an error without one.
func Frames(err error) string {
	var e *starlark.EvalError
	if !errors.As(err, &e) {
		return ""
	}
	var b strings.Builder
	b.WriteString("Traceback (most recent call last):\n")
	for _, fr := range e.CallStack {
		if fr.Pos.Filename() != "<builtin>" {
			b.WriteString("  " + fr.Pos.String() + ": in " + fr.Name + "\n")
		}
	}
	return b.String()
}

// Format returns the text of err as an uncaught error is shown: its causes, the call stack, and a last line with class
// and message. It ends in a newline.
func (l *Lib) Format(err error) string {
	if err = l.Pending(err); err == nil {
		return ""
	}
	return l.full(l.exception(err))
}

const (
	causeText   = "\nThe above exception was the direct cause of the following exception:\n\n"
	contextText = "\nDuring handling of the above exception, another exception occurred:\n\n"
)

// traceback is the text of an exception that was raised, else "": what led to it, its frames in another process that
// it came from, and its frames here. It is made once, so that it stays the first one.
func (l *Lib) traceback(x *Instance) string {
	e := x.state()
	if e.trace != "" || e.err == nil {
		if e.trace == "" {
			return e.remote
		}
		return e.trace
	}
	err := e.err
	frames := l.cfg.Traceback(err)
	e.err = nil // whatever leads back here finds nothing
	var b strings.Builder
	switch {
	case e.remote != "" && frames == "":
		b.WriteString(e.remote)
	case e.remote != "":
		b.WriteString(e.remote + causeText)
	case e.cause != nil:
		b.WriteString(l.full(e.cause) + causeText)
	case e.context != nil && !e.suppress:
		b.WriteString(l.full(e.context) + contextText)
	}
	if e.remote == "" || frames != "" {
		b.WriteString(frames + l.lastLine(x))
	}
	e.err, e.trace = err, b.String()
	return e.trace
}

// full is the traceback of an exception, or its last line alone where it has none.
func (l *Lib) full(x *Instance) string {
	if s := l.traceback(x); s != "" {
		return s
	}
	return l.lastLine(x)
}

// lastLine is "Class: message" as Python ends a traceback with.
func (l *Lib) lastLine(x *Instance) string {
	name := x.cls.qualified()
	if x.cls.module == "__main__" {
		name = x.cls.name
	}
	s, err := l.str(x)
	if err != nil {
		s = "<exception str() failed>"
	}
	if s == "" {
		return name + "\n"
	}
	return name + ": " + s + "\n"
}

// ExitStatus interprets err as SystemExit: the exit status, and the message for standard error, "" for none. ok is false for
// any other error.
func (l *Lib) ExitStatus(err error) (code int, msg string, ok bool) {
	x, _ := l.FromError(err).(*Instance)
	if x == nil || !x.cls.derives(l.excs["SystemExit"]) {
		return 0, "", false
	}
	v, err := x.Attr("code")
	if err != nil {
		return 1, "", true
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return 0, "", true
	case starlark.Bool:
		if v {
			return 1, "", true
		}
		return 0, "", true
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return int(n & 0xff), "", true
		}
		return 255, "", true // as CPython, which takes -1 for what does not fit
	}
	if msg, err = l.str(v); err != nil {
		msg = "<exception str() failed>"
	}
	return 1, msg, true
}
