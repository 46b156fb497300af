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

// Frames formats the call stack of err, a line a frame, outermost frame first and without built-in functions, as Python does. It
// returns "" for an error without one.
func Frames(err error) string {
	var e *starlark.EvalError
	if !errors.As(err, &e) {
		return ""
	}
	var b strings.Builder
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

// trace is the traceback of an exception: what led to it, its frames, and a last line with class and message. The frames of an
// exception that came from another process stand below those that it went through here, so that an error tells
// one story, from the first process to the place where it arose.
type trace struct {
	before string // the tracebacks of other exceptions that led to it, with the words between
	frames string // in lines; those of another process under a line that names it
	last   string
}

func (t trace) String() string {
	if t.frames == "" {
		return t.before + t.last
	}
	return t.before + "Traceback (most recent call last):\n" + t.frames + t.last
}

// traceOf is the traceback of an exception that was raised, here or elsewhere, else nil. It is made once, so that it stays the
// first one.
func (l *Lib) traceOf(x *Instance) *trace {
	e := x.state()
	if e.trace != nil || e.err == nil {
		if e.trace == nil {
			return e.remote
		}
		return e.trace
	}
	err := e.err
	e.err = nil // whatever leads back here finds nothing
	t := &trace{frames: l.cfg.Traceback(err)}
	switch {
	case e.remote != nil && t.frames == "":
		t = e.remote
	case e.remote != nil:
		t.before, t.frames, t.last = e.remote.before, t.frames+e.remote.frames, e.remote.last
	case e.cause != nil:
		t.before = l.full(e.cause) + causeText
	case e.context != nil && !e.suppress:
		t.before = l.full(e.context) + contextText
	}
	if t.last == "" {
		t.last = l.lastLine(x)
	}
	e.err, e.trace = err, t
	return t
}

// traceback is the text of traceOf, "" where there is none.
func (l *Lib) traceback(x *Instance) string {
	if t := l.traceOf(x); t != nil {
		return t.String()
	}
	return ""
}

// sentTrace is the traceback of an exception that leaves the process, nil where there is none.
func (l *Lib) sentTrace(x *Instance) *trace {
	t := l.traceOf(x)
	if t == nil || t == x.exc.remote || t.frames == "" {
		return t
	}
	sent := *t
	sent.frames = "  in process " + l.cfg.ProcessName() + ":\n" + t.frames
	return &sent
}

// full is the traceback of an exception, or its last line alone where it has none.
func (l *Lib) full(x *Instance) string {
	if s := l.traceback(x); s != "" {
		return s
	}
	return l.lastLine(x)
}

// Describe returns the name of the class of an exception and its message, as in the last line of its traceback.
func (l *Lib) Describe(exc starlark.Value) (class, msg string) {
	x, ok := exc.(*Instance)
	if !ok {
		return "", ""
	}
	class = x.cls.qualified()
	if x.cls.module == "__main__" {
		class = x.cls.name
	}
	msg, err := l.str(x)
	if err != nil {
		msg = "<exception str() failed>"
	}
	return class, msg
}

// lastLine is "Class: message" as Python ends a traceback with.
func (l *Lib) lastLine(x *Instance) string {
	name, s := l.Describe(x)
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

// keyError is the KeyError for a missing key: its argument is the key, as in Python, and its text the key's repr.
type keyError struct{ key starlark.Value }

func (e keyError) Error() string                 { return e.key.String() }
func (keyError) ExceptionClass() string          { return "KeyError" }
func (e keyError) ExceptionArgs() starlark.Tuple { return starlark.Tuple{e.key} }
