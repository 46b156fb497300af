package mp

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// client is a process that has proxies of a server's objects, in the family or outside.
type client struct {
	server   *server
	key      clientKey
	sessions map[uint32]*session // by the client's thread; guarded by the script lock, as the rest
	watched  bool
	gone     bool
	lent     map[arena.Handle]int // references that a client outside of the family has
	conns    int                  // of a client outside of the family
}

// clientKey is what tells clients apart: slot and generation in the family, a random name outside.
type clientKey struct {
	slot arena.SlotID
	gen  uint32
	name string
}

// session is the server's side of one thread of a client: it has a thread of its own, so that an RLock is taken and given back by the
// same one.
type session struct {
	client *client
	thread *starlark.Thread
	busy   bool
}

func (s *server) newClient(key clientKey) *client {
	return &client{server: s, key: key, sessions: map[uint32]*session{}, lent: map[arena.Handle]int{}}
}

// clientAt returns the client in that slot.
func (s *server) clientAt(slot arena.SlotID, gen uint32) *client {
	key := clientKey{slot: slot, gen: gen}
	c := s.clients[key]
	if c == nil {
		c = s.newClient(key)
		s.clients[key] = c
	}
	return c
}

// beside runs work in the thread that stands for that thread of the client, beside the server's loop, and then reply. The caller has the
// script lock, and both get it.
func (s *server) beside(c *client, id uint32, work func(*starlark.Thread) (starlark.Value, error), reply func(*starlark.Thread, starlark.Value, error)) *session {
	if !c.watched && c.key.name == "" && c != s.own {
		c.watched = true
		go s.watchClient(c)
	}
	se := c.session(id)
	if se.busy {
		// The client's thread has given up waiting for its last call. That one has this session until it ends.
		se = &session{client: c, thread: s.rt.host.NewThread("Manager")}
	}
	se.busy = true
	go func() {
		s.rt.host.Enter(se.thread)
		defer s.rt.host.Leave(se.thread)
		v, err := work(se.thread)
		se.busy = false // before the client, which may ask for more at once, has the reply
		reply(se.thread, v, err)
	}()
	return se
}

// stop ends what the session does. The caller does not have the script lock, which that may need for its end.
func (se *session) stop() {
	if cancel, ok := se.thread.Local(CancelKey).(*Cancel); ok {
		cancel.Cancel()
	}
	se.thread.Cancel("the client of the manager has ended")
}

// forget gives the client's thread another session if it comes again.
func (c *client) forget(se *session) {
	for id, other := range c.sessions {
		if other == se {
			delete(c.sessions, id)
		}
	}
}

func (c *client) session(id uint32) *session {
	se := c.sessions[id]
	if se == nil {
		se = &session{client: c, thread: c.server.rt.host.NewThread("Manager")}
		c.sessions[id] = se
	}
	return se
}

// watchClient waits for the end of a client in the family.
func (s *server) watchClient(c *client) {
	slot := s.rt.slot(c.key.slot)
	for slot.Gen.Load() == c.key.gen {
		old := slot.State.Load()
		if old == arena.SlotFree || old >= arena.SlotExited || futex.Wait(&slot.State, old, 0, nil) != nil {
			break
		}
	}
	s.leave(c)
}

// leave ends what is left of a client that is gone: the calls that nobody waits for any more, so that they take nothing from a
// queue, and the locks that it has acquired.
func (s *server) leave(c *client) {
	thread := s.rt.host.NewThread("Manager")
	s.rt.host.Enter(thread)
	c.gone = true
	delete(s.clients, c.key)
	var busy []*session
	for _, se := range c.sessions {
		if se.busy {
			busy = append(busy, se)
		}
	}
	s.rt.host.Leave(thread)
	for _, se := range busy {
		se.stop()
	}
	s.rt.host.Enter(thread)
	defer s.rt.host.Leave(thread)
	c.giveBack()
	for h, n := range c.lent {
		for range n {
			s.rt.member.Release(h)
		}
	}
	c.lent = nil
}

// giveBack releases the locks that the sessions of a client which is gone have.
func (c *client) giveBack() {
	for _, o := range c.server.objects {
		if o.holder == nil || o.holder.client != c {
			continue
		}
		thread := c.server.rt.host.NewThread("Manager")
		thread.SetLocal(threadKey, o.holder.thread.Local(threadKey)) // an RLock belongs to its thread
		for ; o.holds > 0; o.holds-- {
			if release, err := attrOf(o.value, "release"); err == nil {
				_, _ = c.server.rt.host.Call(thread, release, nil, nil) // it may have been released without us
			}
		}
		o.holder = nil
	}
}

// note keeps the account of who has acquired a lock.
func (c *client) note(thread *starlark.Thread, o *managed, method string, result starlark.Value) {
	if method != "acquire" && method != "release" {
		return
	}
	if _, ok := farther(o.value).(lockLike); !ok {
		return
	}
	if method == "release" {
		if o.holds--; o.holds <= 0 {
			o.holder, o.holds = nil, 0
		}
		return
	}
	for _, se := range c.sessions {
		if se.thread == thread && result == starlark.True {
			o.holder = se
			o.holds++
		}
	}
	if c.gone {
		c.giveBack()
	}
}

// lockLike is what is released when the client that has it dies.
type lockLike interface{ lockLike() }

func (*Lock) lockLike()      {}
func (*RLock) lockLike()     {}
func (*Condition) lockLike() {}

// take makes thread the only one that works on o, as often as it likes, and waits for that; give ends it.
func (s *server) take(thread *starlark.Thread, o *managed) (give func(), err error) {
	if o.owner == thread {
		return func() {}, nil
	}
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	for o.owner != nil {
		free := o.free
		s.rt.host.Block(thread, func() {
			if cancel == nil {
				<-free
				return
			}
			canceled := make(chan struct{})
			var once atomic.Bool
			defer cancel.Notify(func() {
				if once.CompareAndSwap(false, true) {
					close(canceled)
				}
			})()
			select {
			case <-free:
			case <-canceled:
			}
		})
		if cancel != nil && cancel.Canceled() {
			return nil, errInterrupted
		}
	}
	o.owner, o.free = thread, make(chan struct{})
	return func() {
		o.owner = nil
		close(o.free)
	}, nil
}

// lend counts a reference of a client outside of the family.
func (c *client) lend(h arena.Handle) {
	if c.server.rt.member.Retain(h) == nil {
		c.lent[h]++
	}
}

// giveUp undoes lend.
func (c *client) giveUp(h arena.Handle) {
	if c.lent[h] > 0 {
		c.lent[h]--
		c.server.rt.member.Release(h)
	}
}

// find returns the object that a client outside of the family calls id.
func (c *client) find(id uint64) (*referent, error) {
	o := c.server.objects[arena.Handle(id)]
	if o == nil {
		return nil, wire.Errorf("ReferenceError", "the managed object is gone")
	}
	return c.server.rt.openReferent(c.server.rt.member, arena.Handle(id), o.typeid)
}
