package mp

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// serverNet is a server's side of its address: see [remote] for what goes over a connection. Clients that send nonsense, or nothing,
// or a wrong key, are dropped, and the server goes on.
type serverNet struct {
	s       *server
	address starlark.Value // as given, then where it listens
	key     []byte
	l       *listening // nil until it listens
}

// listen begins to listen, at an address of the system's choice if none was given. It does nothing if it does already.
func (n *serverNet) listen() error {
	if n.l != nil {
		return nil
	}
	address, family := n.address, starlark.Value(starlark.None)
	if address == starlark.None {
		var err error
		if address, family, err = arbitraryAddress(family); err != nil {
			return err
		}
	}
	l, err := n.s.rt.listenAt(address, family, n.key)
	if err != nil {
		return err
	}
	n.l, n.address = l, scriptAddress(l.ln.Addr())
	if l.path != "" && n.s.rt.parent != nil {
		n.s.rt.tidyOnTerm()
	}
	go n.accept(l)
	return nil
}

// tidyOnTerm has the files of listeners removed before SIGTERM ends the process, a child, which is how a manager ends that nobody has
// shut down.
func (rt *Runtime) tidyOnTerm() {
	term := make(chan os.Signal, 1)
	signal.Ignore(syscall.SIGTERM) // else the runtime believes that it has a handler, which defaultSignals took away
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		rt.removePaths()
		signal.Reset(syscall.SIGTERM)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Signal(syscall.SIGTERM)
		}
	}()
}

// accept serves who connects, until the listening ends.
func (n *serverNet) accept(l *listening) {
	rt := n.s.rt
	thread := rt.host.NewThread("Manager")
	for {
		rt.host.Enter(thread)
		s, err := l.accept(thread)
		closed := l.isClosed()
		rt.host.Leave(thread)
		switch {
		case closed:
			return
		case err == nil:
			go n.serve(s)
		}
	}
}

// serve answers one connection.
func (n *serverNet) serve(sock *socket) {
	defer sock.close()
	rt := n.s.rt
	data, err := sock.receive(1024, waitFor{deadline: time.Now().Add(authPatience)})
	if err != nil {
		return
	}
	thread := rt.host.NewThread("Manager")
	c, answer := n.hello(thread, data)
	if answer == nil || sock.transmit(answer, waitFor{}) != nil || c == nil {
		return
	}
	link := &netLink{n: n, sock: sock, client: c, thread: thread}
	defer link.end()
	for {
		data, err := sock.receive(-1, waitFor{})
		if err != nil || !link.handle(data) {
			return
		}
	}
}

// hello answers who a client is. A member of the family is told how to come in through shared memory, and is no client of this kind; one
// that speaks nonsense gets no answer.
func (n *serverNet) hello(thread *starlark.Thread, data []byte) (*client, []byte) {
	rt := n.s.rt
	rt.host.Enter(thread)
	defer rt.host.Leave(thread)
	v, err := rt.host.Codec().DecodeAbroad(data, n)
	hello, ok := v.(starlark.Tuple)
	if err != nil || !ok || len(hello) != 2 {
		return nil, nil
	}
	name, ok := starlark.AsString(hello[0])
	family, ok2 := hello[1].(starlark.Bytes)
	if !ok || !ok2 || name == "" {
		return nil, nil
	}
	if own := rt.familyID(); string(family) == string(own[:]) {
		gen := starlark.MakeUint64(uint64(rt.member.Slot().Gen.Load()))
		q, err := rt.openQueue(rt.member, n.s.requests.Handle())
		if err != nil {
			return nil, nil
		}
		data, handles, err := rt.host.Codec().Encode(nil, "hello", starlark.Tuple{q, starlark.MakeInt(int(rt.self)), gen})
		if err == nil {
			data, err = rt.parcel(data, arenaHandles(handles))
		}
		if err != nil {
			return nil, nil
		}
		return nil, data
	}
	key := clientKey{name: name}
	c := n.s.clients[key]
	if c == nil {
		c = n.s.newClient(key)
		n.s.clients[key] = c
	}
	c.conns++
	return c, []byte{0xc0} // msgpack's nil
}

// netLink is a connection of a client outside of the family.
type netLink struct {
	n      *serverNet
	sock   *socket
	client *client
	thread *starlark.Thread
	busy   *session // that works on the connection's last request; guarded by the script lock
}

// handle answers one request. It returns false for nonsense.
func (l *netLink) handle(data []byte) bool {
	s := l.n.s
	r, err := parseRequest(data)
	if err != nil {
		return false
	}
	s.rt.host.Enter(l.thread)
	defer s.rt.host.Leave(l.thread)
	if r.method == "decref" {
		l.client.giveUp(arena.Handle(r.object))
		return true
	}
	args, kwargs, err := r.arguments(s.rt.host.Codec(), l.client)
	if err != nil {
		return l.reply(l.thread, nil, err)
	}
	if r.object == 0 && r.method == "incref" {
		return l.reply(l.thread, starlark.None, l.incref(args))
	}
	if s.stop {
		return false
	}
	o := s.objects[arena.Handle(r.object)]
	if s.inLoop(r.object, o, r.method, args) {
		v, err := s.run(l.client, l.thread, r.object, o, r.method, args, kwargs)
		if s.stop {
			s.wake()
		}
		return l.reply(l.thread, v, err)
	}
	l.busy = s.beside(l.client, r.thread, func(thread *starlark.Thread) (starlark.Value, error) {
		return s.run(l.client, thread, r.object, o, r.method, args, kwargs)
	}, func(thread *starlark.Thread, v starlark.Value, err error) {
		l.busy = nil
		l.reply(thread, v, err)
	})
	return true
}

func (l *netLink) incref(args starlark.Tuple) error {
	if len(args) == 1 {
		if id, ok := args[0].(starlark.Int); ok {
			if h, ok := id.Uint64(); ok && l.n.s.objects[arena.Handle(h)] != nil {
				l.client.lend(arena.Handle(h))
				return nil
			}
		}
	}
	return wire.Errorf("ReferenceError", "the managed object is gone")
}

// reply sends a result or an error.
func (l *netLink) reply(thread *starlark.Thread, v starlark.Value, err error) bool {
	codec := l.n.s.rt.host.Codec()
	var data []byte
	if err == nil {
		if data, err = codec.EncodeAbroad([]byte{replyValue}, "result", v, l.client); err != nil {
			err = unserializable(err)
		}
	}
	if err != nil {
		var err2 error
		if data, err2 = codec.EncodeAbroad([]byte{replyError}, "exception", l.n.s.rt.host.FromError(err), l.client); err2 != nil {
			data, _ = codec.EncodeAbroad([]byte{replyError}, "exception", l.n.s.rt.host.FromError(unserializable(err)), l.client)
		}
	}
	ok := true
	l.n.s.rt.host.Block(thread, func() { ok = l.sock.transmit(data, waitFor{}) == nil })
	return ok
}

// end is the end of the connection: the call that its client waits for ends too, and with its last connection the client is gone.
func (l *netLink) end() {
	s := l.n.s
	s.rt.host.Enter(l.thread)
	busy := l.busy
	if busy != nil {
		l.client.forget(busy)
	}
	l.client.conns--
	last := l.client.conns == 0
	s.rt.host.Leave(l.thread)
	if busy != nil {
		busy.stop()
	}
	if last {
		s.leave(l.client)
	}
}
