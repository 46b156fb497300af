package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// excState is what makes an Instance an exception.
type excState struct {
	args   starlark.Tuple
	text   string // str() of an error that Go code raised, where the args don't give it; "" otherwise
	err    error  // what first raised it in this process, with its call stack; nil before
	remote *trace // the traceback that it came with from another process
	trace  *trace // its traceback here, once asked for

	cause, context *Instance
	suppress       bool // __suppress_context__
	busy           bool // its text is being made: ends the recursion of an exception inside its own args
}

// state returns the exception's state. A damaged message may bring an exception without one.
func (x *Instance) state() *excState {
	if x.exc == nil {
		x.exc = &excState{}
	}
	return x.exc
}

// excTree lists the exception classes, each after its bases, which stand before the colon. A name with dots is
// the qualified name of a class outside the built-ins.
const excTree = `
:BaseException
BaseException:Exception KeyboardInterrupt SystemExit GeneratorExit
Exception:ArithmeticError AssertionError AttributeError BufferError EOFError ImportError LookupError MemoryError NameError OSError ReferenceError RuntimeError StopIteration SyntaxError TypeError ValueError
ArithmeticError:FloatingPointError OverflowError ZeroDivisionError
LookupError:IndexError KeyError
ImportError:ModuleNotFoundError
NameError:UnboundLocalError
RuntimeError:NotImplementedError RecursionError threading.BrokenBarrierError concurrent.futures._base.BrokenExecutor
concurrent.futures._base.BrokenExecutor:concurrent.futures.process.BrokenProcessPool concurrent.futures.thread.BrokenThreadPool
ValueError:UnicodeError json.JSONDecodeError
UnicodeError:UnicodeDecodeError UnicodeEncodeError
OSError:BlockingIOError ChildProcessError ConnectionError FileExistsError FileNotFoundError InterruptedError IsADirectoryError NotADirectoryError PermissionError ProcessLookupError TimeoutError
ConnectionError:BrokenPipeError ConnectionAbortedError ConnectionRefusedError ConnectionResetError
Exception:queue.Empty queue.Full multiprocessing.ProcessError multiprocessing.pool.MaybeEncodingError multiprocessing.managers.RemoteError concurrent.futures._base.Error
concurrent.futures._base.Error:concurrent.futures._base.CancelledError concurrent.futures._base.InvalidStateError
multiprocessing.ProcessError:multiprocessing.TimeoutError multiprocessing.AuthenticationError multiprocessing.BufferTooShort
multiprocessing.ProcessError+concurrent.futures.process.BrokenProcessPool:multiprocessing.WorkerLostError
`

func (l *Lib) makeExceptions() {
	l.excs = make(map[string]*Class, 80)
	for _, line := range strings.Split(strings.TrimSpace(excTree), "\n") {
		before, names, _ := strings.Cut(line, ":")
		bases := []*Class{l.object}
		if before != "" {
			bases = bases[:0]
			for _, base := range strings.Split(before, "+") {
				bases = append(bases, l.excs[base])
			}
		}
		for _, name := range strings.Fields(names) {
			l.makeException(name, bases)
		}
	}
	l.base = l.excs["BaseException"]
	l.baseExceptionAttrs()
	l.osErrorAttrs()
	l.encodingErrorAttrs()
	l.excs["KeyError"].addMethod("__str__", l.keyErrorStr)
	l.excs["StopIteration"].attrs.set("value", &property{get: firstArg})
	l.excs["SystemExit"].attrs.set("code", &property{get: firstArg})
}

func (l *Lib) makeException(qualified string, bases []*Class) {
	module, name := "", qualified
	if i := strings.LastIndexByte(qualified, '.'); i >= 0 {
		module, name = qualified[:i], qualified[i+1:]
	}
	// The bases have nothing but BaseException and object in common: the order can't be inconsistent.
	c, _ := l.newClass(name, module, bases)
	c.native = true
	l.excs[qualified] = c
}

// Exception returns the exception class with that name: "ValueError", "queue.Empty". An unknown name gives RuntimeError.
func (l *Lib) Exception(name string) starlark.Value { return l.excClass(name) }

func (l *Lib) excClass(name string) *Class {
	if c := l.excs[name]; c != nil {
		return c
	}
	if module, _, ok := strings.Cut(name, "."); ok {
		if m, ok := l.Module(module).(*Module); ok { // its exceptions are made with its other members
			m.ModuleMembers()
			if c := l.excs[name]; c != nil {
				return c
			}
		}
	}
	return l.excs["RuntimeError"]
}

// moduleException makes an exception class that belongs to a module; unlike those of excTree, no process has it before it is used.
func (l *Lib) moduleException(qualified string, bases ...string) *Class {
	if l.excs[qualified] == nil {
		var classes []*Class
		for _, base := range bases {
			classes = append(classes, l.excClass(base))
		}
		l.makeException(qualified, classes)
	}
	return l.excs[qualified]
}

// errorWith is an error that raises an exception with attributes of its own: names and values by turns.
func (l *Lib) errorWith(class, text string, attrs ...any) error {
	x := l.newException(l.excClass(class), starlark.String(text))
	for i := 0; i < len(attrs); i += 2 {
		v := starlark.Value(starlark.None)
		switch a := attrs[i+1].(type) {
		case string:
			v = starlark.String(a)
		case int:
			v = starlark.MakeInt(a)
		case starlark.Value:
			v = a
		}
		x.attrs.set(attrs[i].(string), v)
	}
	return l.ToError(x)
}

// addMethod gives a class made by Go code a method.
func (c *Class) addMethod(name string, f func(thread *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)) {
	c.attrs.set(name, &nativeMethod{class: c, fn: starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return f(thread, args[0].(*Instance), args[1:], kwargs)
	})})
}

// newException makes an exception object without running any __init__ of a script.
func (l *Lib) newException(c *Class, args ...starlark.Value) *Instance {
	return &Instance{cls: c, exc: &excState{args: args}}
}

func (l *Lib) baseExceptionAttrs() {
	c := l.base
	c.addMethod("__init__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "%s() takes no keyword arguments", x.cls.name)
		}
		x.state().args = args
		return starlark.None, nil
	})
	c.addMethod("__str__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s, err := l.excText(x)
		return starlark.String(s), err
	})
	c.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s, err := l.excRepr(x)
		return starlark.String(s), err
	})
	c.addMethod("with_traceback", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if len(args) != 1 {
			return nil, wire.Errorf("TypeError", "BaseException.with_traceback() takes exactly one argument (%d given)", len(args))
		}
		return x, nil
	})
	c.attrs.set("args", &property{get: func(x *Instance) (starlark.Value, error) { return x.state().args, nil }, set: setArgs})
	c.attrs.set("traceback", &property{get: func(x *Instance) (starlark.Value, error) { return starlark.String(l.traceback(x)), nil }})
	c.attrs.set("__cause__", &property{
		get: func(x *Instance) (starlark.Value, error) { return orNone(x.state().cause), nil },
		set: func(x *Instance, v starlark.Value) (err error) {
			x.state().suppress = true
			x.exc.cause, err = chainable("cause", v)
			return err
		}})
	c.attrs.set("__context__", &property{
		get: func(x *Instance) (starlark.Value, error) { return orNone(x.state().context), nil },
		set: func(x *Instance, v starlark.Value) (err error) {
			x.state().context, err = chainable("context", v)
			return err
		}})
}

func setArgs(x *Instance, v starlark.Value) error {
	it, ok := v.(starlark.Iterable)
	if !ok {
		return wire.Errorf("TypeError", "'%s' object is not iterable", pyType(v))
	}
	var args starlark.Tuple
	for e := range starlark.Elements(it) {
		args = append(args, e)
	}
	if err := x.cls.lib.check(); err != nil {
		return err
	}
	x.state().args, x.exc.text = args, ""
	return nil
}

func orNone(x *Instance) starlark.Value {
	if x == nil {
		return starlark.None
	}
	return x
}

// chainable returns v as an exception's __cause__ or __context__.
func chainable(what string, v starlark.Value) (*Instance, error) {
	if v == starlark.None {
		return nil, nil
	}
	if e, ok := v.(*Instance); ok && e.exc != nil {
		return e, nil
	}
	return nil, wire.Errorf("TypeError", "exception %s must be None or derive from BaseException", what)
}

func firstArg(x *Instance) (starlark.Value, error) {
	switch len(x.state().args) {
	case 0:
		return starlark.None, nil
	case 1:
		return x.exc.args[0], nil
	}
	return x.exc.args, nil
}

// excText is str() of an exception: nothing, its one argument, or the tuple of them.
func (l *Lib) excText(x *Instance) (string, error) {
	switch args := x.state().args; {
	case x.exc.text != "":
		return x.exc.text, nil
	case x.exc.busy:
		return "...", nil
	case len(args) == 0:
		return "", nil
	default:
		x.exc.busy = true
		defer func() { x.exc.busy = false }()
		if len(args) == 1 {
			return l.str(args[0])
		}
		return l.repr(args)
	}
}

// excRepr is repr() of an exception: its class's name called with its arguments.
func (l *Lib) excRepr(x *Instance) (string, error) {
	if x.state().busy {
		return x.cls.name + "(...)", nil
	}
	x.exc.busy = true
	defer func() { x.exc.busy = false }()
	args := x.shownArgs()
	if len(args) == 1 {
		s, err := l.repr(args[0])
		return x.cls.name + "(" + s + ")", err
	}
	s, err := l.repr(args)
	return x.cls.name + s, err
}

// keyErrorStr is str() of a KeyError: its one argument as repr, so that a missing empty string can be seen.
func (l *Lib) keyErrorStr(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if x.state().text == "" && len(x.exc.args) == 1 {
		s, err := l.repr(x.exc.args[0])
		return starlark.String(s), err
	}
	s, err := l.excText(x)
	return starlark.String(s), err
}

// encodingErrorAttrs is what multiprocessing.pool.MaybeEncodingError(exc, value) has of its own: it keeps the texts of both.
func (l *Lib) encodingErrorAttrs() {
	c := l.excs["multiprocessing.pool.MaybeEncodingError"]
	text := func(x *Instance) (string, error) {
		args := x.state().args
		if len(args) != 2 {
			return l.excText(x)
		}
		exc, err := l.str(args[0])
		if err != nil {
			return "", err
		}
		value, err := l.str(args[1])
		return "Error sending result: '" + value + "'. Reason: '" + exc + "'", err
	}
	c.addMethod("__init__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var exc, value starlark.Value
		if err := starlark.UnpackArgs("MaybeEncodingError", args, kwargs, "exc", &exc, "value", &value); err != nil {
			return nil, err
		}
		e, err := l.repr(exc)
		if err != nil {
			return nil, err
		}
		v, err := l.repr(value)
		x.state().args = starlark.Tuple{starlark.String(e), starlark.String(v)}
		return starlark.None, err
	})
	c.addMethod("__str__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s, err := text(x)
		return starlark.String(s), err
	})
	c.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s, err := text(x)
		return starlark.String("<" + x.cls.name + ": " + s + ">"), err
	})
	for i, name := range []string{"exc", "value"} {
		c.attrs.set(name, &property{get: func(x *Instance) (starlark.Value, error) {
			if args := x.state().args; i < len(args) {
				return args[i], nil
			}
			return starlark.None, nil
		}})
	}
}
