package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// raise is the built-in raise_(exc, cause=None): exc is an exception object or class. No CPython counterpart but the statement.
func (l *Lib) raise(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var exc, cause starlark.Value
	if err := starlark.UnpackArgs("raise_", args, kwargs, "exc", &exc, "cause?", &cause); err != nil {
		return nil, err
	}
	exc, err := l.instantiate(thread, exc)
	if err != nil {
		return nil, err
	}
	if cause != nil {
		if c, ok := cause.(*Class); ok {
			if cause, err = l.instantiate(thread, c); err != nil {
				return nil, err
			}
		}
		x := exc.(*Instance)
		if x.exc.cause, err = chainable("cause", cause); err != nil {
			return nil, err
		}
		x.exc.suppress = true
	}
	return nil, l.ToError(exc)
}

// instantiate returns the exception object that raising v raises.
func (l *Lib) instantiate(thread *starlark.Thread, v starlark.Value) (starlark.Value, error) {
	switch v := v.(type) {
	case *Instance:
		if v.exc != nil {
			return v, nil
		}
	case *Class:
		if v.isException() {
			return l.call(thread, v)
		}
	}
	return nil, wire.Errorf("TypeError", "exceptions must derive from BaseException")
}

// builtinFail is fail(*args, sep=" "): it raises Exception with the arguments' texts.
func (l *Lib) builtinFail(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sep := " "
	if err := starlark.UnpackArgs("fail", nil, kwargs, "sep?", &sep); err != nil {
		return nil, err
	}
	text, err := l.join(args, sep)
	if err != nil {
		return nil, err
	}
	return nil, l.ToError(l.newException(l.excs["Exception"], starlark.String(text)))
}

// makeResult makes the class of what try_ returns.
func (l *Lib) makeResult() {
	// One base: the order can't be inconsistent.
	l.result, _ = l.newClass("result", "", nil)
	l.result.native = true
	l.result.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s := "result("
		for i, a := range x.ownItems() {
			if i > 0 {
				s += ", "
			}
			r, err := l.repr(a.value)
			if err != nil {
				return nil, err
			}
			s += a.name + " = " + r
		}
		return starlark.String(s + ")"), nil
	})
}

// try is the built-in try_(f, *args, **kwargs). No CPython counterpart but the statement.
func (l *Lib) try(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "try_: missing argument for f")
	}
	v, err := l.Call(thread, args[0], args[1:], kwargs)
	ok, exc := starlark.True, starlark.Value(starlark.None)
	if err != nil {
		x, caught := l.catch(err)
		if !caught {
			return nil, err
		}
		ok, v, exc = starlark.False, starlark.None, x
	}
	res := &Instance{cls: l.result}
	res.attrs.items = []attr{{"ok", ok}, {"value", v}, {"error", exc}}
	return res, nil
}

// catch returns the exception for err. It is not caught if it is KeyboardInterrupt, or if the host cancelled the thread.
func (l *Lib) catch(err error) (*Instance, bool) {
	if reason, cancelled := cancelReason(err); cancelled && !l.raisesClass(reason) {
		return nil, false
	}
	x := l.exception(err)
	return x, !x.cls.derives(l.excs["KeyboardInterrupt"])
}

// Catches reports whether a script can catch err: not KeyboardInterrupt, nor the host's cancellation of the thread.
func (l *Lib) Catches(err error) bool {
	_, caught := l.catch(err)
	return caught
}

// with is the built-in with_(cm, body). No CPython counterpart but the statement.
func (l *Lib) with(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("with_", 2, args, kwargs); err != nil {
		return nil, err
	}
	cm, body := args[0], args[1]
	enter, exit, err := l.manager(cm)
	if err != nil {
		return nil, err
	}
	takes := takesOne(body)
	entered, err := l.Call(thread, enter, nil, nil)
	if err != nil {
		return nil, err
	}
	var give starlark.Tuple
	if takes {
		give = starlark.Tuple{entered}
	}
	v, err := l.Call(thread, body, give, nil)
	if err != nil {
		return l.leave(thread, exit, err)
	}
	if _, err := l.Call(thread, exit, noError, nil); err != nil {
		return nil, err
	}
	return v, nil
}

// noError is what __exit__ gets if the body has not failed.
var noError = starlark.Tuple{starlark.None, starlark.None, starlark.None}

// leave calls __exit__ after body has failed with err. KeyboardInterrupt goes on as an ordinary exception from here, because a cancelled
// thread can't run a script's __exit__. Where the host cancelled the thread, __exit__ is called all the same: what Go
// code does there (a lock is released) works, and a script's __exit__ fails at once.
func (l *Lib) leave(thread *starlark.Thread, exit starlark.Value, err error) (starlark.Value, error) {
	reason, cancelled := cancelReason(err)
	if cancelled && isInterrupt(reason) {
		l.cfg.Uncancel(thread, reason)
	}
	x := l.exception(err)
	trace := starlark.Value(starlark.None)
	if _, native := exit.(*starlark.Builtin); !native { // to make the text for a lock would be a waste
		trace = starlark.String(l.traceback(x))
	}
	swallow, err2 := l.Call(thread, exit, starlark.Tuple{x.cls, x, trace}, nil)
	if err2 == nil {
		truth := bool(swallow.Truth())
		if err2 = l.check(); err2 == nil && truth {
			return starlark.None, nil
		}
	}
	if err2 == nil {
		if cancelled && isInterrupt(reason) {
			return nil, l.ToError(x)
		}
		return nil, err
	}
	if cancelled && !l.raisesClass(reason) {
		return nil, err
	}
	y := l.exception(err2)
	if y != x && y.exc.context == nil {
		y.exc.context = x
		return nil, l.ToError(y) // err2 may be a Go error, which has no place for it
	}
	return nil, err2
}

// raisesClass reports whether a cancellation reason names an exception class.
func (l *Lib) raisesClass(reason string) bool {
	class, _ := classOf(cancelPrefix + reason)
	return l.excs[class] != nil && class != "RuntimeError"
}

// manager returns the methods of a context manager.
func (l *Lib) manager(cm starlark.Value) (enter, exit starlark.Value, err error) {
	get := func(name string) starlark.Value {
		if x, ok := cm.(*Instance); ok {
			return x.Method(name)
		}
		if x, ok := cm.(starlark.HasAttrs); ok {
			if v, err := x.Attr(name); err == nil {
				return v
			}
		}
		return nil
	}
	enter, exit = get("__enter__"), get("__exit__")
	if enter == nil || exit == nil {
		text := "'%s' object does not support the context manager protocol"
		if enter != nil {
			text += " (missed __exit__ method)"
		}
		return nil, nil, wire.Errorf("TypeError", text, pyType(cm))
	}
	return enter, exit, nil
}

// signature is what a function tells about its parameters.
type signature interface {
	NumParams() int
	NumKwonlyParams() int
	HasVarargs() bool
	HasKwargs() bool
}

// takesOne reports whether fn has exactly one positional parameter.
func takesOne(fn starlark.Value) bool { return positional(fn) == 1 }

// positional counts the positional parameters of a function, method, class or instance with __call__; -1 where nothing is known.
func positional(fn starlark.Value) int {
	switch fn := fn.(type) {
	case signature:
		n := fn.NumParams() - fn.NumKwonlyParams()
		if fn.HasVarargs() {
			n--
		}
		if fn.HasKwargs() {
			n--
		}
		return n
	case *boundMethod:
		return positional(fn.fn) - 1
	case *Instance:
		if call := fn.cls.lookup("__call__"); call != nil {
			return positional(fn.bind("__call__", call))
		}
	case *Class:
		if init := fn.special("__init__"); init != nil {
			return positional(init) - 1
		}
	}
	return -1
}
