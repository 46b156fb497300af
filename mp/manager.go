package mp

import (
	"fmt"
	"reflect"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Manager is the result of multiprocessing.Manager(): a process that serves dicts, lists and namespaces.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.SyncManager
//
// Unlike CPython's, its Lock, Event, Queue and the like are the family's shared objects themselves, without a server in
// between, and at exit it ends after the processes that are joined then, which may still use it.
type Manager struct {
	rt      *Runtime
	state   *process // the server's
	server  serverRef
	q       *Queue // keeps the requests' cell
	down    bool   // guarded by the script lock
	methods map[string]*starlark.Builtin
}

var _ starlark.HasAttrs = (*Manager)(nil)

// makeManager is Manager().
func (rt *Runtime) makeManager(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	q, err := rt.newQueue(0)
	if err != nil {
		return nil, err
	}
	p, state, err := rt.newProcess(thread, rt.serve, starlark.Tuple{q}, "SyncManager")
	if err != nil {
		return nil, err
	}
	state.server = true
	if err := state.start(p); err != nil {
		return nil, err
	}
	return &Manager{rt: rt, state: state, server: rt.serverAt(q.q, state.child.slot), q: q}, nil
}

// newProcess makes a Process for a target of our own.
func (rt *Runtime) newProcess(thread *starlark.Thread, target starlark.Value, args starlark.Tuple, kind string) (starlark.Value, *process, error) {
	p, err := rt.host.Call(thread, rt.processClass, nil, []starlark.Tuple{
		{starlark.String("target"), target}, {starlark.String("args"), args},
	})
	if err != nil {
		return nil, nil, err
	}
	state, err := processOf("start", p)
	if err != nil {
		return nil, nil, err
	}
	state.name = kind + "-" + identityString(state.identity)
	return p, state, nil
}

func (m *Manager) String() string        { return fmt.Sprintf("<SyncManager object at %p>", m) }
func (m *Manager) Type() string          { return "SyncManager" }
func (m *Manager) Freeze()               {}
func (m *Manager) Truth() starlark.Bool  { return true }
func (m *Manager) Hash() (uint32, error) { return m.q.Hash() }

// remoteMakers are the methods that make an object in the manager's process.
var remoteMakers = []string{"dict", "list", "Namespace"}

// sharedMakers are the methods that make an object of the family.
var sharedMakers = []string{"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier", "Queue", "JoinableQueue"}

// Attr implements starlark.HasAttrs.
func (m *Manager) Attr(name string) (starlark.Value, error) {
	if f := m.methods[name]; f != nil {
		return f, nil
	}
	f := m.makeMethod(name)
	if f == nil {
		return nil, nil
	}
	if m.methods == nil {
		m.methods = map[string]*starlark.Builtin{}
	}
	b := starlark.NewBuiltin(name, f).BindReceiver(m)
	m.methods[name] = b
	return b, nil
}

// AttrNames implements starlark.HasAttrs.
func (m *Manager) AttrNames() []string {
	names := append([]string{"Array", "Value", "__enter__", "__exit__", "join", "shutdown"}, remoteMakers...)
	return append(names, sharedMakers...)
}

func (m *Manager) makeMethod(name string) builtinFunc {
	for _, typeid := range remoteMakers {
		if typeid == name {
			return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if m.down {
					return nil, errManagerGone
				}
				return m.rt.remoteCall(thread, m.server, 0, name, args, kwargs)
			}
		}
	}
	for _, maker := range sharedMakers {
		if maker == name {
			make := m.rt.Module().Members[name].(starlark.Callable)
			return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return make.CallInternal(thread, args, kwargs)
			}
		}
	}
	switch name {
	case "Value":
		return managerValue
	case "Array":
		return managerArray
	}
	return managerMethods[name]
}

// managerMethods are the manager's own.
var managerMethods = map[string]builtinFunc{
	"__enter__": func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.Receiver(), noArgs(b, args, kwargs)
	},
	"__exit__": func(thread *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, b.Receiver().(*Manager).shutdown(thread)
	},
	"shutdown": func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*Manager).shutdown(thread)
	},
	"join": func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var timeout seconds
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*Manager).join(thread, timeout)
	},
}

// shutdown ends the server and waits for it.
func (m *Manager) shutdown(thread *starlark.Thread) error {
	if m.down {
		return nil
	}
	m.down = true
	if _, err := m.rt.remoteCall(thread, m.server, 0, "shutdown", nil, nil); err != nil && err != errManagerGone {
		return err
	}
	if m.state == nil {
		return nil
	}
	return m.state.join(thread, seconds{})
}

// join implements join: only the process that made the manager can wait for its end.
func (m *Manager) join(thread *starlark.Thread, timeout seconds) error {
	if m.state == nil {
		return assertion("can only join a child process")
	}
	return m.state.join(thread, timeout)
}

// managerWire is the wire form of a Manager: who was sent one makes and uses objects in the same server.
func (rt *Runtime) managerWire() wire.Type {
	return wire.Type{
		Name:   "mp.manager",
		Go:     reflect.TypeFor[*Manager](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			m := v.(*Manager)
			e.Handle(wire.Handle(m.q.h))
			e.Uint(uint64(m.server.slot))
			e.Uint(uint64(m.server.gen))
			return nil
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			h, err := d.Handle()
			if err != nil {
				return nil, err
			}
			slot, err := d.Uint()
			if err != nil {
				return nil, err
			}
			gen, err := d.Uint()
			if err != nil {
				return nil, err
			}
			mem, err := rt.mem()
			if err != nil {
				return nil, err
			}
			if slot >= uint64(mem.Arena().Slots()) {
				return nil, fmt.Errorf("manager in slot %d", slot)
			}
			q, err := rt.openQueue(mem, arena.Handle(h))
			if err != nil {
				return nil, err
			}
			own := q.(*Queue)
			return &Manager{rt: rt, server: serverRef{own.q, arena.SlotID(slot), uint32(gen)}, q: own}, nil
		},
	}
}
