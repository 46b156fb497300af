package prim

import (
	"fmt"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// The bounded semaphore keeps a ledger of how many permits each process has taken. At all times outside a critical section
//
//	value = bound - sum of the ledger
//
// so whoever takes over from a dead one strikes its entry and computes the value anew: no order of the stores within a
// section matters. A process may release what another one took (CPython allows it). Which one the permit came from cannot
// be known, so the permit is booked to a process that has some: its own first, else the first in the ledger.
//
// The cell, beside F[0] and F[2]: F[1] is the lock of the sections, with F[0] written only under it. A bound of up to
// inlineEntries has its ledger in W[0..4], entries holder<<32 | permits, 0 when unused: that many cannot run out. A
// larger bound has it in a chunk, which W[5] names: one such word for each slot.
const inlineEntries = 5

// leftBit is set in F[2], under the lock, from when a process left in good order with permits until the next release. It may have taken
// them for another one to release, which then may find the semaphore at its bound and has done nothing wrong.
const leftBit = 1 << 31

func boundOf(c *arena.Cell) uint32 { return c.F[2].Load() &^ leftBit }

// ledger is the view of a bounded semaphore's cell.
type ledger struct {
	a  *arena.Arena
	c  *arena.Cell
	ch arena.Chunk // 0 when inline
}

// ledgerSize is the part of the chunk that is used: a word for each of as many slots as an arena can have.
const ledgerSize = 8 << 10

func entryOf(h holder, permits uint32) uint64 { return uint64(h)<<32 | uint64(permits) }

// entryHolder is whose entry e is, 0 if it is unused.
func entryHolder(e uint64) holder { return holder(e >> 32) }

func newLedger(m *arena.Member, h arena.Handle, c *arena.Cell, bound uint32) error {
	if bound <= inlineEntries {
		return nil
	}
	ch, err := takeZeroed(m, h, ledgerSize)
	if err == nil {
		linkChunk(m, h, &c.W[5], ch)
	}
	return err
}

func openLedger(a *arena.Arena, c *arena.Cell) ledger {
	return ledger{a: a, c: c, ch: arena.Chunk(c.W[5].Load())}
}

// entries is how many words may be in use.
func (l ledger) entries() int {
	if l.ch == 0 {
		return inlineEntries
	}
	return int(l.a.Slots())
}

func (l ledger) entry(i int) *atomic.Uint64 {
	if l.ch == 0 {
		return &l.c.W[i]
	}
	return l.a.Word64(l.ch, 8*i)
}

// find is h's entry, nil if there is none.
func (l ledger) find(h holder) *atomic.Uint64 {
	if l.ch == 0 {
		return l.findInline(h)
	}
	if w := l.entry(int(h.slot())); entryHolder(w.Load()) == h {
		return w
	}
	return nil
}

// findInline is find for a ledger in the cell; holder 0 finds an unused entry.
func (l ledger) findInline(h holder) *atomic.Uint64 {
	for i := range inlineEntries {
		if w := &l.c.W[i]; entryHolder(w.Load()) == h {
			return w
		}
	}
	return nil
}

// add books one permit to h. What an earlier process in h's slot had must have been struck.
func (l ledger) add(h holder) {
	w := l.find(h)
	switch {
	case w != nil:
		w.Store(w.Load() + 1)
	case l.ch == 0:
		l.findInline(0).Store(entryOf(h, 1))
	default:
		l.entry(int(h.slot())).Store(entryOf(h, 1))
	}
}

// sub takes one permit off h's entry, or off the first one if h has none. It returns false if there are none at all.
func (l ledger) sub(h holder) bool {
	w := l.find(h)
	for i := 0; w == nil; i++ {
		if i == l.entries() {
			return false
		}
		if l.entry(i).Load() != 0 {
			w = l.entry(i)
		}
	}
	e := w.Load() - 1
	if uint32(e) == 0 {
		e = 0
	}
	w.Store(e)
	return true
}

// strike removes the entries of those for whom gone is true.
func (l ledger) strike(gone func(holder) bool, struck func(holder)) {
	for i := range l.entries() {
		if h := entryHolder(l.entry(i).Load()); h != 0 && gone(h) {
			l.entry(i).Store(0)
			struck(h)
		}
	}
}

func (l ledger) sum() (n uint64) {
	for i := range l.entries() {
		n += uint64(uint32(l.entry(i).Load()))
	}
	return n
}

// boundedSection is the critical section of the bounded semaphore c.
func boundedSection(m *arena.Member, c *arena.Cell, struck func(holder)) section {
	return section{m: m, lock: &c.F[1], dirty: &c.F[3], settle: func(gone func(holder) bool) {
		l := openLedger(m.Arena(), c)
		l.strike(gone, func(h holder) {
			if h == self(m) {
				c.F[2].Or(leftBit)
			}
			if struck != nil {
				struck(h)
			}
		})
		left := uint32(uint64(boundOf(c)) - l.sum())
		setValue(&c.F[0], left)
		// All: those who sleep may be fewer or more than the permits that came back.
		futex.Wake(&c.F[0], futex.All)
	}}
}

// setValue changes the value in w and clears the waiters bit, which others may set meanwhile. It returns what w was.
func setValue(w *atomic.Uint32, value uint32) uint32 { return w.Swap(value * semOne) }

func (s *Semaphore) takeBounded(mark uint32) bool {
	w := &s.c.F[0]
	if mark == 0 && w.Load() < semOne {
		return false
	}
	s.m.Lock(&s.c.F[1])
	if s.c.F[3].Load() != 0 {
		s.settleInside()
	}
	ok := w.Load() >= semOne
	if ok {
		openLedger(s.m.Arena(), s.c).add(self(s.m))
		w.Add(^uint32(semOne - 1))
	}
	if mark != 0 {
		w.Or(mark)
	}
	s.leaveSection()
	return ok
}

// settleInside is for whoever has just taken the lock: the ledger must have nothing of an earlier process in its slot.
func (s *Semaphore) settleInside() {
	sec := boundedSection(s.m, s.c, nil)
	sec.settleAll(arena.NoSlot)
}

// leaveSection is section.leave; nothing is allocated unless there is something to settle.
func (s *Semaphore) leaveSection() {
	s.m.Unlock(&s.c.F[1])
	if s.c.F[3].Load() != 0 {
		sec := boundedSection(s.m, s.c, nil)
		sec.settleNotes()
	}
}

func (s *Semaphore) giveBounded() error {
	w := &s.c.F[0]
	s.m.Lock(&s.c.F[1])
	if s.c.F[3].Load() != 0 {
		s.settleInside()
	}
	left := s.c.F[2].Load()&leftBit != 0
	if left {
		s.c.F[2].And(^uint32(leftBit))
	}
	if !openLedger(s.m.Arena(), s.c).sub(self(s.m)) {
		s.leaveSection()
		if left {
			return nil
		}
		return ErrBounded
	}
	v := setValue(w, w.Load()/semOne+1)
	s.leaveSection()
	wakeIf(w, v)
	return nil
}

func recoverBounded(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) (ws []arena.Warning) {
	adoptChunk(m, h, &c.W[5], dead)
	had := holderIn(m.Arena(), dead)
	if !arena.HeldBy(&c.F[1], dead) && openLedger(m.Arena(), c).find(had) == nil {
		return nil
	}
	sec := boundedSection(m, c, func(h holder) {
		if h == had {
			ws = make([]arena.Warning, 1)
		}
	})
	sec.recover(dead)
	return ws
}

// holdsBounded must do without the chunk of the ledger: there it says yes if anybody has permits.
func holdsBounded(c *arena.Cell, slot arena.SlotID) bool {
	if c.W[5].Load() != 0 {
		return c.F[0].Load()/semOne < boundOf(c)
	}
	l := ledger{c: c}
	for i := range l.entries() {
		if entryHolder(l.entry(i).Load()).slot() == slot {
			return true
		}
	}
	return false
}

func freeBounded(m *arena.Member, _ arena.Handle, c *arena.Cell) { freeChunk(m, &c.W[5]) }

func checkBounded(a *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	if ch := arena.Chunk(c.W[5].Load()); ch != 0 {
		reach(ch)
	}
	if owner := c.F[1].Load(); owner != 0 {
		return fmt.Errorf("lock of the ledger is taken (%#x)", owner)
	}
	bound, value, taken := uint64(boundOf(c)), uint64(c.F[0].Load()/semOne), openLedger(a, c).sum()
	if value+taken != bound {
		return fmt.Errorf("%d permits left and %d taken, of %d", value, taken, bound)
	}
	return nil
}
