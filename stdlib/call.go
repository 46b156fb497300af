package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// call calls fn on thread, through the interpreter's own way of calling.
func (l *Lib) call(thread *starlark.Thread, fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	return l.cfg.Call(thread, fn, starlark.Tuple(args), nil)
}

// Call calls fn on thread, which has the script lock. Unlike starlark.Call it also reports the error of a special method that failed
// behind a call which seems to have succeeded (list(x), where an __next__ failed), or failed otherwise. Go code that calls
// what a script gave it should call it so.
func (l *Lib) Call(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := l.cfg.Call(thread, fn, args, kwargs)
	if err != nil || len(l.pending) > 0 {
		if err = l.Pending(err); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// callNow calls fn where there is no thread at hand.
func (l *Lib) callNow(fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	thread := l.cfg.Current()
	if thread == nil {
		return nil, wire.Errorf("RuntimeError", "script function called outside any script")
	}
	return l.cfg.Call(thread, fn, starlark.Tuple(args), nil)
}
