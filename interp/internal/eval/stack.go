package eval

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Frame is a call of a script's function, of this package's or of go.starlark.net's.
type Frame struct {
	Fn  starlark.Callable
	Pos syntax.Position
}

// fail makes err the error of an expression of fr's at p. It returns nil.
func (fr *frame) fail(p pos, err error) starlark.Value {
	fr.at = p
	fr.th.err = locate(fr.th.thread, err, 0)
	return nil
}

// origin is the cause of an error whose stack is complete.
type origin struct{ error }

func (o *origin) Unwrap() error { return o.error }

// Locate makes the *starlark.EvalError of an error that arose in the call of a script's function that is under way in a thread, or below it. One that
// has its stack already stays as it is.
func Locate(thread *starlark.Thread, err error) error { return locate(thread, err, 0) }

// locate is Locate of an error that has come out of so many calls that stand for others.
func locate(thread *starlark.Thread, err error, standIns int) error {
	e, ok := err.(*starlark.EvalError)
	if !ok {
		return located(err, Stack(thread))
	}
	cause := e.Unwrap()
	if _, ok := cause.(*origin); ok || cause == nil {
		return err
	}
	// starlark.Call has made it, of the calls that it knows. Those of go.starlark.net's functions that have ended meanwhile are there alone.
	calls := Stack(thread)
	if depth := thread.CallStackDepth() + standIns; depth < len(e.CallStack) {
		for _, fr := range e.CallStack[depth:] {
			if fr.Pos.Line > 0 {
				calls = append(calls, Frame{named(fr.Name), fr.Pos})
			}
		}
	}
	return located(cause, calls)
}

// named is a function of which nothing is left but its name.
type named string

func (f named) String() string       { return "<function " + string(f) + ">" }
func (f named) Type() string         { return "function" }
func (f named) Freeze()              {}
func (f named) Truth() starlark.Bool { return true }
func (f named) Hash() (uint32, error) {
	return starlark.String(f).Hash()
}
func (f named) Name() string { return string(f) }
func (f named) CallInternal(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, nil
}

// located makes the *starlark.EvalError of an error that arose in the innermost of calls. Only starlark.Call makes one that has a cause: so
// calls without an effect are put on another thread, where that finds them.
func located(err error, calls []Frame) error {
	if len(calls) == 0 {
		return err
	}
	err = &origin{err}
	stack := make([]standIn, len(calls))
	for i, fr := range calls {
		stack[i] = standIn{fr.Fn, fr.Pos, err, nil}
		if i > 0 {
			stack[i-1].next = &stack[i]
		}
	}
	_, err = starlark.Call(new(starlark.Thread), &stack[0], nil, nil)
	return err
}

// standIn stands for a call in the stack of an error.
type standIn struct {
	starlark.Callable
	pos  syntax.Position
	err  error
	next *standIn
}

func (s *standIn) Position() syntax.Position { return s.pos }

func (s *standIn) CallInternal(thread *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if s.next == nil {
		return nil, s.err
	}
	return starlark.Call(thread, s.next, nil, nil)
}

// Stack returns the calls of script functions that are under way in a thread, outermost first.
func Stack(thread *starlark.Thread) []Frame {
	th, _ := thread.Local(localKey).(*state)
	var all []Frame
	next := 0
	for i := thread.CallStackDepth() - 1; i >= 0; i-- {
		fr := thread.DebugFrame(i)
		switch fn := fr.Callable().(type) {
		case *Function:
			for first := true; next < th.depth && (first || !th.frames[next].entry); next++ {
				first = false
				all = append(all, th.frames[next].frame())
			}
		case *starlark.Function:
			if fn.Name() != "look" || fn != lookFunction() {
				all = append(all, Frame{fn, fr.Position()})
			}
		}
	}
	return all
}

func (fr *frame) frame() Frame {
	return Frame{fr.fn, syntax.MakePosition(&fr.fn.code.module.file, fr.at.line, fr.at.col)}
}

// Caller returns the innermost call of a script function in a thread; false if there is none.
func Caller(thread *starlark.Thread) (Frame, bool) {
	for i := range thread.CallStackDepth() {
		fr := thread.DebugFrame(i)
		switch fn := fr.Callable().(type) {
		case *Function:
			th := stateOf(thread)
			if th.depth == 0 {
				return Frame{fn, fn.Position()}, true
			}
			return th.frames[th.depth-1].frame(), true
		case *starlark.Function:
			if fn.Name() != "look" || fn != lookFunction() {
				return Frame{fn, fr.Position()}, true
			}
		}
	}
	return Frame{}, false
}

// Names returns the names of the variables that have values in the innermost call of a thread; at the top level of a module its globals, and the names
// that it finds predeclared but known does not have.
func Names(thread *starlark.Thread, known starlark.StringDict) []string {
	th := stateOf(thread)
	if th.depth == 0 {
		return nil
	}
	fr := th.frames[th.depth-1]
	c := fr.fn.code
	var names []string
	if c == c.module.top {
		for name := range c.module.Globals() {
			names = append(names, name)
		}
		for name := range c.module.env.All() {
			if !known.Has(name) {
				names = append(names, name)
			}
		}
		return names
	}
	for i, b := range c.resolved.Locals {
		v := fr.locals[i]
		if cell, ok := v.(*cell); ok {
			v = cell.v
		}
		if v != nil && b.First != nil {
			names = append(names, b.First.Name)
		}
	}
	return names
}
