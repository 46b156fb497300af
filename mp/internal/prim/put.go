package prim

import (
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// put is one message on its way in.
type put struct {
	data    []byte
	text    string // follows data, in a large message
	handles []arena.Handle
	first   arena.Chunk // the filled chain of a large message
	spare   arena.Chunk // a chunk in hand for the end of the list
}

func (p *put) size() int { return len(p.data) + len(p.text) }

type putResult int

const (
	putDone putResult = iota
	putFull
	putNoSpare // needs a spare chunk
	putFailed
)

// Put appends a message that carries data and handles, of objects that the caller has, and wakes a getter. Both are
// copied. If the queue has its maximum of messages, it waits as opt says: ErrQueueFull means NoWait or that the deadline has passed,
// futex.ErrCanceled that it was cancelled. If memory is short the error wraps arena.ErrFull; for a handle whose object is gone, and after Close,
// arena.ErrStale; ErrDeaf if nobody is left who could get; ErrShutDown after Shutdown. On an error nothing has been put.
func (q *Queue) Put(data []byte, handles []arena.Handle, opt Opt) error {
	return q.putMessage(put{data: data, handles: handles}, opt)
}

// LongText is the length from which a text is worth PutText.
const LongText = maxSmall

// PutText is Put of data and then text, which need not be made one.
func (q *Queue) PutText(data []byte, text string, opt Opt) error {
	return q.putMessage(put{data: data, text: text}, opt)
}

func (q *Queue) putMessage(p put, opt Opt) error {
	if q.closed.Load() {
		return arena.ErrStale
	}
	defer runtime.KeepAlive(q)
	if p.text != "" || smallLength(len(p.handles), p.size()) > maxSmall {
		if opt.NoWait && !q.roomy() {
			return ErrQueueFull // without the copy
		}
		if len(p.handles) > maxHandles {
			return ErrHandles
		}
		var err error
		if p.first, err = fillChain(q.m, q.h, p.handles, p.data, p.text); err != nil {
			return err
		}
	}
	done, err := q.put(&p)
	if !done && err == nil {
		p, err = q.putSlow(p, opt)
	}
	if p.spare != 0 {
		q.m.GiveChunk(p.spare)
	}
	if err != nil {
		giveChain(q.m, p.first)
		return err
	}
	q.notEmpty().open()
	if q.state()&stateDeaf != 0 {
		drain(q.m, q.c) // fell deaf after the message was put
	}
	return nil
}

// putSlow waits for room. It returns what is left of p.
func (q *Queue) putSlow(p put, opt Opt) (put, error) {
	if opt.NoWait {
		return p, ErrQueueFull
	}
	if futex.Spin(q.roomy) {
		if done, err := q.put(&p); done || err != nil {
			return p, err
		}
	}
	err := q.enter()
	if err != nil {
		return p, err
	}
	defer q.leave()
	q.sleep(&opt, q.h, arena.OpPut, func() {
		err = q.notFull().await(&opt, func() (bool, error) { return q.put(&p) }, q.roomy)
	})
	if err == futex.ErrTimeout {
		err = ErrQueueFull
	}
	return p, err
}

// put puts p if the queue is not full.
func (q *Queue) put(p *put) (bool, error) {
	for {
		result, err := q.tryPut(p)
		if result != putNoSpare {
			return result == putDone, err
		}
		// Outside the lock: it may have to clear memory or collect garbage.
		if p.spare, err = q.m.TakeChunk(q.h); err != nil {
			return false, err
		}
	}
}

func (q *Queue) tryPut(p *put) (putResult, error) {
	lock := &q.c.F[2]
	q.m.Lock(lock)
	defer q.m.Unlock(lock)
	tail := q.tail()
	if state := q.state(); state != 0 {
		if state&stateDeaf != 0 {
			return putFailed, ErrDeaf
		}
		if state&stateShut != 0 {
			return putFailed, ErrShutDown
		}
		if q.joinable && state.unfinished(tail) >= maxLen {
			return putFailed, ErrUnfinished
		}
	}
	if tail.from(q.head()) >= q.max {
		return putFull, nil
	}
	r := record{kind: smallRecord, ch: tail.chunk(), off: tail.off(), handles: len(p.handles), size: uint64(p.size()), first: p.first}
	if p.first != 0 {
		r.kind = largeRecord
	}
	grown := r.off+r.length() > recordsEnd
	if grown {
		if p.spare == 0 {
			return putNoSpare, nil
		}
		linkWord(q.a, p.spare).Store(0)
		linkWord(q.a, r.ch).Store(uint32(p.spare))
		skip := record{kind: skipRecord, ch: r.ch, off: r.off}
		skip.write(q.a, nil, nil)
		r.ch, r.off = p.spare, recordsStart
	}
	r.write(q.a, p.handles, p.data)

	pending := p.first != 0 || len(p.handles) > 0
	if pending {
		q.a.Word32(r.ch, wordPut).Store(0)
		q.c.W[3].Store(uint64(r.at(tail.seq())))
		if err := q.countFlights(p, &r); err != nil {
			q.c.W[3].Store(0)
			return putFailed, err
		}
		chain(q.a, p.first, func(ch arena.Chunk) { q.m.Place(ch, q.h) })
	}
	q.c.W[0].Store(uint64(r.end(tail.seq())))
	p.first = 0
	if grown {
		q.m.Place(p.spare, q.h)
		p.spare = 0
	}
	if pending {
		q.c.W[3].Store(0)
	}
	return putDone, nil
}

// countFlights counts the flights of all handles of the record r, or of none if it fails.
func (q *Queue) countFlights(p *put, r *record) error {
	progress := q.a.Word32(r.ch, wordPut)
	for i, h := range p.handles {
		if err := q.m.AddFlight(h, progress, uint32(i)+1); err != nil {
			dropFlights(q.m, p.handles[:i], progress)
			return err
		}
	}
	return nil
}

// dropFlights undoes countFlights: progress says how many of handles are counted, and goes down to 0.
func dropFlights(m *arena.Member, handles []arena.Handle, progress *atomic.Uint32) {
	for n := progress.Load(); n > 0; n = progress.Load() {
		m.DropFlight(handles[n-1], progress, n-1)
	}
}
