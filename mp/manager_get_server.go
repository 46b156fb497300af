package mp

import (
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// getServer is BaseManager.get_server(): a server that runs in this process, in serve_forever. It listens from now on.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.BaseManager.get_server
func (m *manager) getServer(thread *starlark.Thread, self starlark.Value) (starlark.Value, error) {
	rt := m.rt
	if err := m.mustBeInitial("server", "Manager"); err != nil {
		return nil, err
	}
	registry, err := parseRegistry(registryOf(self.(Instance).Class().(ClassValue)))
	if err != nil {
		return nil, err
	}
	q, err := rt.newQueue(0)
	if err != nil {
		return nil, err
	}
	s := rt.newServer(q.q, registry, m.isSync(self))
	s.net = &serverNet{s: s, address: m.address, key: m.authkey}
	if err := s.net.listen(); err != nil {
		return nil, err
	}
	stop, err := newShared(rt, prim.NewEvent, rt.wrapEvent)
	if err != nil {
		return nil, err
	}
	x := rt.managerClasses().server.(interface{ New() starlark.Value }).New()
	x.(Instance).SetNative(&ownServer{
		s: s, q: q, stop: stop, listener: rt.wrapListener(s.net.l, s.net.address, starlark.None),
	})
	return x, nil
}

// ownServer is the Go state of a Server that get_server made.
type ownServer struct {
	s        *server
	q        *Queue
	stop     *Event // the script's stop_event
	listener *Listener
}

func serverOf(self starlark.Value) (*ownServer, error) {
	if x, ok := self.(Instance); ok {
		if o, ok := x.Native().(*ownServer); ok {
			return o, nil
		}
	}
	return nil, wire.Errorf("TypeError", "a Server is what BaseManager.get_server() returns")
}

func (rt *Runtime) makeServerClass() starlark.Value {
	get := func(name string, f func(*ownServer) starlark.Value) *property {
		return &property{name: name, get: func(self starlark.Value) (starlark.Value, error) {
			o, err := serverOf(self)
			if err != nil {
				return nil, err
			}
			return f(o), nil
		}}
	}
	return rt.mustClass("Server", nil, starlark.StringDict{
		"address":    get("address", func(o *ownServer) starlark.Value { return o.s.net.address }),
		"stop_event": get("stop_event", func(o *ownServer) starlark.Value { return o.stop }),
		"listener":   get("listener", func(o *ownServer) starlark.Value { return o.listener }),
		"serve_forever": starlark.NewBuiltin("serve_forever", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			o, err := serverOf(args[0])
			if err == nil {
				err = noParams(b.Name(), args[1:], kwargs)
			}
			if err != nil {
				return nil, err
			}
			return nil, o.serveForever(thread)
		}),
	})
}

// serveForever serves until a client shuts the server down or stop_event is set, then exits as CPython's does, with SystemExit.
func (o *ownServer) serveForever(thread *starlark.Thread) error {
	rt := o.s.rt
	if o.s.stop {
		return wire.Errorf("multiprocessing.ProcessError", "the server has been shut down")
	}
	if rt.serving != nil {
		return wire.Errorf("multiprocessing.ProcessError", "this process has a server that runs already")
	}
	var cancel Cancel
	go func() {
		if set, _ := o.stop.e.Wait(prim.Opt{Cancel: &cancel, Pos: func() string { return "" }, Park: func(sleep func()) { sleep() }}); set {
			own := rt.host.NewThread("Manager")
			rt.host.Enter(own)
			o.s.stop = true
			rt.host.Leave(own)
			o.s.wake()
		}
	}()
	err := o.s.serve(thread)
	cancel.Cancel()
	o.s.stop = true
	o.s.net.l.close()
	go o.s.refuse()
	if err != nil {
		return err
	}
	exit, err := rt.host.Call(thread, rt.host.Exception("SystemExit"), starlark.Tuple{starlark.MakeInt(0)}, nil)
	if err != nil {
		return err
	}
	return rt.host.ToError(exit)
}

// refuse tells clients in the family that the server has ended, which they would otherwise learn from the end of its process.
func (s *server) refuse() {
	gone := func(p *peer) { p.replies.Put([]byte{replyGone}, nil, prim.Opt{}) }
	thread := s.rt.host.NewThread("Manager")
	s.rt.host.Enter(thread)
	for _, p := range s.peers {
		gone(p)
	}
	s.rt.host.Leave(thread)
	for {
		msg, err := s.requests.Get(prim.Opt{Pos: func() string { return "" }, Park: func(sleep func()) { sleep() }})
		if err != nil {
			return
		}
		s.rt.host.Enter(thread)
		if r, err := parseRequest(msg.Data); err == nil {
			if p := s.peers[r.conn]; p != nil {
				gone(p)
			} else if args, _, err := r.arguments(s.rt.host.Codec(), nil); err == nil && r.conn == 0 && len(args) == 3 {
				if p, err := s.connect(args); err == nil {
					gone(p)
				}
			}
		}
		msg.Release(s.rt.member)
		s.rt.host.Leave(thread)
	}
}
