package stdlib

import (
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// signalModule makes the members of the module signal: the numbers of signals, for os.kill and exit codes. Handlers can't be set.
// https://docs.python.org/3/library/signal.html
func (l *Lib) signalModule() starlark.StringDict {
	members := functions(map[string]goFunc{"strsignal": signalText})
	for name, sig := range signalNumbers() {
		members[name] = starlark.MakeInt(int(sig))
	}
	return members
}

// signalText is strsignal(signalnum): the system's description, None for an unknown signal.
func signalText(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("strsignal", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	n, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 64 {
		return nil, wire.Errorf("ValueError", "signal number out of range")
	}
	for _, sig := range signalNumbers() {
		if int(sig) == n {
			return starlark.String(capital(syscall.Signal(n).String())), nil
		}
	}
	return starlark.None, nil
}
