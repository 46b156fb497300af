package prim

import (
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// A section is a short critical section of a cell that keeps something for each process (a ledger, a list of waiters). What a
// dead one has there must be struck under the lock, but recovery must not wait for a lock: who has it may be dead too. So
// a reaper that finds the lock taken leaves a note in dirty, and whoever has the lock settles on its way out. Either that one sees
// the note when it has unlocked, or the reaper's second try finds the lock free.
type section struct {
	m           *arena.Member
	lock, dirty *atomic.Uint32
	// settle strikes what holders have for which gone is true, and makes everything whole. It runs with the lock held.
	settle func(gone func(holder) bool)
}

// A holder is a process that has something in a section's cell: its slot + 1 in bits 0..15, and above them the low bits of that slot's
// generation, so that the slot's next process is another holder. 0 is nobody.
type holder uint32

// holderIn is the process that has slot id now.
func holderIn(a *arena.Arena, id arena.SlotID) holder {
	return holder(uint32(id) + 1 | a.Slot(id).Gen.Load()<<16)
}

// self is m's own process.
func self(m *arena.Member) holder { return holder(uint32(m.ID()) + 1 | m.Slot().Gen.Load()<<16) }

func (h holder) slot() arena.SlotID { return arena.SlotID(h&0xffff) - 1 }

// generation is the whole generation of the slot, which is the last one with these bits.
func (h holder) generation(a *arena.Arena) uint32 {
	now := a.Slot(h.slot()).Gen.Load()
	return now - uint32(uint16(now)-uint16(h>>16))
}

// gone reports whether the process has ended.
func (h holder) gone(a *arena.Arena) bool {
	switch a.Slot(h.slot()).State.Load() {
	case arena.SlotStarting, arena.SlotRunning, arena.SlotExited:
		return h != holderIn(a, h.slot())
	}
	return true // dead, or about to be another's
}

func (s *section) enter() { s.m.Lock(s.lock) }

func (s *section) leave() {
	s.m.Unlock(s.lock)
	s.settleNotes()
}

// settleNotes is the second half of leave.
func (s *section) settleNotes() {
	for s.dirty.Load() != 0 && s.m.TryLock(s.lock) {
		s.settleAll(arena.NoSlot)
		s.m.Unlock(s.lock)
	}
}

// settleAll strikes the entries of dead and of all processes that have ended, for which the note in dirty may be.
func (s *section) settleAll(dead arena.SlotID) {
	// First, so that a note left from now on is not lost.
	s.dirty.Store(0)
	s.settle(func(h holder) bool { return h.slot() == dead || h.gone(s.m.Arena()) })
}

// recover settles after the death of dead, or in the name of a process that leaves (then dead is s.m's own slot).
func (s *section) recover(dead arena.SlotID) {
	switch {
	case dead != s.m.ID() && arena.HeldBy(s.lock, dead):
		s.settleAll(dead)
		arena.UnlockFor(s.lock, dead)
	case dead == s.m.ID():
		s.enter()
		s.settleAll(dead)
		s.leave()
	case s.m.TryLock(s.lock):
		s.settleAll(dead)
		s.leave()
	default:
		// Whoever has the lock is most likely alive and about to leave, and is given some time: a waiter that was stopped in there
		// reads the note when it goes on.
		s.dirty.Store(1)
		for start := futex.Now(); ; time.Sleep(20 * time.Microsecond) {
			if s.m.TryLock(s.lock) {
				s.settleAll(dead)
				s.leave()
				return
			}
			if futex.Now() > start+futex.Deadline(lockPatience) {
				return
			}
		}
	}
}

// lockPatience is how long recovery gives whoever has the section's lock, which may be dead and wait for its own recovery.
const lockPatience = 100 * time.Millisecond
