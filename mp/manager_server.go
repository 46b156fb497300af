package mp

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// server is a manager's process: it owns objects and works on them for the proxies of the family, and of other programs if it
// has an address.
//
// Each served object has an arena cell, whose references count the proxies that exist and travel. The server holds one
// itself; an object whose cell nobody else has is dropped at the next creation that comes round to it.
//
// Objects of our own types (managedType) are worked on in the loop that takes requests. What may wait, methods of other
// objects and functions of scripts, runs in threads beside it, one for each thread of a client.
type server struct {
	rt       *Runtime
	thread   *starlark.Thread // of the loop
	requests *prim.Queue
	registry map[string]*registration
	sync     bool             // it has the types of a SyncManager
	peers    map[uint32]*peer // by connection
	lastConn uint32
	clients  map[clientKey]*client
	objects  map[arena.Handle]*managed
	byValue  map[starlark.Value]arena.Handle // objects that have an identity
	sweepAt  int                             // number of objects at which unused ones are looked for
	stop     bool
	own      *client // this process's script code itself
	net      *serverNet
	netErr   error // why there is none, where one was asked for
}

// managed is an object that is served.
type managed struct {
	typ     *managedType // nil for what is none of ours
	value   starlark.Value
	typeid  string
	exposed map[string]bool   // nil: all methods of typ
	wraps   map[string]string // typeids of the methods whose results are served in turn
	owner   *starlark.Thread  // that has it to itself; nil for nobody
	free    chan struct{}     // closed when owner gives it up
	holder  *session          // that has acquired it, a lock
	holds   int               // and how often
}

// peer is a connection of a client in the family.
type peer struct {
	replies *prim.Queue
	client  *client
}

func (rt *Runtime) newServer(requests *prim.Queue, registry map[string]*registration, sync bool) *server {
	s := &server{
		rt: rt, requests: requests, registry: registry, sync: sync, sweepAt: 64,
		peers: map[uint32]*peer{}, clients: map[clientKey]*client{},
		objects: map[arena.Handle]*managed{}, byValue: map[starlark.Value]arena.Handle{},
	}
	s.own = s.newClient(clientKey{})
	return s
}

// home is the client that script code of the server's own process is.
func (s *server) home() *client { return s.own }

// serveManager is the target of a manager's process:
// _serve(requests, registry, sync, address, authkey, initializer, initargs).
func (rt *Runtime) serveManager(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var q *Queue
	var registry *starlark.Dict
	var sync bool
	var address, initializer starlark.Value
	var authkey starlark.Bytes
	var initargs starlark.Tuple
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 7, &q, &registry, &sync, &address, &authkey, &initializer, &initargs); err != nil {
		return nil, err
	}
	rt.deaf.Store(true) // as CPython's
	if initializer != starlark.None {
		if _, err := rt.host.Call(thread, initializer, initargs, nil); err != nil {
			return nil, err
		}
	}
	registrations, err := parseRegistry(registry)
	if err != nil {
		return nil, err
	}
	s := rt.newServer(q.q, registrations, sync)
	s.net = &serverNet{s: s, address: address, key: []byte(authkey)}
	if address != starlark.None {
		s.netErr = s.net.listen()
	}
	return starlark.None, s.serve(thread)
}

// serve answers requests until the server is told to stop.
func (s *server) serve(thread *starlark.Thread) error {
	s.rt.serving, s.thread = s, thread
	defer func() { s.rt.serving = nil }()
	opt := s.rt.opt(thread, true, seconds{})
	var in, out []byte
	for !s.stop {
		msg, err := s.requests.GetInto(in[:0], opt)
		if err != nil {
			return scriptError(err)
		}
		in = msg.Data
		out = s.handle(thread, msg, out[:0])
	}
	return nil
}

// wake makes the loop look at stop.
func (s *server) wake() { s.requests.Put((&request{method: "wake"}).append(nil), nil, prim.Opt{}) }

// handle answers one request. It reuses buf for the reply and returns it.
func (s *server) handle(thread *starlark.Thread, msg prim.Msg, buf []byte) []byte {
	defer msg.Release(s.rt.member)
	r, err := parseRequest(msg.Data)
	if err != nil {
		s.rt.host.Stderr("starmp: " + err.Error() + "\n")
		return buf
	}
	if r.conn == 0 && r.method == "wake" {
		return buf
	}
	p := s.peers[r.conn]
	args, kwargs, err := r.arguments(s.rt.host.Codec(), nil)
	var result starlark.Value
	switch {
	case err != nil:
	case r.conn == 0:
		if p, err = s.connect(args); err == nil {
			result = starlark.MakeInt64(int64(s.lastConn))
		}
	case p == nil:
	default:
		c, o, method := p.client, s.objects[arena.Handle(r.object)], r.method
		if !s.inLoop(r.object, o, method, args) {
			s.beside(c, r.thread, func(thread *starlark.Thread) (starlark.Value, error) {
				return s.run(c, thread, r.object, o, method, args, kwargs)
			}, func(_ *starlark.Thread, v starlark.Value, err error) { s.reply(p.replies, nil, v, err) })
			return buf
		}
		result, err = s.run(c, thread, r.object, o, method, args, kwargs)
	}
	if p == nil {
		return buf
	}
	return s.reply(p.replies, buf, result, err)
}

// inLoop reports whether a call can be made in the loop: it does not wait.
func (s *server) inLoop(object uint64, o *managed, method string, args starlark.Tuple) bool {
	if object == 0 {
		if method != "create" || len(args) == 0 {
			return true
		}
		typeid, _ := starlark.AsString(args[0])
		if s.registry[typeid] != nil {
			return false
		}
		b := s.builtin(typeid)
		return b == nil || b.typ != nil
	}
	return o == nil || o.owner == nil && o.typ != nil && !slowMethods[method]
}

// run runs a method of an object, or of the server itself, for c.
func (s *server) run(c *client, thread *starlark.Thread, object uint64, o *managed, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch {
	case object == 0:
		return s.callSelf(thread, method, args, kwargs)
	case o == nil:
		return nil, wire.Errorf("ReferenceError", "the managed object is gone")
	}
	return s.invoke(c, thread, o, method, args, kwargs)
}

func (s *server) reply(q *prim.Queue, buf []byte, result starlark.Value, err error) []byte {
	codec := s.rt.host.Codec()
	var handles []wire.Handle
	if err == nil {
		if buf, handles, err = codec.Encode(append(buf[:0], replyValue), "result", result); err != nil {
			err = unserializable(err)
		}
	}
	if err != nil {
		exc := s.rt.host.FromError(err)
		var err2 error
		if buf, handles, err2 = codec.Encode(append(buf[:0], replyError), "exception", exc); err2 != nil {
			exc = s.rt.host.FromError(unserializable(err))
			buf, handles, _ = codec.Encode(append(buf[:0], replyError), "exception", exc)
		}
	}
	if err := q.Put(buf, arenaHandles(handles), prim.Opt{}); err != nil && !errors.Is(err, arena.ErrStale) {
		small, _, _ := codec.Encode([]byte{replyError}, "", s.rt.host.FromError(scriptError(err)))
		if err := q.Put(small, nil, prim.Opt{}); err != nil {
			s.rt.host.Stderr(fmt.Sprintf("starmp: manager: a reply was lost: %v\n", err))
		}
	}
	return buf
}

// connect registers a client's queue for replies, and forgets those of clients that are gone.
func (s *server) connect(args starlark.Tuple) (*peer, error) {
	var q *Queue
	var slot, gen int
	if err := starlark.UnpackPositionalArgs("manager: hello", args, nil, 3, &q, &slot, &gen); err != nil {
		return nil, err
	}
	if slot < 0 || slot >= int(s.rt.member.Arena().Slots()) {
		return nil, fmt.Errorf("manager: hello from slot %d", slot)
	}
	for n, old := range s.peers {
		if s.rt.member.Sole(old.replies.Handle()) {
			old.replies.Close()
			delete(s.peers, n)
		}
	}
	own, err := prim.OpenQueue(s.rt.member, q.h)
	if err != nil {
		return nil, err
	}
	s.lastConn++
	p := &peer{own, s.clientAt(arena.SlotID(slot), uint32(gen))}
	s.peers[s.lastConn] = p
	return p, nil
}

// callSelf runs a method of the server itself.
func (s *server) callSelf(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch name {
	case "create":
		typeid := ""
		if len(args) > 0 {
			typeid, _ = starlark.AsString(args[0])
			args = args[1:]
		}
		v, err := s.create(thread, typeid, args, kwargs)
		if err != nil {
			return nil, s.remoteError(err)
		}
		return v, nil
	case "ready":
		if s.netErr != nil {
			s.stop = true
			return nil, s.netErr
		}
		return starlark.None, nil
	case "address":
		if err := s.net.listen(); err != nil {
			return nil, err
		}
		return s.net.address, nil
	case "shutdown":
		s.stop = true
		return starlark.None, nil
	case "number_of_objects":
		s.rt.pacer.collect() // proxies of which the collector does not know yet that they are gone
		s.sweep()
		return starlark.MakeInt(len(s.objects)), nil
	case "debug_info":
		return s.debugInfo()
	}
	return nil, s.remoteError(wire.Errorf("AssertionError", "'%s' unrecognized", name))
}

// create makes an object of a registered type, serves it and returns what a client needs to make a proxy.
func (s *server) create(thread *starlark.Thread, typeid string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	r := s.registry[typeid]
	if r == nil {
		b := s.builtin(typeid)
		if b == nil || !s.sync {
			return nil, keyError(starlark.String(typeid))
		}
		return s.createBuiltin(thread, b, args, kwargs)
	}
	if r.callable == starlark.None {
		if len(kwargs) > 0 || len(args) != 1 {
			return nil, wire.Errorf("ValueError", "Without callable, must have one non-keyword argument")
		}
		return s.serveValue(typeid, args[0])
	}
	v, err := s.rt.host.Call(thread, r.callable, args, kwargs)
	if err != nil {
		return nil, err
	}
	return s.serveValue(typeid, v)
}

// createBuiltin makes an object of one of SyncManager's own types.
func (s *server) createBuiltin(thread *starlark.Thread, b *builtinType, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if b.make == nil {
		if len(kwargs) > 0 || len(args) != 1 {
			return nil, wire.Errorf("ValueError", "Without callable, must have one non-keyword argument")
		}
		return s.serveValue(b.typeid, args[0])
	}
	v, err := b.make(s.rt, thread, args, kwargs)
	if err != nil {
		return nil, err
	}
	return s.serveValue(b.typeid, v)
}

// serveValue serves v, which may be served already, as an object of that type.
func (s *server) serveValue(typeid string, v starlark.Value) (starlark.Value, error) {
	if len(s.objects) >= s.sweepAt {
		s.sweep()
	}
	m := s.rt.member
	o := &managed{typ: typeOfManaged(v), value: v, typeid: typeid}
	proxytype := starlark.Value(starlark.None)
	var exposed starlark.Tuple
	if r := s.registry[typeid]; r != nil {
		proxytype, exposed, o.wraps = r.proxytype, r.exposed, r.wraps
	} else if b := s.builtin(typeid); b != nil {
		exposed, o.wraps = b.exposed, b.wraps
	}
	if exposed == nil && !(o.typ != nil && o.typ.typeid == typeid && s.registry[typeid] == nil) {
		var err error
		if exposed, err = s.publicMethods(v, o.typ); err != nil {
			return nil, err
		}
	}
	if exposed != nil {
		o.exposed = map[string]bool{}
		for _, name := range exposed {
			s, _ := starlark.AsString(name)
			o.exposed[s] = true
		}
		for name := range o.wraps {
			if !o.exposed[name] {
				o.exposed[name] = true
				exposed = append(exposed[:len(exposed):len(exposed)], starlark.String(name))
			}
		}
		if o.typ != nil {
			o.exposed[updateWith] = true
		}
	}
	h, known := s.known(v)
	if known {
		s.objects[h] = o.with(s.objects[h])
	} else {
		cell, c, err := m.NewCell(arena.KindManaged)
		if err != nil {
			return nil, scriptError(err)
		}
		h = cell
		c.W[managedRequests].Store(uint64(s.requests.Handle()))
		c.W[managedServer].Store(uint64(s.rt.self))
		c.W[managedGen].Store(uint64(m.Slot().Gen.Load()))
		s.objects[h] = o
		if hasIdentity(v) {
			s.byValue[v] = h
		}
	}
	ref, err := s.rt.openReferent(m, h, typeid)
	if err != nil {
		return nil, err
	}
	return &Token{ref, exposed, proxytype}, nil
}

// with returns o as it is served from now on, when the same value was served as old: what either exposes.
func (o *managed) with(old *managed) *managed {
	for name := range old.exposed {
		if o.exposed != nil {
			o.exposed[name] = true
		}
	}
	if old.exposed == nil && o.typ != nil {
		o.exposed = nil
	}
	old.exposed, old.typeid = o.exposed, o.typeid
	if o.wraps != nil {
		old.wraps = o.wraps
	}
	return old
}

func hasIdentity(v starlark.Value) bool { return reflect.TypeOf(v).Kind() == reflect.Pointer }

// builtin returns one of SyncManager's types, or nil.
func (s *server) builtin(typeid string) *builtinType { return s.rt.managerClasses().types[typeid] }

// known returns the cell under which v is served already.
func (s *server) known(v starlark.Value) (arena.Handle, bool) {
	if !hasIdentity(v) {
		return 0, false
	}
	h, ok := s.byValue[v]
	return h, ok
}

// sweep drops the objects that nobody has a proxy of.
func (s *server) sweep() {
	m := s.rt.member
	for h, o := range s.objects {
		if o.owner == nil && m.Uses(h) == 1 && m.Sole(h) {
			delete(s.objects, h)
			if hasIdentity(o.value) {
				delete(s.byValue, o.value)
			}
			m.Release(h)
		}
	}
	s.sweepAt = max(64, 2*len(s.objects))
}

// debugInfo is BaseManager._debug_info(): a line for each object that somebody has a proxy of.
func (s *server) debugInfo() (starlark.Value, error) {
	s.sweep()
	text := ""
	for h, o := range s.objects {
		repr, err := s.repr(o.value)
		if err != nil {
			repr = "(" + err.Error() + ")"
		}
		text += fmt.Sprintf("  %x:       refcount=%d\n    %.75s\n", uint64(h), max(1, s.rt.member.Uses(h)-1), repr)
	}
	if text != "" {
		text = text[:len(text)-1]
	}
	return starlark.String(text), nil
}
