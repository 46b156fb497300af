package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// got is one message on its way out.
type got struct {
	msg     Msg
	large   record      // kind largeRecord if its chain is in hand, to be drained
	skipped arena.Chunk // in hand, to be given back
	note    bool        // note the message in the slot's task words
	unless  func() bool // the wait ends when it is true; may be nil
}

// Get takes the oldest message out of the queue and wakes a putter. If there is none, it waits as opt says: ErrQueueEmpty
// means NoWait or that the deadline has passed, futex.ErrCanceled that it was cancelled, ErrMute that nobody is left who could put, ErrShutDown that Shutdown was called;
// after Close the error is arena.ErrStale. On an error nothing has been taken.
func (q *Queue) Get(opt Opt) (Msg, error) { return q.GetInto(nil, opt) }

// GetInto is Get with the data appended to buf, which saves an allocation where buf has room.
func (q *Queue) GetInto(buf []byte, opt Opt) (Msg, error) {
	return q.get(got{msg: Msg{Data: buf}}, opt)
}

// GetUnless is Get that gives up, with ErrQueueEmpty, once stop is true while there is no message. Who makes it true calls Rouse.
func (q *Queue) GetUnless(stop func() bool, opt Opt) (Msg, error) {
	return q.get(got{unless: stop}, opt)
}

// Rouse has one who waits in GetUnless look again. It does not block.
func (q *Queue) Rouse() {
	if !q.closed.Load() {
		q.notEmpty().open()
		runtime.KeepAlive(q)
	}
}

func (q *Queue) get(g got, opt Opt) (Msg, error) {
	if q.closed.Load() {
		return Msg{}, arena.ErrStale
	}
	defer runtime.KeepAlive(q)
	ok, err := q.tryGet(&g)
	if !ok && err == nil {
		g, err = q.getSlow(g, opt)
	}
	if err != nil {
		return Msg{}, err
	}
	if g.skipped != 0 {
		q.m.GiveChunk(g.skipped)
	}
	if g.large.kind == largeRecord {
		g.msg.Data = drainChain(q.m, &g.large, g.msg.Data)
	}
	q.notFull().open()
	return g.msg, nil
}

// getSlow waits for a message.
func (q *Queue) getSlow(g got, opt Opt) (got, error) {
	if opt.NoWait {
		return g, ErrQueueEmpty
	}
	if g.unless != nil {
		return q.getUnless(g, opt)
	}
	if futex.Spin(q.ready) {
		if ok, err := q.tryGet(&g); ok || err != nil {
			return g, err
		}
	}
	return q.getSleeping(g, opt, q.tryGet)
}

// getUnless waits for a message, or for what ends the wait.
func (q *Queue) getUnless(g got, opt Opt) (got, error) {
	if futex.Spin(func() bool { return q.ready() || g.unless() }) {
		if ok, err := q.tryGet(&g); ok || err != nil {
			return g, err
		}
	}
	return q.getSleeping(g, opt, func(g *got) (bool, error) {
		ok, err := q.tryGet(g)
		if !ok && err == nil && g.unless() {
			err = ErrQueueEmpty
		}
		return ok, err
	})
}

func (q *Queue) getSleeping(g got, opt Opt, try func(*got) (bool, error)) (got, error) {
	err := q.enter()
	if err != nil {
		return g, err
	}
	defer q.leave()
	q.sleep(&opt, q.h, arena.OpGet, func() {
		err = q.notEmpty().await(&opt, func() (bool, error) { return try(&g) }, q.ready)
	})
	if err == futex.ErrTimeout {
		err = ErrQueueEmpty
	}
	return g, err
}

// tryGet takes a message if there is one.
func (q *Queue) tryGet(g *got) (bool, error) {
	// The state first: the last message came before the queue fell mute.
	state := q.state()
	if q.empty() {
		if state&stateMute != 0 {
			return false, ErrMute
		}
		if state&stateShut != 0 {
			return false, ErrShutDown
		}
		return false, nil
	}
	lock := &q.c.F[3]
	q.m.Lock(lock)
	defer q.m.Unlock(lock)
	head := q.head()
	if head == q.tail() {
		return false, nil
	}
	r, skipped := readRecord(q.a, head)
	handles := r.handleList(q.a)
	for i, h := range handles {
		if err := q.m.Retain(h); err != nil {
			taken := Msg{Handles: handles[:i]}
			taken.Release(q.m)
			return false, err
		}
	}
	g.msg.Handles, g.skipped = handles, skipped
	if r.kind == smallRecord {
		g.msg.Data = r.data(q.a, g.msg.Data)
	} else {
		g.large = r
	}
	if g.note {
		noteTask(q.m, &r, head)
	}
	consume(q.m, q.c, head, &r, skipped, handles)
	return true, nil
}

// consume moves the head past the record r, which is at position head. Its chain and the chunk that was skipped are in m's hand then.
func consume(m *arena.Member, c *arena.Cell, head position, r *record, skipped arena.Chunk, handles []arena.Handle) {
	a := m.Arena()
	if skipped != 0 {
		m.Grab(skipped)
	}
	if r.kind == largeRecord {
		chain(a, r.first, m.Grab)
	}
	if len(handles) > 0 {
		a.Word32(r.ch, wordGot).Store(0)
		c.W[4].Store(uint64(r.at(head.seq())))
	}
	c.W[1].Store(uint64(r.end(head.seq())))
	if len(handles) > 0 {
		landFlights(m, c, r, handles)
	}
}

// landFlights drops the flights of the handles of the record r, which is out of the queue, as far as that is not done.
func landFlights(m *arena.Member, c *arena.Cell, r *record, handles []arena.Handle) {
	progress := m.Arena().Word32(r.ch, wordGot)
	for i := progress.Load(); int(i) < len(handles); i++ {
		m.DropFlight(handles[i], progress, i+1)
	}
	c.W[4].Store(0)
}
