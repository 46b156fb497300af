package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// managerMethod makes a method of a manager class.
func managerMethod(name string, f func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m, err := managerOf(name, args[0])
		if err != nil {
			return nil, err
		}
		return f(thread, m, args[0], args[1:], kwargs)
	})
}

// managerProperty makes a read-only property of a manager class.
func managerProperty(name string, get func(m *manager, self starlark.Value) (starlark.Value, error)) *property {
	return &property{name: name, get: func(self starlark.Value) (starlark.Value, error) {
		m, err := managerOf(name, self)
		if err != nil {
			return nil, err
		}
		return get(m, self)
	}}
}

// noParams is the check of a method without parameters.
func noParams(name string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	return starlark.UnpackArgs(name, args, kwargs)
}

func (rt *Runtime) makeManagerClasses(mc *managerClasses) {
	attrs := starlark.StringDict{
		"__wire__": managerWire{rt},
		"__init__": starlark.NewBuiltin("BaseManager.__init__", rt.initManager),
		"register": classMethod{starlark.NewBuiltin("register", rt.register)},
		"start": managerMethod("start", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			initializer, initargs, err := startArguments(args, kwargs)
			if err != nil {
				return nil, err
			}
			return starlark.None, m.start(thread, self, initializer, initargs)
		}),
		"connect": managerMethod("connect", func(thread *starlark.Thread, m *manager, _ starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := noParams("connect", args, kwargs); err != nil {
				return nil, err
			}
			return starlark.None, m.connect(thread)
		}),
		"get_server": managerMethod("get_server", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := noParams("get_server", args, kwargs); err != nil {
				return nil, err
			}
			return m.getServer(thread, self)
		}),
		"join": managerMethod("join", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var timeout seconds
			if err := starlark.UnpackArgs("join", args, kwargs, "timeout?", &timeout); err != nil {
				return nil, err
			}
			return starlark.None, m.join(thread, self, timeout)
		}),
		"__enter__": managerMethod("__enter__", func(thread *starlark.Thread, m *manager, self starlark.Value, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if m.state == managerInitial {
				if err := callMethod(rt, thread, self, "start"); err != nil {
					return nil, err
				}
			}
			if m.state != managerStarted {
				return nil, wire.Errorf("multiprocessing.ProcessError", "Manager has shut down")
			}
			return self, nil
		}),
		"__exit__": managerMethod("__exit__", func(thread *starlark.Thread, _ *manager, self starlark.Value, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, callMethod(rt, thread, self, "shutdown")
		}),
		"_number_of_objects": managerQuery("number_of_objects"),
		"_debug_info":        managerQuery("debug_info"),
		"address": managerProperty("address", func(m *manager, _ starlark.Value) (starlark.Value, error) {
			return m.where(rt.host.Current())
		}),
		// Only a manager that has started its server has shutdown, as in CPython.
		"shutdown": managerProperty("shutdown", func(m *manager, self starlark.Value) (starlark.Value, error) {
			if m.state == managerInitial || m.process == nil && m.self == nil {
				return nil, noAttribute(self, "shutdown")
			}
			return starlark.NewBuiltin("shutdown", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if err := noArgs(b, args, kwargs); err != nil {
					return nil, err
				}
				return starlark.None, m.shutdown(thread)
			}), nil
		}),
		"_process": managerProperty("_process", func(m *manager, self starlark.Value) (starlark.Value, error) {
			if m.self == nil {
				return nil, noAttribute(self, "_process")
			}
			return m.self, nil
		}),
		"_authkey": managerProperty("_authkey", func(m *manager, _ starlark.Value) (starlark.Value, error) {
			return starlark.Bytes(m.authkey), nil
		}),
	}
	mc.base = rt.mustClass("BaseManager", nil, attrs)
	attrs = starlark.StringDict{}
	for typeid, b := range mc.types {
		if b.make == nil {
			continue
		}
		if b.typ != nil {
			attrs[typeid] = &typeMethod{rt, typeid}
			continue
		}
		attrs[typeid] = managerMethod(typeid, func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if _, near := m.server.(*familyServer); !near || typeid == "Pool" || m.state != managerStarted {
				return m.create(thread, self, typeid, args, kwargs)
			}
			return b.make(rt, thread, args, kwargs)
		})
	}
	mc.sync = rt.mustClass("SyncManager", mc.base, attrs)
	mc.sharedMemory = rt.mustClass("SharedMemoryManager", mc.base, sharedMemoryManagerAttrs(rt, mc.base.(ClassValue)))
}

func startArguments(args starlark.Tuple, kwargs []starlark.Tuple) (initializer starlark.Value, initargs starlark.Tuple, err error) {
	initializer = starlark.None
	given := starlark.Value(starlark.Tuple(nil))
	if err := starlark.UnpackArgs("start", args, kwargs, "initializer?", &initializer, "initargs?", &given); err != nil {
		return nil, nil, err
	}
	initargs, err = spread(given)
	return initializer, initargs, err
}

// callMethod calls a method that a script's class may have overridden.
func callMethod(rt *Runtime, thread *starlark.Thread, self starlark.Value, name string) error {
	f, err := attrOf(self, name)
	if err != nil {
		return err
	}
	_, err = rt.host.Call(thread, f, nil, nil)
	return err
}

// managerQuery makes a method that asks the server itself.
func managerQuery(name string) *starlark.Builtin {
	return managerMethod("_"+name, func(thread *starlark.Thread, m *manager, _ starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noParams("_"+name, args, kwargs); err != nil {
			return nil, err
		}
		if m.server == nil {
			return nil, assertion("server not yet started")
		}
		return m.server.call(thread, 0, name, nil, nil)
	})
}

// connect finds the server at the manager's address.
func (m *manager) connect(thread *starlark.Thread) error {
	r := m.rt.remoteAt(m.address, m.authkey)
	s, how, err := r.dial(thread)
	if err != nil {
		return err
	}
	if s != nil {
		r.give(s)
		m.server, m.state, m.asked = r, managerStarted, true
		return nil
	}
	q, ok := how[0].(*Queue)
	slot, err1 := starlark.AsInt32(how[1])
	gen, err2 := starlark.AsInt32(how[2])
	if !ok || err1 != nil || err2 != nil || slot < 0 {
		return wire.Errorf("ValueError", "bad message from the manager")
	}
	if err := m.reach(q, uint64(slot), uint64(gen)); err != nil {
		return err
	}
	m.state, m.asked = managerStarted, true
	return nil
}
