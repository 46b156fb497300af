package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// A joinable queue counts the messages that were put and for which nobody has called TaskDone yet. What was put is the
// sequence number of the tail, so a message and its count become visible by the same store; what was finished is a count in the
// state word. So the number is right whoever dies when: a message that its getter took along into death stays
// unfinished, as CPython has it.
//
// Joiners sleep on the word of the gate "not full", with a futex bit of their own, joinBit. A joiner reads that word, sets
// stateJoiners, looks at the count and sleeps; whoever finishes the last message clears the bit in the same step, changes the
// word and wakes all joiners. If it dies before the wake, the arena wakes them.
const joinBit = 2

// NewJoinable makes an empty queue, as NewQueue does, that TaskDone and Join are for.
func NewJoinable(m *arena.Member, maxsize int) (*Queue, error) {
	return newQueue(m, maxsize, stateJoinable)
}

// Joinable reports whether the queue was made by NewJoinable.
func (q *Queue) Joinable() bool { return q.joinable }

// Unfinished is the number of messages that were put and not finished, at some moment of the call; 0 after Close.
func (q *Queue) Unfinished() int {
	if q.closed.Load() {
		return 0
	}
	defer runtime.KeepAlive(q)
	s := q.state() // first: seen from an older state there are at most more
	return int(s.unfinished(q.tail()))
}

// TaskDone finishes one message. It does not block. ErrTaskDone means that none is unfinished, arena.ErrStale is the error after
// Close.
func (q *Queue) TaskDone() error {
	if q.closed.Load() {
		return arena.ErrStale
	}
	defer runtime.KeepAlive(q)
	for {
		s := q.state()
		n := s.unfinished(q.tail())
		if n == 0 {
			return ErrTaskDone
		}
		to := s&^seqMask | (s+1)&seqMask
		if n == 1 {
			// A put may come in between: it is as if it had come after.
			to = to&^stateJoiners + stateRound
		}
		if !q.swapState(s, to) {
			continue
		}
		if n == 1 && s&stateJoiners != 0 {
			// By 2: bit 0 is the gate's own.
			q.c.F[1].Add(2)
			futex.WakeBits(&q.c.F[1], futex.All, joinBit)
		}
		return nil
	}
}

// Shutdown ends the queue: Put fails with ErrShutDown from now on, for those who wait too, and Get where no message is left. If
// immediate, what is in the queue is dropped and counts as finished. It does not block. The error after Close is arena.ErrStale.
func (q *Queue) Shutdown(immediate bool) error {
	if q.closed.Load() {
		return arena.ErrStale
	}
	defer runtime.KeepAlive(q)
	lock := &q.c.F[2] // a message is put before, so that Get sees it, or not at all
	q.m.Lock(lock)
	q.c.W[5].Or(stateShut)
	q.m.Unlock(lock)
	for immediate {
		msg, err := q.Get(Opt{NoWait: true})
		if err == ErrShutDown {
			break
		}
		if err != nil && err != ErrQueueEmpty { // another one was quicker
			return err
		}
		if err == nil {
			msg.Release(q.m)
			if err := q.TaskDone(); err != nil && err != ErrTaskDone {
				return err
			}
		}
	}
	wakeGates(q.c)
	return nil
}

// Join waits as opt says until all messages are finished, and reports whether they were at any time since the call: false means
// NoWait or that the deadline has passed. The error is futex.ErrCanceled or, after Close, arena.ErrStale.
func (q *Queue) Join(opt Opt) (bool, error) {
	if q.closed.Load() {
		return false, arena.ErrStale
	}
	defer runtime.KeepAlive(q)
	first := q.state().round()
	over := func() bool {
		s := q.state()
		return s.round() != first || s.unfinished(q.tail()) == 0
	}
	if over() {
		return true, nil
	}
	if opt.NoWait {
		return false, nil
	}
	if futex.Spin(over) {
		return true, nil
	}
	if err := q.enter(); err != nil {
		return false, err
	}
	defer q.leave()
	var ok bool
	var err error
	q.sleep(&opt, q.h, arena.OpJoin, func() { ok, err = q.joinSlow(&opt, over) })
	return ok, err
}

func (q *Queue) joinSlow(opt *Opt, over func() bool) (bool, error) {
	var err error
	for {
		v := q.c.F[1].Load()
		s := q.state()
		switch {
		case over():
			return true, nil
		case err == futex.ErrTimeout:
			return false, nil
		case err != nil:
			return false, err
		case s&stateJoiners == 0 && !q.swapState(s, s|stateJoiners):
			continue
		}
		err = futex.WaitBits(&q.c.F[1], v, joinBit, opt.Deadline, opt.Cancel)
	}
}
