package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// SharedMemoryManager is multiprocessing.managers.SharedMemoryManager: it makes blocks and lists in shared memory and unlinks
// them when it is shut down.
// https://docs.python.org/3.13/library/multiprocessing.shared_memory.html#multiprocessing.managers.SharedMemoryManager
//
// Unlike CPython's, there is no process behind it: blocks have no owner.
type SharedMemoryManager struct {
	rt      *Runtime
	address starlark.Value
	state   int             // guarded by the script lock, as is made
	made    []*SharedMemory // to be unlinked
	methods map[string]*starlark.Builtin
}

// States of a SharedMemoryManager.
const (
	managerInitial = iota
	managerStarted
	managerShutdown
)

var _ starlark.HasAttrs = (*SharedMemoryManager)(nil)

// makeSharedMemoryManager is SharedMemoryManager(address=None, authkey=None, serializer="pickle", ctx=None, *, shutdown_timeout=1.0). Without
// a process all of them are without effect.
func (rt *Runtime) makeSharedMemoryManager(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var address, authkey, serializer, ctx, timeout starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None, starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "address?", &address, "authkey?", &authkey, "serializer?", &serializer, "ctx?", &ctx, "shutdown_timeout?", &timeout); err != nil {
		return nil, err
	}
	if _, err := authKey(authkey); err != nil {
		return nil, err
	}
	return &SharedMemoryManager{rt: rt, address: address}, nil
}

func (m *SharedMemoryManager) String() string {
	return fmt.Sprintf("<multiprocessing.managers.SharedMemoryManager object at %p>", m)
}

func (m *SharedMemoryManager) Type() string         { return "SharedMemoryManager" }
func (m *SharedMemoryManager) Freeze()              {}
func (m *SharedMemoryManager) Truth() starlark.Bool { return true }

// Hash refuses.
func (m *SharedMemoryManager) Hash() (uint32, error) {
	return 0, wire.Errorf("TypeError", "unhashable type: 'SharedMemoryManager'")
}

// Attr implements starlark.HasAttrs.
func (m *SharedMemoryManager) Attr(name string) (starlark.Value, error) {
	if name == "address" {
		return m.address, nil
	}
	if b := m.methods[name]; b != nil {
		return b, nil
	}
	for _, f := range sharedMemoryManagerMethods {
		if f.name == name {
			if m.methods == nil {
				m.methods = map[string]*starlark.Builtin{}
			}
			m.methods[name] = starlark.NewBuiltin(name, f.fn).BindReceiver(m)
			return m.methods[name], nil
		}
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (m *SharedMemoryManager) AttrNames() []string {
	names := []string{"address"}
	for _, f := range sharedMemoryManagerMethods {
		names = append(names, f.name)
	}
	return names
}

func (m *SharedMemoryManager) start() error {
	switch m.state {
	case managerStarted:
		return wire.Errorf("multiprocessing.ProcessError", "Already started server")
	case managerShutdown:
		return wire.Errorf("multiprocessing.ProcessError", "Manager has shut down")
	}
	m.state = managerStarted
	m.rt.atShutdown(m.shutdown)
	return nil
}

// shutdown unlinks what was made and has not been unlinked yet.
func (m *SharedMemoryManager) shutdown() {
	for _, s := range m.made {
		_ = s.unlink() // the script may have done so
	}
	m.state, m.made = managerShutdown, nil
}

// keep notes a block for the shutdown.
func (m *SharedMemoryManager) keep(s *SharedMemory) { m.made = append(m.made, s) }

// running is CPython's error for a use of a manager without its server.
func (m *SharedMemoryManager) running() error {
	switch m.state {
	case managerInitial:
		return wire.Errorf("ValueError", "server not yet started")
	case managerShutdown:
		return wire.Errorf("FileNotFoundError", "[Errno 2] No such file or directory: the manager has shut down")
	}
	return nil
}

var sharedMemoryManagerMethods = []method{
	{"start", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*SharedMemoryManager).start()
	}},
	{"shutdown", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*SharedMemoryManager).shutdown()
		return starlark.None, nil
	}},
	{"join", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var timeout seconds
		return starlark.None, starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout)
	}},
	{"__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := b.Receiver().(*SharedMemoryManager)
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		switch m.state {
		case managerInitial:
			return m, m.start()
		case managerShutdown:
			return nil, assertion("")
		}
		return m, nil
	}},
	{"__exit__", func(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*SharedMemoryManager).shutdown()
		return starlark.None, nil
	}},
	{"SharedMemory", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := b.Receiver().(*SharedMemoryManager)
		var size int
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "size", &size); err != nil {
			return nil, err
		}
		if err := m.running(); err != nil {
			return nil, err
		}
		if err := sizeError(size); err != nil {
			return nil, err
		}
		s, err := m.rt.newSharedMemory("", false, size)
		if err != nil {
			return nil, err
		}
		m.keep(s)
		return s, nil
	}},
	{"ShareableList", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := b.Receiver().(*SharedMemoryManager)
		var sequence starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "sequence", &sequence); err != nil {
			return nil, err
		}
		if err := m.running(); err != nil {
			return nil, err
		}
		l, err := m.rt.newShareableList(sequence, "", false)
		if err != nil {
			return nil, err
		}
		m.keep(l.shm)
		return l, nil
	}},
}
