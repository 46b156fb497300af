package mp

import (
	"bytes"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// manager is the Go state of a BaseManager, or of an instance of a class derived from it.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.BaseManager
//
// Within the family the server is reached through shared memory, even by a manager that connected to an address. A
// SyncManager's Lock, Event, Queue and the like are the family's shared objects themselves, without a server in
// between. At exit a manager's process ends after the processes that are joined then, which may still use it.
type manager struct {
	rt      *Runtime
	address starlark.Value // as given, then where the server listens
	asked   bool           // address is the server's
	authkey []byte
	timeout time.Duration // shutdown_timeout
	state   managerState  // guarded by the script lock, as the rest
	process *process      // the server's, where this manager started it
	self    starlark.Value
	server  endpoint
	q       *Queue // keeps the cell for requests to server
	made    []*SharedMemory
}

type managerState int

const (
	managerInitial managerState = iota
	managerStarted
	managerShutdown
)

// managerOf returns the state of self, an instance whose __init__ has run.
func managerOf(method string, self starlark.Value) (*manager, error) {
	if x, ok := self.(Instance); ok {
		if m, ok := x.Native().(*manager); ok {
			return m, nil
		}
		return nil, wire.Errorf("AttributeError", "%s: BaseManager.__init__() not called", method)
	}
	return nil, wire.Errorf("TypeError", "%s: got %s, want a manager", method, self.Type())
}

// newManager is Manager(): a SyncManager that has been started.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Manager
func (rt *Runtime) newManager(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	self, err := rt.host.Call(thread, rt.managerClasses().sync, nil, nil)
	if err != nil {
		return nil, err
	}
	m, err := managerOf("Manager", self)
	if err != nil {
		return nil, err
	}
	return self, m.start(thread, self, starlark.None, nil)
}

// initManager is BaseManager.__init__(address=None, authkey=None, serializer='pickle', ctx=None, *, shutdown_timeout=1.0).
func (rt *Runtime) initManager(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 5 {
		return nil, wire.Errorf("TypeError", "BaseManager.__init__() takes from 1 to 5 positional arguments but %d were given", len(args))
	}
	m := &manager{rt: rt, address: starlark.None}
	var authkey, ctx starlark.Value = starlark.None, starlark.None
	serializer := starlark.Value(starlark.String("pickle"))
	timeout := seconds{true, time.Second}
	if err := starlark.UnpackArgs("BaseManager", args[1:], kwargs, "address?", &m.address, "authkey?", &authkey, "serializer?", &serializer,
		"ctx?", &ctx, "shutdown_timeout?", &timeout); err != nil {
		return nil, err
	}
	switch key := authkey.(type) {
	case starlark.NoneType:
		m.authkey = []byte(rt.key())
	case starlark.Bytes:
		m.authkey = []byte(key)
	case starlark.String:
		return nil, wire.Errorf("TypeError", "string argument without an encoding") // CPython's bytes("...")
	default:
		return nil, wire.Errorf("TypeError", "authkey must be bytes, got %s", authkey.Type())
	}
	// Both names mean the one form that values travel in here.
	if name, _ := starlark.AsString(serializer); name != "pickle" && name != "xmlrpclib" {
		return nil, wire.Errorf("KeyError", "%s", serializer)
	}
	m.timeout = timeout.d
	if !timeout.set {
		m.timeout = -1
	}
	args[0].(Instance).SetNative(m)
	return starlark.None, nil
}

// mustBeInitial is the check of start and get_server.
func (m *manager) mustBeInitial(server, manager string) error {
	switch m.state {
	case managerStarted:
		return wire.Errorf("multiprocessing.ProcessError", "Already started %s", server)
	case managerShutdown:
		return wire.Errorf("multiprocessing.ProcessError", "%s has shut down", manager)
	}
	return nil
}

func (m *manager) isSync(self starlark.Value) bool {
	return self.(Instance).Class().(ClassValue).Derives(m.rt.managerClasses().sync)
}

// start starts the server's process. With an address or an initializer it waits until the server listens, or has failed.
func (m *manager) start(thread *starlark.Thread, self, initializer starlark.Value, initargs starlark.Tuple) error {
	rt := m.rt
	if err := m.mustBeInitial("server", "Manager"); err != nil {
		return err
	}
	if _, ok := initializer.(starlark.Callable); !ok && initializer != starlark.None {
		return wire.Errorf("TypeError", "initializer must be a callable")
	}
	q, err := rt.newQueue(0)
	if err != nil {
		return err
	}
	class := self.(Instance).Class().(ClassValue)
	registry := registryOf(class)
	if registry == nil {
		registry = new(starlark.Dict)
	}
	p, state, err := rt.newProcess(thread, rt.serve, starlark.Tuple{
		q, registry, starlark.Bool(m.isSync(self)), m.address, starlark.Bytes(m.authkey), initializer, initargs,
	}, class.Name())
	if err != nil {
		return err
	}
	state.server = true
	if err := state.start(p); err != nil {
		return err
	}
	m.process, m.self, m.q = state, p, q
	m.server = &familyServer{rt, rt.serverAt(q.q, state.child.slot)}
	if m.address != starlark.None || initializer != starlark.None {
		if _, err := m.server.call(thread, 0, "ready", nil, nil); err != nil {
			state.join(thread, seconds{})
			m.process, m.self, m.q, m.server = nil, nil, nil, nil
			if err == errManagerGone {
				err = wire.Errorf("EOFError", "") // the process has said why
			}
			return err
		}
	}
	m.state = managerStarted
	return nil
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

// create makes an object of a registered type, and its proxy.
func (m *manager) create(thread *starlark.Thread, self starlark.Value, typeid string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if m.state != managerStarted {
		return nil, assertion("server not yet started")
	}
	v, err := m.server.call(thread, 0, "create", append(starlark.Tuple{starlark.String(typeid)}, args...), kwargs)
	if err != nil {
		return nil, err
	}
	t, ok := v.(*Token)
	if !ok {
		return nil, wire.Errorf("multiprocessing.managers.RemoteError", "the server sent a %s for a new object", v.Type())
	}
	return m.rt.proxyFor(thread, self, t)
}

// shutdown ends the server and waits for it, for a while; then it is terminated, and then killed.
func (m *manager) shutdown(thread *starlark.Thread) error {
	if m.state == managerShutdown || m.process == nil {
		return nil
	}
	m.state = managerShutdown
	if _, err := m.server.call(thread, 0, "shutdown", nil, nil); err == errInterrupted {
		return err
	}
	c := m.process.child
	if c == nil {
		return nil
	}
	wait := seconds{m.timeout >= 0, m.timeout}
	for _, sig := range []func(){func() { c.signal(sigterm) }, func() { c.signal(sigkill) }, nil} {
		if sig == nil {
			wait = seconds{}
		}
		if ended, err := c.wait(thread, wait); ended || err != nil {
			m.rt.forget(c)
			return err
		}
		sig()
	}
	return nil
}

// join waits for the server's process.
func (m *manager) join(thread *starlark.Thread, self starlark.Value, timeout seconds) error {
	if m.process == nil {
		if m.self == starlark.None {
			return nil // it has been joined
		}
		return noAttribute(self, "_process")
	}
	if err := m.process.join(thread, timeout); err != nil {
		return err
	}
	if alive, err := m.process.alive(); err != nil || !alive {
		m.process, m.self = nil, starlark.None
	}
	return nil
}

// where returns the address of the manager, which a server in the family listens at from now on if it did not before.
func (m *manager) where(thread *starlark.Thread) (starlark.Value, error) {
	if m.state != managerStarted || m.asked {
		return m.address, nil
	}
	address, err := m.rt.addressOf(m.server)
	if err == errManagerGone {
		return m.address, nil
	}
	if err != nil {
		return nil, err
	}
	m.address, m.asked = address, true
	return address, nil
}

// addressOf asks a server where it listens.
func (rt *Runtime) addressOf(e endpoint) (starlark.Value, error) {
	if far, ok := e.(*remote); ok {
		return far.address, nil
	}
	return e.call(rt.host.Current(), 0, "address", nil, nil)
}

// managerWire carries the state of a manager: who was sent one makes and uses objects in the same server.
type managerWire struct{ rt *Runtime }

func (managerWire) String() string        { return "<wire form of a manager>" }
func (managerWire) Type() string          { return "wire" }
func (managerWire) Freeze()               {}
func (managerWire) Truth() starlark.Bool  { return true }
func (managerWire) Hash() (uint32, error) { return 0, nil }

// EncodeNative writes the Go state of self, an instance of BaseManager.
func (w managerWire) EncodeNative(e *wire.Encoder, self starlark.Value) error {
	m, ok := self.(Instance).Native().(*manager)
	if e.Abroad() {
		return errAbroad(self)
	}
	e.Bool(ok)
	if !ok {
		return nil // __init__ has not run
	}
	if err := e.Elem(".address", m.address); err != nil {
		return err
	}
	e.Bytes(m.authkey)
	e.Int(int64(m.timeout))
	e.Uint(uint64(m.state))
	near, ok := m.server.(*familyServer)
	e.Bool(ok)
	if ok {
		e.Handle(wire.Handle(near.requests.Handle()))
		e.Uint(uint64(near.slot))
		e.Uint(uint64(near.gen))
	}
	return nil
}

// DecodeNative is the inverse of EncodeNative.
func (w managerWire) DecodeNative(d *wire.Decoder, self starlark.Value) error {
	ok, err := d.Bool()
	if err != nil || !ok {
		return err
	}
	m := &manager{rt: w.rt}
	if m.address, err = d.Value(); err != nil {
		return err
	}
	key, err := d.Bytes()
	if err != nil {
		return err
	}
	m.authkey = bytes.Clone(key)
	timeout, err := d.Int()
	if err != nil {
		return err
	}
	m.timeout = time.Duration(timeout)
	state, err := d.Uint()
	if err != nil {
		return err
	}
	m.state = managerState(min(state, uint64(managerShutdown)))
	near, err := d.Bool()
	if err != nil {
		return err
	}
	if near {
		if err := m.decodeServer(d); err != nil {
			return err
		}
	} else if m.state == managerStarted {
		m.server = w.rt.remoteAt(m.address, m.authkey)
	}
	self.(Instance).SetNative(m)
	return nil
}

// decodeServer reads what names a server in the family.
func (m *manager) decodeServer(d *wire.Decoder) error {
	q, err := decodeHandle(m.rt, d, m.rt.openQueue)
	if err != nil {
		return err
	}
	slot, err := d.Uint()
	if err != nil {
		return err
	}
	gen, err := d.Uint()
	if err != nil {
		return err
	}
	return m.reach(q.(*Queue), slot, gen)
}

// reach makes the server in that slot the manager's.
func (m *manager) reach(q *Queue, slot, gen uint64) error {
	mem, err := m.rt.mem()
	if err != nil {
		return err
	}
	if slot >= uint64(mem.Arena().Slots()) {
		return wire.Errorf("ValueError", "bad message: manager in slot %d", slot)
	}
	m.q = q
	m.server = &familyServer{m.rt, serverRef{q.q, arena.SlotID(slot), uint32(gen)}}
	return nil
}
