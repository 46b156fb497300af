package mp

import (
	"errors"
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// server is a manager's process: it owns plain Starlark objects and works on them for the proxies of the family.
//
// Each served object has an arena cell, whose references count the proxies that exist and travel. The server holds one
// itself; an object whose cell nobody else has is dropped at the next creation that comes round to it.
type server struct {
	rt       *Runtime
	requests *prim.Queue
	conns    map[uint32]*prim.Queue // replies, by connection
	lastConn uint32
	objects  map[arena.Handle]*managed
	sweepAt  int // number of objects at which unused ones are looked for
	stop     bool
}

type managed struct {
	typ   *managedType
	value starlark.Value
}

// serveManager is the target of a manager's process: _serve(requests).
func (rt *Runtime) serveManager(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var q *Queue
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &q); err != nil {
		return nil, err
	}
	s := &server{rt: rt, requests: q.q, conns: map[uint32]*prim.Queue{}, objects: map[arena.Handle]*managed{}, sweepAt: 64}
	rt.serving = s
	rt.deaf.Store(true) // as CPython's
	return starlark.None, s.serve(thread)
}

func (s *server) serve(thread *starlark.Thread) error {
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

// handle answers one request. It reuses buf for the reply and returns it.
func (s *server) handle(thread *starlark.Thread, msg prim.Msg, buf []byte) []byte {
	defer msg.Release(s.rt.member)
	r, err := parseRequest(msg.Data)
	if err != nil {
		s.rt.host.Stderr("starmp: " + err.Error() + "\n")
		return buf
	}
	reply := s.conns[r.conn]
	var result starlark.Value
	args, kwargs, err := r.arguments(s.rt.host.Codec())
	switch {
	case err != nil:
	case r.conn == 0:
		if reply, err = s.connect(args); err == nil {
			result = starlark.MakeInt64(int64(s.lastConn))
		}
	case r.object == 0:
		result, err = s.callSelf(thread, r.method, args, kwargs)
	default:
		o := s.objects[arena.Handle(r.object)]
		if o == nil {
			err = wire.Errorf("ReferenceError", "the managed object is gone")
			break
		}
		result, err = o.typ.call(s, thread, o.value, r.method, args, kwargs)
	}
	if reply == nil {
		return buf
	}
	return s.reply(reply, buf, result, err)
}

func (s *server) reply(q *prim.Queue, buf []byte, result starlark.Value, err error) []byte {
	codec := s.rt.host.Codec()
	var handles []wire.Handle
	if err == nil {
		buf, handles, err = codec.Encode(append(buf[:0], replyValue), "result", result)
	}
	if err != nil {
		exc := s.rt.host.FromError(err)
		var err2 error
		if buf, handles, err2 = codec.Encode(append(buf[:0], replyError), "exception", exc); err2 != nil {
			exc = s.rt.host.FromError(wire.Errorf("multiprocessing.managers.RemoteError", "%v", err))
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
func (s *server) connect(args starlark.Tuple) (*prim.Queue, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("manager: hello without a queue")
	}
	q, ok := args[0].(*Queue)
	if !ok {
		return nil, fmt.Errorf("manager: hello with a %s", args[0].Type())
	}
	for n, old := range s.conns {
		if s.rt.member.Sole(old.Handle()) {
			old.Close()
			delete(s.conns, n)
		}
	}
	own, err := prim.OpenQueue(s.rt.member, q.h)
	if err != nil {
		return nil, err
	}
	s.lastConn++
	s.conns[s.lastConn] = own
	return own, nil
}

// callSelf runs a method of the manager itself.
func (s *server) callSelf(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch name {
	case "shutdown":
		s.stop = true
		return starlark.None, nil
	case "Namespace":
		if len(args) > 0 {
			return nil, wire.Errorf("TypeError", "Namespace() takes no positional arguments")
		}
		ns := &namespace{fields: starlark.StringDict{}}
		for _, kv := range kwargs {
			ns.fields[string(kv[0].(starlark.String))] = kv[1]
		}
		return s.create(namespaceType, ns)
	}
	for _, t := range []*managedType{dictType, listType} {
		if t.typeid == name {
			v, err := s.rt.host.Call(thread, starlark.Universe[name], args, kwargs)
			if err != nil {
				return nil, err
			}
			return s.create(t, v)
		}
	}
	return nil, wire.Errorf("AttributeError", "'SyncManager' object has no attribute '%s'", name)
}

// create serves v and returns a proxy for it.
func (s *server) create(t *managedType, v starlark.Value) (starlark.Value, error) {
	if len(s.objects) >= s.sweepAt {
		s.sweep()
	}
	m := s.rt.member
	h, c, err := m.NewCell(arena.KindManaged)
	if err != nil {
		return nil, scriptError(err)
	}
	c.W[managedRequests].Store(uint64(s.requests.Handle()))
	c.W[managedServer].Store(uint64(s.rt.self))
	c.W[managedGen].Store(uint64(m.Slot().Gen.Load()))
	c.W[managedCode].Store(t.code)
	s.objects[h] = &managed{t, v}
	return s.rt.openProxy(m, h)
}

// sweep drops the objects that nobody has a proxy of.
func (s *server) sweep() {
	m := s.rt.member
	for h := range s.objects {
		if m.Uses(h) == 1 && m.Sole(h) {
			delete(s.objects, h)
			m.Release(h)
		}
	}
	s.sweepAt = max(64, 2*len(s.objects))
}
