package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// makeFutureClass makes Future.
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.Future
func (fs *futures) makeFutureClass() {
	attrs := starlark.StringDict{
		"_state": &property{name: "_state", get: func(self starlark.Value) (starlark.Value, error) {
			f, err := futureOf("_state", self)
			if err != nil {
				return nil, err
			}
			f.fs.mu.Lock()
			defer f.fs.mu.Unlock()
			return starlark.String(futureStates[f.state].name), nil
		}},
	}
	attrs["__init__"] = starlark.NewBuiltin("Future.__init__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var self starlark.Value
		if len(args) == 1 && len(kwargs) == 0 {
			self = args[0]
		} else if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self); err != nil {
			return nil, err
		}
		inst, ok := self.(Instance)
		if !ok {
			return nil, wire.Errorf("TypeError", "Future.__init__: got %s, want a Future", self.Type())
		}
		inst.SetNative(&future{fs: fs, self: self})
		return starlark.None, nil
	})
	for _, m := range futureMethods {
		attrs[m.name] = starlark.NewBuiltin("Future."+m.name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(args) == 0 {
				return nil, wire.Errorf("TypeError", "%s: missing self", b.Name())
			}
			f, err := futureOf(m.name, args[0])
			if err != nil {
				return nil, err
			}
			var arg starlark.Value = starlark.None
			switch {
			case m.param != "" && len(args) == 2 && len(kwargs) == 0:
				arg = args[1]
			case m.param != "":
				err = starlark.UnpackArgs(b.Name(), args[1:], kwargs, m.param, &arg)
			default:
				err = noArgs(b, args[1:], kwargs)
			}
			if err != nil {
				return nil, err
			}
			return m.call(thread, f, arg)
		})
	}
	fs.future = fs.mustClass("Future", nil, attrs)
}

// futureMethods are the methods of Future, with their one parameter, "" for none.
var futureMethods = [...]struct {
	name, param string
	call        func(thread *starlark.Thread, f *future, arg starlark.Value) (starlark.Value, error)
}{
	{"__repr__", "", func(_ *starlark.Thread, f *future, _ starlark.Value) (starlark.Value, error) {
		return starlark.String(f.repr()), nil
	}},
	{"cancel", "", func(thread *starlark.Thread, f *future, _ starlark.Value) (starlark.Value, error) {
		ok, callbacks := f.cancel()
		return starlark.Bool(ok), f.callBack(thread, callbacks)
	}},
	{"cancelled", "", futureIs(func(s futureState) bool { return s == futureCancelled || s == futureNotified })},
	{"running", "", futureIs(func(s futureState) bool { return s == futureRunning })},
	{"done", "", futureIs(func(s futureState) bool { return s >= futureCancelled })},
	{"result", "timeout?", func(thread *starlark.Thread, f *future, timeout starlark.Value) (starlark.Value, error) {
		d, err := timeoutArg("Future.result", timeout)
		if err != nil {
			return nil, err
		}
		return f.result(thread, d)
	}},
	{"exception", "timeout?", func(thread *starlark.Thread, f *future, timeout starlark.Value) (starlark.Value, error) {
		d, err := timeoutArg("Future.exception", timeout)
		if err != nil {
			return nil, err
		}
		_, exc, err := f.outcome(thread, d)
		if err == nil && exc == nil {
			exc = starlark.None
		}
		return exc, err
	}},
	{"add_done_callback", "fn", func(thread *starlark.Thread, f *future, fn starlark.Value) (starlark.Value, error) {
		f.fs.mu.Lock()
		if f.state < futureCancelled {
			f.callbacks = append(f.callbacks, fn)
			f.fs.mu.Unlock()
			return starlark.None, nil
		}
		f.fs.mu.Unlock()
		return starlark.None, f.callBack(thread, []starlark.Value{fn})
	}},
	{"set_running_or_notify_cancel", "", func(_ *starlark.Thread, f *future, _ starlark.Value) (starlark.Value, error) {
		f.fs.mu.Lock()
		defer f.fs.mu.Unlock()
		switch f.state {
		case futureCancelled:
			f.state = futureNotified
			f.tellLocked()
			return starlark.False, nil
		case futurePending:
			f.state = futureRunning
			return starlark.True, nil
		}
		return nil, wire.Errorf("RuntimeError", "Future in unexpected state")
	}},
	{"set_result", "result", func(thread *starlark.Thread, f *future, v starlark.Value) (starlark.Value, error) {
		return starlark.None, f.set(thread, v, nil)
	}},
	{"set_exception", "exception", func(thread *starlark.Thread, f *future, exc starlark.Value) (starlark.Value, error) {
		if exc == starlark.None {
			return starlark.None, f.set(thread, starlark.None, nil)
		}
		return starlark.None, f.set(thread, nil, exc)
	}},
}

func futureIs(is func(futureState) bool) func(*starlark.Thread, *future, starlark.Value) (starlark.Value, error) {
	return func(_ *starlark.Thread, f *future, _ starlark.Value) (starlark.Value, error) {
		f.fs.mu.Lock()
		defer f.fs.mu.Unlock()
		return starlark.Bool(is(f.state)), nil
	}
}

// futureOf returns the state of self, an instance whose __init__ has run.
func futureOf(fn string, self starlark.Value) (*future, error) {
	inst, ok := self.(Instance)
	if !ok {
		return nil, wire.Errorf("TypeError", "Future.%s: got %s, want a Future", fn, self.Type())
	}
	f, ok := inst.Native().(*future)
	if !ok {
		return nil, wire.Errorf("RuntimeError", "Future.%s: Future.__init__() not called", fn)
	}
	return f, nil
}

func timeoutArg(fn string, v starlark.Value) (d seconds, err error) {
	if err := d.Unpack(v); err != nil {
		return d, wire.Errorf("TypeError", "%s: timeout: %v", fn, err)
	}
	return d, nil
}

// set is set_result, or set_exception where exc is not nil.
func (f *future) set(thread *starlark.Thread, v, exc starlark.Value) error {
	f.fs.mu.Lock()
	if f.state >= futureCancelled {
		name := futureStates[f.state].name
		f.fs.mu.Unlock()
		return wire.Errorf(invalidStateError, "%s: %s", name, f.repr())
	}
	f.value, f.exc, f.failed = v, exc, exc != nil
	callbacks := f.settleLocked(futureFinished)
	f.fs.mu.Unlock()
	return f.callBack(thread, callbacks)
}

// callBack calls what was added with add_done_callback, in a thread that has the script lock. As in CPython an Exception is
// written to standard error and the next one called; KeyboardInterrupt and SystemExit end it.
func (f *future) callBack(thread *starlark.Thread, callbacks []starlark.Value) error {
	host := f.fs.rt.host
	for _, fn := range callbacks {
		_, err := host.Call(thread, fn, starlark.Tuple{f.self}, nil)
		if err == nil {
			continue
		}
		switch pythonName(host.FromError(err)) {
		case "KeyboardInterrupt", "SystemExit":
			return err
		}
		host.Stderr("exception calling callback for " + f.repr() + "\n" + host.Traceback(err))
	}
	return nil
}
