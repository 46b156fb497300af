package arena

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
)

const (
	waitPends = 6 // of a slot's pend words, those for waiters
	pollPause = 50 * time.Microsecond
)

// Lock takes the lock word w, waiting for as long as it takes: for short critical sections, not for scripts. w is zero when free, else
// the holder's slot + 1, with the top bit set when others sleep. It must be in the arena. When the holder dies, its reaper
// finishes or undoes its work and gives the lock back (life locks here, all others in their kind's Recover).
func (m *Member) Lock(w *atomic.Uint32) {
	m.busy()
	if !w.CompareAndSwap(0, uint32(m.mark())) {
		m.lockSlow(w)
	}
}

// TryLock takes the lock word w if it is free, and reports whether it did.
func (m *Member) TryLock(w *atomic.Uint32) bool {
	m.busy()
	if w.CompareAndSwap(0, uint32(m.mark())) {
		return true
	}
	m.idle()
	return false
}

func (m *Member) lockSlow(w *atomic.Uint32) {
	me := uint32(m.mark())
	if futex.Spin(func() bool { return w.Load() == 0 && w.CompareAndSwap(0, me) }) {
		return
	}
	// A wake that this process receives and does not live to use would be lost for the others: note where it waits.
	pend := m.notePend(m.slot.pend[:waitPends], w)
	for {
		v := w.Load()
		switch {
		case pend == nil:
			// More threads wait than can note it. This one looks again and again, and so uses up no wake.
			if v == 0 && w.CompareAndSwap(0, me) {
				return
			}
			time.Sleep(pollPause)
			pend = m.notePend(m.slot.pend[:waitPends], w)
		case v == 0:
			// Others may sleep: keep the bit, at the cost of one wake too many.
			if w.CompareAndSwap(0, me|waiting) {
				pend.Store(0)
				return
			}
		case v&waiting != 0 || w.CompareAndSwap(v, v|waiting):
			if err := futex.Wait(w, v|waiting, 0, nil); err != nil {
				panic("BUG: arena: lock: " + err.Error())
			}
		}
	}
}

// Unlock gives w back. The caller must hold it.
func (m *Member) Unlock(w *atomic.Uint32) {
	if !w.CompareAndSwap(uint32(m.mark()), 0) {
		m.unlockSlow(w)
	}
	m.idle()
}

func (m *Member) unlockSlow(w *atomic.Uint32) {
	if w.Load() != uint32(m.mark())|waiting {
		panic("BUG: arena: unlock of a lock that this process does not hold")
	}
	// A death between the two steps would leave the others asleep before a free lock: note the wake first.
	pend := m.notePend(m.slot.pend[waitPends:], w)
	for ; pend == nil; pend = m.notePend(m.slot.pend[waitPends:], w) {
		runtime.Gosched() // other threads are between these very lines
	}
	w.Store(0)
	futex.Wake(w, 1)
	pend.Store(0)
}

// notePend writes the place of w to one of pend, and returns nil if none is empty.
func (m *Member) notePend(pend []atomic.Uint64, w *atomic.Uint32) *atomic.Uint64 {
	off := m.a.offset(w)
	for i := range pend {
		if pend[i].CompareAndSwap(0, off) {
			return &pend[i]
		}
	}
	return nil
}

// wakePends wakes everybody at the places that the dead process has noted.
func (m *Member) wakePends(s *Slot) {
	for i := range s.pend {
		if off := s.pend[i].Load(); off != 0 {
			futex.Wake(m.a.word(off), futex.All)
			s.pend[i].Store(0)
		}
	}
}

// HeldBy reports whether the lock word w is held by slot s.
func HeldBy(w *atomic.Uint32, s SlotID) bool { return w.Load()&^waiting == uint32(s)+1 }

// UnlockFor gives w back in place of a process that died with it: for Recover. The caller has seen to it that what w guards is whole.
// It does nothing if dead does not hold w.
func UnlockFor(w *atomic.Uint32, dead SlotID) {
	// Others may set the waiting bit at any time.
	for v := w.Load(); v&^waiting == uint32(dead)+1; v = w.Load() {
		if w.CompareAndSwap(v, 0) {
			futex.Wake(w, futex.All)
			return
		}
	}
}
