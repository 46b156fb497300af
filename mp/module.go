package mp

import (
	"reflect"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Module returns the script's multiprocessing module. Its functions and classes travel between processes by name.
func (rt *Runtime) Module() *starlarkstruct.Module { return rt.module }

// Modules returns the other modules of the package, by the names under which scripts find them: futures, and concurrent, which has
// it too, as in Python.
func (rt *Runtime) Modules() starlark.StringDict { return rt.modules }

func (rt *Runtime) makeModule() {
	rt.logger = &Logger{rt: rt}
	members := starlark.StringDict{"Process": rt.processClass}
	for _, f := range []struct {
		name string
		fn   builtinFunc
	}{
		{"current_process", rt.currentProcess},
		{"parent_process", rt.parentProcess},
		{"active_children", rt.activeChildren},
		{"cpu_count", rt.cpuCount},
		{"Value", rt.makeValue},
		{"Array", rt.makeArray},
		{"RawValue", rt.makeRawValue},
		{"RawArray", rt.makeRawArray},
		{"Pipe", rt.makePipe},
		{"Manager", rt.newManager},
		{"Pool", rt.makePool},
		{"get_context", rt.getContext},
		{"get_start_method", rt.getStartMethod},
		{"set_start_method", rt.setStartMethod},
		{"get_all_start_methods", getAllStartMethods},
		{"freeze_support", freezeSupport},
		{"allow_connection_pickling", allowConnectionPickling},
		{"set_executable", setExecutable},
		{"set_forkserver_preload", setForkserverPreload},
		{"get_logger", rt.getLogger},
		{"log_to_stderr", rt.logToStderr},
	} {
		members[f.name] = starlark.NewBuiltin(f.name, f.fn)
	}
	rt.makeClasses()
	// In CPython these are functions that make an object. As the classes themselves they do for isinstance too.
	for _, c := range append(rt.lockTypes[1:], rt.queueTypes...) {
		members[c.name] = c
	}
	for _, class := range []string{"ProcessError", "TimeoutError", "AuthenticationError", "BufferTooShort", "WorkerLostError"} {
		members[class] = rt.host.Exception("multiprocessing." + class)
	}
	members["BrokenBarrierError"] = rt.host.Exception("threading.BrokenBarrierError")
	members["connection"] = rt.connectionModule(members["Pipe"])
	members["managers"] = rt.managersModule()
	members["shared_memory"] = rt.sharedMemoryModule()
	members["sharedctypes"] = rt.sharedctypesModule(members)
	rt.submodules(members)
	members["pool"] = rt.poolModule()
	rt.module = &starlarkstruct.Module{Name: "multiprocessing", Members: members}
	codec := rt.host.Codec()
	for name, v := range members {
		codec.Name("multiprocessing."+name, v)
	}
	codec.Name("multiprocessing", rt.module)
	codec.Name("multiprocessing.process.BaseProcess", rt.baseProcess)
	codec.Name("multiprocessing.process._MainProcess", rt.mainClass)
	codec.Name("multiprocessing.process._ParentProcess", rt.parentClass)
	codec.Name("multiprocessing.logger", rt.logger)
	codec.Name("multiprocessing.managers._serve", rt.serve)
	codec.Name("multiprocessing.pool._worker", rt.work)
}

// registerWire tells the codec how this package's values travel.
func (rt *Runtime) registerWire() {
	rt.registerShared((*Lock)(nil), "lock", rt.openLock)
	rt.registerShared((*RLock)(nil), "rlock", rt.openRLock)
	rt.registerShared((*Semaphore)(nil), "semaphore", rt.openSemaphore)
	rt.registerShared((*Condition)(nil), "condition", rt.openCondition)
	rt.registerShared((*Event)(nil), "event", rt.openEvent)
	rt.registerShared((*Queue)(nil), "queue", rt.openQueue)
	rt.registerShared((*SimpleQueue)(nil), "simplequeue", rt.openSimpleQueue)
	rt.registerProxy(dictType, "dict")
	rt.registerProxy(listType, "list")
	rt.registerProxy(namespaceType, "namespace")
	rt.registerProxy(heldValueType, "valueproxy")
	rt.host.Codec().Register(rt.tokenWire())
	rt.host.Codec().Register(rt.nearWire())
	rt.host.Codec().Register(nameWire("mp.typemethod", func(name string) *typeMethod { return &typeMethod{rt, name} }))
	rt.host.Codec().Register(nameWire("mp.proxymethod", func(name string) *proxyMethod { return &proxyMethod{name} }))
	rt.registerShared((*RawValue)(nil), "rawvalue", rt.openRaw)
	rt.registerShared((*RawArray)(nil), "rawarray", rt.openRaw)
	rt.host.Codec().Register(rt.synchronizedWire("value", (*Synchronized)(nil)))
	rt.host.Codec().Register(rt.synchronizedWire("array", (*SynchronizedArray)(nil)))
	rt.host.Codec().Register(rt.sharedMemoryWire())
	rt.host.Codec().Register(rt.shareableListWire())
	rt.registerShared((*ArrayProxy)(nil), "arrayproxy", rt.openArrayProxy)
	rt.host.Codec().Register(rt.barrierWire())
	rt.host.Codec().Register(rt.connectionWire())
	rt.host.Codec().Register(rt.contextWire())
	rt.host.Codec().Register(poolWire())
	rt.host.Codec().Register(rt.listenerWire())
	rt.host.Codec().Register(wire.Type{
		Name:   "mp.bundle",
		Go:     reflect.TypeFor[*bundle](),
		Encode: func(e *wire.Encoder, v starlark.Value) error { return v.(*bundle).encode(e) },
		Decode: decodeBundle,
	})
}
