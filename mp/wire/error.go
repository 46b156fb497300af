package wire

import "fmt"

// Error is a Go error that scripts see as an exception of the named class.
//
// Class is a Python class name: bare for built-ins ("ValueError"), qualified for the others ("queue.Empty").
// Any error with the method ExceptionClass is treated the same way; Error is the plain implementation that
// packages without an exception type of their own use.
type Error struct {
	Class string
	Msg   string
	Err   error // the cause, may be nil
}

// Errorf returns an error that scripts see as an exception of class, with the formatted message.
// An operand of %w becomes the cause that errors.Is and errors.As find.
func Errorf(class, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	e := &Error{Class: class, Msg: err.Error()}
	if u, ok := err.(interface{ Unwrap() error }); ok {
		e.Err = u.Unwrap()
	}
	return e
}

func (e *Error) Error() string { return e.Msg }

// ExceptionClass returns the name of the exception class that scripts see.
func (e *Error) ExceptionClass() string { return e.Class }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
