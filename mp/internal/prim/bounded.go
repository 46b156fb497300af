package prim

import (
	"fmt"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// The bounded semaphore keeps a ledger of how many permits each slot has taken. At all times outside a critical section
//
//	value = bound - sum of the ledger
//
// so whoever takes over from a dead one strikes its entry and computes the value anew: no order of the stores within a
// section matters. A process may release what another one took (CPython allows it). Which one the permit came from cannot
// be known, so the permit is booked to a slot that has some: its own first, else the first in the ledger.
//
// The cell, beside F[0] and F[2]: F[1] is the lock of the sections, with F[0] written only under it. A bound of up to
// inlineEntries has its ledger in W[0..4], entries slot+1<<32 | permits, 0 when unused: that many cannot run out. A
// larger bound has it in a chunk, which W[5] names: one 32-bit word for each slot.
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
const ledgerSize = 4 << 10

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

// entry is the word of slot, for a ledger in a chunk.
func (l ledger) entry(slot arena.SlotID) *atomic.Uint32 { return l.a.Word32(l.ch, 4*int(slot)) }

// slots is how many words of the chunk may be in use.
func (l ledger) slots() arena.SlotID {
	if l.ch == 0 {
		return 0
	}
	return l.a.Slots()
}

// find is the index of slot's inline entry, or -1; slot arena.NoSlot finds an unused one.
func (l ledger) find(slot arena.SlotID) int {
	for i := range inlineEntries {
		if uint32(l.c.W[i].Load()>>32) == uint32(slot)+1 {
			return i
		}
	}
	return -1
}

// add books one permit to slot.
func (l ledger) add(slot arena.SlotID) {
	if l.ch != 0 {
		l.entry(slot).Add(1)
		return
	}
	if i := l.find(slot); i >= 0 {
		l.c.W[i].Add(1)
		return
	}
	l.c.W[l.find(arena.NoSlot)].Store(uint64(slot+1)<<32 | 1)
}

// sub takes one permit off slot's entry, or off the first one if slot has none. It returns false if there are none at all.
func (l ledger) sub(slot arena.SlotID) bool {
	if l.ch != 0 {
		for other := arena.SlotID(0); l.entry(slot).Load() == 0; other++ {
			if other == l.slots() {
				return false
			}
			slot = other
		}
		l.entry(slot).Add(^uint32(0))
		return true
	}
	i := l.find(slot)
	for k := 0; i < 0 && k < inlineEntries; k++ {
		if l.c.W[k].Load() != 0 {
			i = k
		}
	}
	if i < 0 {
		return false
	}
	e := l.c.W[i].Load() - 1
	if uint32(e) == 0 {
		e = 0
	}
	l.c.W[i].Store(e)
	return true
}

// strike removes the entries of the slots for which gone is true.
func (l ledger) strike(gone func(arena.SlotID) bool, struck func(arena.SlotID)) {
	drop := func(slot arena.SlotID, clear func()) {
		if gone(slot) {
			clear()
			struck(slot)
		}
	}
	for slot := range l.slots() {
		if l.entry(slot).Load() > 0 {
			drop(slot, func() { l.entry(slot).Store(0) })
		}
	}
	for i := range inlineEntries {
		if e := l.c.W[i].Load(); e != 0 {
			drop(arena.SlotID(e>>32)-1, func() { l.c.W[i].Store(0) })
		}
	}
}

func (l ledger) sum() (n uint64) {
	for slot := range l.slots() {
		n += uint64(l.entry(slot).Load())
	}
	for i := range inlineEntries {
		n += uint64(uint32(l.c.W[i].Load()))
	}
	return n
}

// has reports whether slot has an entry.
func (l ledger) has(slot arena.SlotID) bool {
	if l.ch != 0 {
		return l.entry(slot).Load() > 0
	}
	return l.find(slot) >= 0
}

// boundedSection is the critical section of the bounded semaphore c.
func boundedSection(m *arena.Member, c *arena.Cell, struck func(arena.SlotID)) section {
	return section{m: m, lock: &c.F[1], dirty: &c.F[3], settle: func(gone func(arena.SlotID) bool) {
		l := openLedger(m.Arena(), c)
		l.strike(gone, func(slot arena.SlotID) {
			if slot == m.ID() {
				c.F[2].Or(leftBit)
			}
			if struck != nil {
				struck(slot)
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
	ok := w.Load() >= semOne
	if ok {
		openLedger(s.m.Arena(), s.c).add(s.m.ID())
		w.Add(^uint32(semOne - 1))
	}
	if mark != 0 {
		w.Or(mark)
	}
	s.leaveSection()
	return ok
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
	left := s.c.F[2].Load()&leftBit != 0
	if left {
		s.c.F[2].And(^uint32(leftBit))
	}
	if !openLedger(s.m.Arena(), s.c).sub(s.m.ID()) {
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
	if !arena.HeldBy(&c.F[1], dead) && !openLedger(m.Arena(), c).has(dead) {
		return nil
	}
	sec := boundedSection(m, c, func(slot arena.SlotID) {
		if slot == dead {
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
	return ledger{c: c}.has(slot)
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
