package prim

import (
	"slices"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// waiters is the list of those who wait for a condition: one chunk, taken by the first wait and kept. Everything in it is
// changed in the condition's section, except that anybody may store 1 to an entry's alarm.
//
// The chunk: the first 32-bit word is the number of entries in use at most; the entries follow from byte 16 on:
//
//	alarm  32 bits: the waiter sleeps on this word while it is 0, until it is notified: then on the lock's word
//	holder 32 bits: the waiter's process; 0 while the entry is free. Stored last
//	seq    64 bits: where the waiter stands in line
//
// A waiter has been notified when its seq is below the cell's limit word. So one store notifies any number of waiters,
// and one that has given up is simply no longer in the list. An entry stays until its waiter has its lock back: the
// notification of one that dies before goes to the next in line.
type waiters struct {
	limit, next *atomic.Uint64 // of the cell: seqs below limit are notified, next is the seq of the next one
	a           *arena.Arena
	ch          arena.Chunk // 0 before the first wait
}

const (
	waiterSize   = 16 // bytes
	waiterAlarm  = 0
	waiterHolder = 4
	waiterSeq    = 8

	maxWaiters = arena.ChunkSize/waiterSize - 1
)

// openWaiters is the list of the condition c.
func openWaiters(a *arena.Arena, c *arena.Cell) waiters {
	return waiters{limit: &c.W[1], next: &c.W[2], a: a, ch: arena.Chunk(c.W[3].Load())}
}

func (l *waiters) top() *atomic.Uint32        { return l.a.Word32(l.ch, 0) }
func (l *waiters) alarm(i int) *atomic.Uint32 { return l.a.Word32(l.ch, waiterSize*(i+1)+waiterAlarm) }
func (l *waiters) word(i int) *atomic.Uint32  { return l.a.Word32(l.ch, waiterSize*(i+1)+waiterHolder) }
func (l *waiters) seq(i int) *atomic.Uint64   { return l.a.Word64(l.ch, waiterSize*(i+1)+waiterSeq) }

// holder is who waits in entry i, 0 for nobody.
func (l *waiters) holder(i int) holder { return holder(l.word(i).Load()) }

// used is an upper limit of the entries in use.
func (l *waiters) used() int {
	if l.ch == 0 {
		return 0
	}
	return int(l.top().Load())
}

// add puts a waiter of the given process at the end of the line.
func (l *waiters) add(h holder) (i int, seq uint64, err error) {
	for i < l.used() && l.word(i).Load() != 0 {
		i++
	}
	if i == l.used() {
		if i == maxWaiters {
			return 0, 0, ErrWaiters
		}
		l.top().Store(uint32(i) + 1)
	}
	seq = l.next.Add(1) - 1
	l.alarm(i).Store(0)
	l.seq(i).Store(seq)
	l.word(i).Store(uint32(h))
	return i, seq, nil
}

// remove takes entry i out.
func (l *waiters) remove(i int) {
	l.word(i).Store(0)
	n := l.used()
	for n > 0 && l.word(n-1).Load() == 0 {
		n--
	}
	l.top().Store(uint32(n))
}

// notified reports whether seq has been notified.
func (l *waiters) notified(seq uint64) bool { return seq < l.limit.Load() }

// waiting calls f for each waiter that has not been notified.
func (l *waiters) waiting(f func(i int, h holder, seq uint64)) {
	for i := range l.used() {
		if h := l.holder(i); h != 0 && !l.notified(l.seq(i).Load()) {
			f(i, h, l.seq(i).Load())
		}
	}
}

// notify notifies the first n waiters for whom skip is not true, and those before them. It returns the entries to
// ring.
func (l *waiters) notify(n int, skip func(holder) bool) (ring []int) {
	if n <= 0 {
		return nil
	}
	var seqs []uint64
	l.waiting(func(_ int, h holder, seq uint64) {
		if skip == nil || !skip(h) {
			seqs = append(seqs, seq)
		}
	})
	if len(seqs) == 0 {
		return nil
	}
	slices.Sort(seqs)
	limit := seqs[min(n, len(seqs))-1] + 1
	l.waiting(func(i int, _ holder, seq uint64) {
		if seq < limit {
			ring = append(ring, i)
		}
	})
	l.limit.Store(limit)
	return ring
}

// ring wakes the waiter in entry i. It may be called outside the section: if the entry is another's by now, that one
// looks, sees that it has not been notified, and sleeps on.
func (l *waiters) ring(i int) {
	l.alarm(i).Store(1)
	futex.Wake(l.alarm(i), 1)
}

// move makes the waiter in entry i, which has been notified, wait for the lock that the caller has: it would wake up for nothing else.
// It reports whether it slept. Called in the section, where the entry cannot become another's.
func (l *waiters) move(i int, lock *atomic.Uint32) bool {
	l.alarm(i).Store(1)
	return futex.Move(l.alarm(i), lock, 1) > 0
}

// strike removes the entries of those for whom gone is true. Those that had been notified pass it on, before they are
// removed: a death in between repeats a notification rather than lose it. Everybody is woken: the dead may have notified
// and not have rung.
func (l *waiters) strike(gone func(holder) bool) {
	owed := 0
	for i := range l.used() {
		if h := l.holder(i); h != 0 && gone(h) && l.notified(l.seq(i).Load()) {
			owed++
		}
	}
	l.notify(owed, gone)
	for i := range l.used() {
		if h := l.holder(i); h != 0 && gone(h) {
			l.word(i).Store(0)
		}
	}
	for i := range l.used() {
		if l.word(i).Load() != 0 {
			l.ring(i)
		}
	}
}
