package stdlib

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// call calls fn on thread, through the interpreter's own way of calling.
func (l *Lib) call(thread *starlark.Thread, fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	return l.cfg.Call(thread, fn, starlark.Tuple(args), nil)
}

// callNow calls fn where there is no thread at hand.
func (l *Lib) callNow(fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	thread := l.cfg.Current()
	if thread == nil {
		return nil, wire.Errorf("RuntimeError", "script function called outside any script")
	}
	return l.cfg.Call(thread, fn, starlark.Tuple(args), nil)
}
