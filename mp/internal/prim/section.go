package prim

import (
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// A section is a short critical section of a cell that keeps something for each slot (a ledger, a list of waiters). What a
// dead slot has there must be struck under the lock, but recovery must not wait for a lock: its holder may be dead too. So
// a reaper that finds the lock taken leaves a note in dirty, and the holder settles on its way out. Either the holder sees
// the note when it has unlocked, or the reaper's second try finds the lock free.
type section struct {
	m           *arena.Member
	lock, dirty *atomic.Uint32
	// settle strikes what slots have for which gone is true, and makes everything whole. It runs with the lock held.
	settle func(gone func(arena.SlotID) bool)
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
	s.settle(func(id arena.SlotID) bool { return id == dead || isGone(s.m.Arena(), id) })
}

// isGone reports whether the process in slot id has ended.
func isGone(a *arena.Arena, id arena.SlotID) bool {
	switch a.Slot(id).State.Load() {
	case arena.SlotFree, arena.SlotReaping, arena.SlotDead:
		return true
	}
	return false
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
		// The holder is most likely alive and about to leave. It is given some time, since the slot of dead gets a new
		// process as soon as this returns, and a note that is read after that no longer finds dead gone.
		s.dirty.Store(1)
		for start := futex.Now(); ; time.Sleep(20 * time.Microsecond) {
			if s.m.TryLock(s.lock) {
				s.settleAll(dead)
				s.leave()
				return
			}
			if futex.Now() > start+futex.Deadline(holderPatience) {
				return
			}
		}
	}
}

// holderPatience is how long recovery gives the holder of a section, which may be dead and wait for its own recovery.
const holderPatience = 100 * time.Millisecond
