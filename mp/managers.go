package mp

import (
	"fmt"

	"go.starlark.net/starlark"
)

// managersModule is multiprocessing.managers.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.managers
func (rt *Runtime) managersModule() starlark.Value {
	return rt.host.NewModule("multiprocessing.managers", func() starlark.StringDict {
		mc := rt.managerClasses()
		members := starlark.StringDict{
			"AutoProxy":           starlark.NewBuiltin("AutoProxy", rt.makeAutoProxy),
			"BaseManager":         mc.base,
			"BaseProxy":           mc.baseProxy,
			"MakeProxyType":       starlark.NewBuiltin("MakeProxyType", rt.makeProxyType),
			"Namespace":           rt.namespaceClass(),
			"RemoteError":         rt.host.Exception("multiprocessing.managers.RemoteError"),
			"Server":              mc.server,
			"SharedMemoryManager": mc.sharedMemory,
			"SyncManager":         mc.sync,
			"Token":               mc.token,
		}
		for name, class := range mc.proxies {
			members[name] = class
		}
		return members
	})
}

// namespaceClass makes managers.Namespace, a class whose instances have the attributes that it is called with.
func (rt *Runtime) namespaceClass() starlark.Value {
	return rt.mustClass("Namespace", nil, starlark.StringDict{
		"__init__": starlark.NewBuiltin("Namespace", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := noParams(b.Name(), args[1:], nil); err != nil {
				return nil, err
			}
			for _, kv := range kwargs {
				if err := args[0].(starlark.HasSetField).SetField(string(kv[0].(starlark.String)), kv[1]); err != nil {
					return nil, err
				}
			}
			return starlark.None, nil
		}),
		"__repr__": starlark.NewBuiltin("__repr__", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			x := args[0].(starlark.HasAttrs)
			ns := &namespace{fields: starlark.StringDict{}}
			for _, name := range x.AttrNames() {
				if name[0] == '_' {
					continue
				}
				v, err := x.Attr(name)
				if err != nil {
					return nil, err
				}
				ns.fields[name] = v
			}
			return starlark.String(ns.String()), nil
		}),
	})
}

// tokenClass makes managers.Token. One that a script makes says where an object is and is no way to it.
func (rt *Runtime) tokenClass() starlark.Value {
	return rt.mustClass("Token", nil, starlark.StringDict{
		"__init__": starlark.NewBuiltin("Token", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var typeid, address, id starlark.Value
			if err := starlark.UnpackArgs(b.Name(), args[1:], kwargs, "typeid", &typeid, "address", &address, "id", &id); err != nil {
				return nil, err
			}
			self := args[0].(starlark.HasSetField)
			for _, kv := range []starlark.Tuple{{starlark.String("typeid"), typeid}, {starlark.String("address"), address}, {starlark.String("id"), id}} {
				if err := self.SetField(string(kv[0].(starlark.String)), kv[1]); err != nil {
					return nil, err
				}
			}
			return starlark.None, nil
		}),
		"__repr__": starlark.NewBuiltin("__repr__", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			var parts [3]string
			for i, name := range []string{"typeid", "address", "id"} {
				v, err := attrOf(args[0], name)
				if err != nil {
					return nil, err
				}
				parts[i] = quoted(v)
			}
			return starlark.String(fmt.Sprintf("Token(typeid=%s, address=%s, id=%s)", parts[0], parts[1], parts[2])), nil
		}),
	})
}
