package mp

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// managersModule is multiprocessing.managers.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.managers
func (rt *Runtime) managersModule() *starlarkstruct.Module {
	m := &starlarkstruct.Module{Name: "multiprocessing.managers", Members: starlark.StringDict{
		"RemoteError":         rt.host.Exception("multiprocessing.managers.RemoteError"),
		"SharedMemoryManager": starlark.NewBuiltin("SharedMemoryManager", rt.makeSharedMemoryManager),
	}}
	rt.host.Codec().Name("multiprocessing.managers.SharedMemoryManager", m.Members["SharedMemoryManager"])
	return m
}
