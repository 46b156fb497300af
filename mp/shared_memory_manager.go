package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// sharedMemoryManagerAttrs is multiprocessing.managers.SharedMemoryManager: it makes blocks and lists in shared memory and unlinks
// them when it is shut down.
// https://docs.python.org/3.13/library/multiprocessing.shared_memory.html#multiprocessing.managers.SharedMemoryManager
//
// Unlike CPython's, there is no process behind it, as blocks have no owner, unless types are registered or it has an address.
func sharedMemoryManagerAttrs(rt *Runtime, base ClassValue) starlark.StringDict {
	start := base.Own("start")
	return starlark.StringDict{
		"start": managerMethod("start", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			initializer, _, err := startArguments(args, kwargs)
			if err != nil {
				return nil, err
			}
			if registryOf(self.(Instance).Class().(ClassValue)) != nil || m.address != starlark.None || initializer != starlark.None {
				_, err = rt.host.Call(thread, start, append(starlark.Tuple{self}, args...), kwargs)
			} else if err = m.mustBeInitial("server", "Manager"); err == nil {
				m.state = managerStarted
			}
			if err != nil {
				return nil, err
			}
			rt.atShutdown(m.unlink)
			return starlark.None, nil
		}),
		"shutdown": managerProperty("shutdown", func(m *manager, self starlark.Value) (starlark.Value, error) {
			if m.state == managerInitial {
				return nil, noAttribute(self, "shutdown")
			}
			return starlark.NewBuiltin("shutdown", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if err := noArgs(b, args, kwargs); err != nil {
					return nil, err
				}
				m.unlink()
				err := m.shutdown(thread)
				m.state = managerShutdown
				return starlark.None, err
			}), nil
		}),
		"join": managerMethod("join", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var timeout seconds
			if err := starlark.UnpackArgs("join", args, kwargs, "timeout?", &timeout); err != nil {
				return nil, err
			}
			if m.state != managerInitial && m.self == nil {
				return starlark.None, nil // no process
			}
			return starlark.None, m.join(thread, self, timeout)
		}),
		"get_server": managerMethod("get_server", func(thread *starlark.Thread, m *manager, self starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := noParams("get_server", args, kwargs); err != nil {
				return nil, err
			}
			if err := m.mustBeInitial("SharedMemoryServer", "SharedMemoryManager"); err != nil {
				return nil, err
			}
			return m.getServer(thread, self)
		}),
		"SharedMemory": managerMethod("SharedMemory", func(_ *starlark.Thread, m *manager, _ starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var size int
			if err := starlark.UnpackArgs("SharedMemory", args, kwargs, "size", &size); err != nil {
				return nil, err
			}
			if err := m.running(); err != nil {
				return nil, err
			}
			if err := sizeError(size); err != nil {
				return nil, err
			}
			s, err := rt.newSharedMemory("", false, size)
			if err != nil {
				return nil, err
			}
			m.made = append(m.made, s)
			return s, nil
		}),
		"ShareableList": managerMethod("ShareableList", func(_ *starlark.Thread, m *manager, _ starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var sequence starlark.Value
			if err := starlark.UnpackArgs("ShareableList", args, kwargs, "sequence", &sequence); err != nil {
				return nil, err
			}
			if err := m.running(); err != nil {
				return nil, err
			}
			l, err := rt.newShareableList(sequence, "", false)
			if err != nil {
				return nil, err
			}
			m.made = append(m.made, l.shm)
			return l, nil
		}),
	}
}

// unlink unlinks what a SharedMemoryManager made and has not been unlinked yet.
func (m *manager) unlink() {
	for _, s := range m.made {
		_ = s.unlink() // the script may have done so
	}
	m.made = nil
}

// running is CPython's error for a use of a manager without its server.
func (m *manager) running() error {
	switch m.state {
	case managerInitial:
		return wire.Errorf("ValueError", "server not yet started")
	case managerShutdown:
		return wire.Errorf("FileNotFoundError", "[Errno 2] No such file or directory: the manager has shut down")
	}
	return nil
}
