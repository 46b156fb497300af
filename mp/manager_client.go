package mp

import (
	"sync"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// serverRef is a manager's process as its clients know it.
type serverRef struct {
	requests *prim.Queue
	slot     arena.SlotID
	gen      uint32 // of slot; another generation is another process
}

func (rt *Runtime) serverAt(requests *prim.Queue, slot arena.SlotID) serverRef {
	return serverRef{requests, slot, rt.member.Arena().Slot(slot).Gen.Load()}
}

// familyServer is the endpoint of a server in the family.
type familyServer struct {
	rt *Runtime
	serverRef
}

func (s *familyServer) call(thread *starlark.Thread, object uint64, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return s.rt.remoteCall(thread, s.serverRef, object, method, args, kwargs)
}

func (s *familyServer) same(e endpoint) bool {
	o, ok := e.(*familyServer)
	return ok && o.slot == s.slot && o.gen == s.gen
}

// gone reports whether the server has ended.
func (s serverRef) gone(a *arena.Arena) bool {
	slot := a.Slot(s.slot)
	state := slot.State.Load()
	return slot.Gen.Load() != s.gen || state == arena.SlotFree || state >= arena.SlotExited
}

// conn is a connection to a manager: a number there and a queue for its replies. A thread has it for one call.
type conn struct {
	id      uint32
	replies *prim.Queue
}

// serverLink is a process's side of one manager: its connections, and the knowledge whether the manager lives.
type serverLink struct {
	gone bool
	all  map[*conn]bool
	idle []*conn
}

// links keeps the connections of a process to managers.
type links struct {
	mu       sync.Mutex
	byServer map[arena.Handle]*serverLink // guarded by mu, links and all; by request queue
}

// take returns an idle connection to srv, or nil. The first one to ask starts the watch on the server.
func (l *links) take(rt *Runtime, srv serverRef) (*serverLink, *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := srv.requests.Handle()
	link := l.byServer[h]
	if link == nil {
		link = &serverLink{all: map[*conn]bool{}}
		if l.byServer == nil {
			l.byServer = map[arena.Handle]*serverLink{}
		}
		l.byServer[h] = link
		go l.watch(rt, srv.slot, srv.gen, h, link)
	}
	if n := len(link.idle); n > 0 {
		c := link.idle[n-1]
		link.idle = link.idle[:n-1]
		return link, c
	}
	return link, nil
}

func (l *links) give(link *serverLink, c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link.idle = append(link.idle, c)
}

func (l *links) add(link *serverLink, c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	link.all[c] = true
	if link.gone {
		hangUp(c)
	}
}

func (l *links) drop(link *serverLink, c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(link.all, c)
	c.replies.Close()
}

// watch waits for the server's end, then ends all waits for its replies.
func (l *links) watch(rt *Runtime, slot arena.SlotID, gen uint32, h arena.Handle, link *serverLink) {
	state := &rt.slot(slot).State
	for {
		old := state.Load()
		if (serverRef{slot: slot, gen: gen}).gone(rt.member.Arena()) {
			break
		}
		if futex.Wait(state, old, 0, nil) != nil {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	link.gone = true
	delete(l.byServer, h)
	for c := range link.all {
		hangUp(c)
	}
}

// hangUp sends the reader of c's replies word that there will be none.
func hangUp(c *conn) {
	c.replies.Put([]byte{replyGone}, nil, prim.Opt{})
}

// errManagerGone is what every use of a manager's objects raises after its end. CPython's class depends on where the
// connection breaks; a broken pipe is the commonest.
var errManagerGone = wire.Errorf("BrokenPipeError", "[Errno 32] Broken pipe: the manager's process has ended")

// remoteCall calls a method of an object that srv serves, 0 for the manager itself, and waits for the result.
func (rt *Runtime) remoteCall(thread *starlark.Thread, srv serverRef, object uint64, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	link, c := rt.links.take(rt, srv)
	if c == nil {
		var err error
		if c, err = rt.connect(thread, srv, link); err != nil {
			return nil, err
		}
	}
	v, lost, err := rt.exchange(thread, srv, c, &request{conn: c.id, thread: rt.threadID(thread), object: object, method: method}, args, kwargs)
	if lost {
		rt.links.drop(link, c)
	} else {
		rt.links.give(link, c)
	}
	return v, err
}

// connect opens a connection.
func (rt *Runtime) connect(thread *starlark.Thread, srv serverRef, link *serverLink) (*conn, error) {
	q, err := rt.newQueue(0)
	if err != nil {
		return nil, err
	}
	replies, err := prim.OpenQueue(rt.member, q.h)
	if err != nil {
		return nil, scriptError(err)
	}
	c := &conn{replies: replies}
	rt.links.add(link, c)
	hello := starlark.Tuple{q, starlark.MakeInt(int(rt.self)), starlark.MakeUint64(uint64(rt.member.Slot().Gen.Load()))}
	id, _, err := rt.exchange(thread, srv, c, new(request), hello, nil)
	if err != nil {
		rt.links.drop(link, c)
		return nil, err
	}
	n, err := starlark.AsInt32(id)
	c.id = uint32(n)
	return c, err
}

// exchange sends one request and waits for its reply. lost says that c cannot be used again: the wait was interrupted and
// a reply to nobody may still come, or the server is gone.
func (rt *Runtime) exchange(thread *starlark.Thread, srv serverRef, c *conn, r *request, args starlark.Tuple, kwargs []starlark.Tuple) (result starlark.Value, lost bool, err error) {
	if srv.gone(rt.member.Arena()) {
		return nil, true, errManagerGone
	}
	if len(kwargs) > 0 {
		r.flags |= flagKeywords
	}
	if err := rt.request(srv, r, args, kwargs); err != nil {
		return nil, false, err
	}
	buf := takeBuffer()
	defer giveBuffer(buf)
	msg, err := rt.fetch(thread, c.replies, buf, true, seconds{})
	if err != nil {
		return nil, true, scriptError(err)
	}
	kind := msg.Data[0]
	if kind == replyGone {
		return nil, true, errManagerGone
	}
	msg.Data = msg.Data[1:]
	v, err := rt.decodedFrom(buf, msg)
	if err == nil && kind == replyError {
		err = rt.host.ToError(v)
	}
	return v, false, err
}

// request sends a request, in a buffer that is reused.
func (rt *Runtime) request(srv serverRef, r *request, args starlark.Tuple, kwargs []starlark.Tuple) error {
	buf := takeBuffer()
	defer giveBuffer(buf)
	v, root := packArguments(args, kwargs)
	data, handles, err := rt.host.Codec().Encode(r.append((*buf)[:0]), root, v)
	if err == nil {
		err = scriptError(srv.requests.Put(data, arenaHandles(handles), prim.Opt{}))
		*buf = data
	}
	return err
}
