package mp

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// connectionModule is multiprocessing.connection. Its functions travel between processes by name.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.connection
func (rt *Runtime) connectionModule(pipe starlark.Value) *starlarkstruct.Module {
	const name = "multiprocessing.connection"
	members := starlark.StringDict{
		"wait":       starlark.NewBuiltin("wait", rt.connectionWait),
		"Listener":   newClass("connection", "Listener", rt.makeListener, nil, listenerType),
		"Connection": newClass("connection", "Connection", nil, nil, connectionType),
		"Client":     starlark.NewBuiltin("Client", rt.makeClient),
	}
	for member, v := range members {
		rt.host.Codec().Name(name+"."+member, v)
	}
	members["Pipe"] = pipe
	for _, class := range []string{"AuthenticationError", "BufferTooShort"} {
		members[class] = rt.host.Exception("multiprocessing." + class)
	}
	return &starlarkstruct.Module{Name: name, Members: members}
}
