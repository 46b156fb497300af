package interp

import (
	"errors"
	"strings"

	"go.starlark.net/starlark"
)

// Error is the error of a script that ran: an exception that it did not catch, or what ended it from outside.
//
// errors.Is and errors.As find its cause: context.Canceled, context.DeadlineExceeded or the context's cause where the context ended the
// script, a *LimitError where a limit did, and what a built-in of the host has returned where that is what the script did not catch.
type Error struct {
	// Class is the name of the exception's class as scripts know it, with its module: "ValueError", "queue.Empty", and without one for the script's own. It is empty
	// where no exception ended the script.
	Class string
	Msg   string // what str() gives for the exception
	// Traceback is where it was raised, outermost frame first. It goes on in the process that raised it.
	Traceback Traceback

	err    error
	text   string
	status int // of SystemExit, -1 for any other
}

// Error returns the message with the position and the class.
func (e *Error) Error() string {
	var sb strings.Builder
	if pos := e.Pos(); pos != "" && !errors.As(e.err, new(*LimitError)) { // which says it itself
		sb.WriteString(pos + ": ")
	}
	if e.Class != "" {
		sb.WriteString(e.Class)
		if e.Msg != "" {
			sb.WriteString(": ")
		}
	}
	sb.WriteString(e.Msg)
	return sb.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Text returns the error as the starmp command shows it: the traceback with the script's lines, and what led to the exception in other
// processes.
func (e *Error) Text() string { return e.text }

// Pos is the innermost position of the traceback as file:line, empty if there is none.
func (e *Error) Pos() string { return e.Traceback.pos() }

// ExitStatus returns the status of sys.exit(), if that is what has ended the script.
func (e *Error) ExitStatus() (status int, ok bool) { return e.status, e.status >= 0 }

// newError makes the error of a script. Cause is what ended it from outside, nil if nothing did. The caller has the script lock.
func (rt *Runtime) newError(err, cause error) error {
	if cause == nil {
		err = rt.lib.Pending(err)
	}
	var syntax *SyntaxError
	var eval *starlark.EvalError
	if errors.As(err, &syntax) && !errors.As(err, &eval) && cause == nil {
		return syntax
	}
	e := &Error{err: cause, status: -1, Traceback: TracebackOf(err)}
	if cause != nil {
		e.Msg = cause.Error()
		e.text = e.Traceback.head() + e.Traceback.text(rt.eval.line) + e.Msg + "\n"
		return e
	}
	e.err = err
	if status, _, ok := rt.lib.ExitStatus(err); ok {
		e.status = status & 0xff
	}
	x := rt.lib.FromError(err)
	e.Class, e.Msg = rt.lib.Describe(x)
	e.text = rt.lib.Format(err)
	if tb := tracebackIn(e.text); len(tb) > len(e.Traceback) {
		e.Traceback = tb // a part of it arose in another process, from which it comes as text
	}
	return e
}
