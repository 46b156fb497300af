package prim

import (
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// PipeEnd is one end of a pipe. Messages go from end to end through queues, one for each direction. An end is an object of
// its own: who has it counts, processes and messages on their way alike, as processes count that have a descriptor open. When
// nobody has it any more it hangs up: the queue that it got from falls deaf (ErrDeaf for who puts), the one that it put into
// falls mute (ErrMute for who gets, once the queue is empty).
//
// The cell: W[0] the queue it gets from, W[1] the queue it puts into, 0 for a direction that it has not. The cell keeps these alive by
// a flight each, counted in F[0] and F[1]. Nobody writes the words after NewPipe but who frees the cell. A death leaves nothing
// half done but that: it is taken up at the first flight that is still counted.
type PipeEnd struct {
	object
	in, out *Queue // nil for a direction that the end has not
}

// NewPipe makes the two ends of a pipe, one for each member's use. Where duplex is false, messages go from the second to the first only. It
// returns an error if the arena is full.
func NewPipe(m *arena.Member, duplex bool) (first, second *PipeEnd, err error) {
	there, err := NewQueue(m, 0)
	if err != nil {
		return nil, nil, err
	}
	defer there.Close()
	var back *Queue
	if duplex {
		if back, err = NewQueue(m, 0); err != nil {
			return nil, nil, err
		}
		defer back.Close()
	}
	if first, err = newEnd(m, there, back); err != nil {
		return nil, nil, err
	}
	if second, err = newEnd(m, back, there); err != nil {
		first.Close()
		return nil, nil, err
	}
	return first, second, nil
}

func newEnd(m *arena.Member, in, out *Queue) (*PipeEnd, error) {
	h, c, err := m.NewCell(arena.KindPipe)
	if err != nil {
		return nil, err
	}
	for i, q := range []*Queue{in, out} {
		if q == nil {
			continue
		}
		c.W[i].Store(uint64(q.h))
		if err := m.AddFlight(q.h, &c.F[i], 1); err != nil {
			m.Release(h)
			return nil, err
		}
	}
	e, err := OpenPipeEnd(m, h)
	m.Release(h)
	return e, err
}

// OpenPipeEnd opens the end h for m. It returns arena.ErrStale or arena.ErrKind if h names no end of a pipe.
func OpenPipeEnd(m *arena.Member, h arena.Handle) (*PipeEnd, error) {
	e := &PipeEnd{}
	if err := e.open(m, h, arena.KindPipe); err != nil {
		return nil, err
	}
	var err error
	for i, q := range []**Queue{&e.in, &e.out} {
		if w := e.c.W[i].Load(); w != 0 && err == nil {
			*q, err = OpenQueue(m, arena.Handle(w))
		}
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Close gives the end back, as every object's Close does. If it was the last reference in the family, the end hangs up.
func (e *PipeEnd) Close() {
	e.object.Close()
	for _, q := range []*Queue{e.in, e.out} {
		if q != nil {
			q.Close()
		}
	}
}

// Readable reports whether messages may come through this end.
func (e *PipeEnd) Readable() bool { return e.in != nil }

// Writable reports whether messages may be sent through this end.
func (e *PipeEnd) Writable() bool { return e.out != nil }

// Send sends a message, as Queue.Put does; pipes have no limit, so it does not wait. ErrDeaf means that nobody has the other end any
// more. The end must be writable.
func (e *PipeEnd) Send(data []byte, handles []arena.Handle) error {
	defer runtime.KeepAlive(e)
	return e.out.Put(data, handles, Opt{NoWait: true})
}

// Recv takes the oldest message, as Queue.Get does. ErrMute means that there is none and nobody has the other end any more. The
// end must be readable.
func (e *PipeEnd) Recv(opt Opt) (Msg, error) {
	defer runtime.KeepAlive(e)
	if opt.NoWait {
		return e.in.Get(opt)
	}
	// The end is held over the wait, so that a Close meanwhile does not make it hang up under the sleeper.
	if err := e.enter(); err != nil {
		return Msg{}, err
	}
	defer e.leave()
	return e.in.Get(opt)
}

// In is the queue that the end gets its messages from, nil if it is not readable; for Await.
func (e *PipeEnd) In() *Queue { return e.in }

// freeEnd hangs up. It may run in any process, and again after a death in it.
func freeEnd(m *arena.Member, _ arena.Handle, c *arena.Cell) {
	for i, state := range []queueState{stateDeaf, stateMute} {
		if c.F[i].Load() == 0 {
			continue
		}
		h := arena.Handle(c.W[i].Load())
		q, err := m.Arena().Cell(h, arena.KindQueue)
		if err != nil {
			panic("BUG: prim: a pipe's end lost its queue: " + err.Error())
		}
		q.W[5].Or(uint64(state))
		if state == stateDeaf {
			drainFor(m, h, q)
		}
		wakeGates(q)
		m.DropFlight(h, &c.F[i], 0)
	}
}

// drainFor drains a queue that m need not have. A process that is leaving cannot take it; then it is drained by the next Put.
func drainFor(m *arena.Member, h arena.Handle, q *arena.Cell) {
	// Who dies in the queue must have it, or its work would not be recovered.
	if err := m.Retain(h); err != nil {
		if !errors.Is(err, arena.ErrLeft) {
			panic("BUG: prim: a pipe's end lost its queue: " + err.Error())
		}
		return
	}
	drain(m, q)
	m.Release(h)
}

// wakeGates wakes all who wait at the gates of a queue, for a change that is for all of them. The words change, so that who is about to
// sleep does not.
func wakeGates(q *arena.Cell) {
	for _, w := range []*atomic.Uint32{&q.F[0], &q.F[1]} {
		w.Add(2)
		futex.Wake(w, futex.All)
	}
}

// checkEnd looks whether the queues of an end exist.
func checkEnd(a *arena.Arena, _ arena.Handle, c *arena.Cell, _ func(arena.Chunk)) error {
	var errs []error
	for i := range 2 {
		if w := c.W[i].Load(); w != 0 {
			_, err := a.Cell(arena.Handle(w), arena.KindQueue)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
