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

// makeSharedMemoryManager is SharedMemoryManager().
func (rt *Runtime) makeSharedMemoryManager(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return &SharedMemoryManager{rt: rt}, noArgs(b, args, kwargs)
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
	var names []string
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

func (m *SharedMemoryManager) running() error {
	if m.state != managerStarted {
		return assertion("server not yet started")
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
	{"__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := b.Receiver().(*SharedMemoryManager)
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		if m.state == managerInitial {
			return m, m.start()
		}
		return m, m.running()
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
