package arena

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unicode/utf8"
	"unsafe"

	"github.com/starmp/starmp/mp/internal/futex"
)

// Slot is the slot with number s, free or not.
func (a *Arena) Slot(s SlotID) *Slot { return &a.slots[s] }

// Slots is the number of slots that were ever in use; all others are free. It only grows.
func (a *Arena) Slots() SlotID { return SlotID(a.head.slotTop.Load()) }

// TakeSlot takes a free slot for a new process, in state Starting. parent is the taker's own slot, NoSlot for the root. The name is cut
// to 64 bytes. It does not block. When there is no free slot it returns ErrSlots, when Below of the parent or of one above it forbids one
// more, ErrBelow.
func (a *Arena) TakeSlot(parent SlotID, name string) (SlotID, error) {
	mark := uint32(parent + 1) // 0 for NoSlot
	for i := range a.slots {
		s := &a.slots[i]
		if s.State.Load() != SlotFree {
			continue
		}
		for top := a.head.slotTop.Load(); top <= uint32(i); top = a.head.slotTop.Load() {
			a.head.slotTop.CompareAndSwap(top, uint32(i)+1)
		}
		if !s.State.CompareAndSwap(SlotFree, slotTaken|mark<<8) {
			continue
		}
		s.reset()
		s.parent.Store(mark)
		if parent != NoSlot {
			s.parentGen.Store(a.slots[parent].Gen.Load())
		}
		s.Gen.Add(1)
		s.SetName(name)
		if most := a.overfull(SlotID(i)); most >= 0 {
			s.State.Store(SlotFree)
			return 0, fmt.Errorf("%w of %d", ErrBelow, most)
		}
		s.SetState(SlotStarting)
		return SlotID(i), nil
	}
	return 0, fmt.Errorf("%w (%d)", ErrSlots, len(a.slots))
}

// overfull returns the limit of the process that has more below it than it may now that slot s is taken, -1 if there is none. Of those who
// take the last place at the same time, all may be refused: none ever sees too many.
func (a *Arena) overfull(s SlotID) (most int) {
	for p := a.parentOf(s); p != NoSlot; p = a.parentOf(p) {
		limit := a.slots[p].Below.Load()
		if limit == 0 {
			continue
		}
		n := uint32(0)
		for i := range a.Slots() {
			if a.slots[i].State.Load() != SlotFree && a.below(i, p) {
				n++
			}
		}
		if n >= limit {
			a.slots[p].Refused.Add(1)
			return int(limit) - 1
		}
	}
	return -1
}

// Limited reports whether s or a process above it has a limit for those below it.
func (a *Arena) Limited(s SlotID) bool {
	for ; s != NoSlot; s = a.parentOf(s) {
		if a.slots[s].Below.Load() != 0 {
			return true
		}
	}
	return false
}

// parentOf is the slot of the parent of s, NoSlot if there is none any more.
func (a *Arena) parentOf(s SlotID) SlotID {
	slot := &a.slots[s]
	p := slot.parent.Load()
	if p == 0 || p > uint32(len(a.slots)) || a.slots[p-1].Gen.Load() != slot.parentGen.Load() {
		return NoSlot
	}
	return SlotID(p - 1)
}

// below reports whether s is a descendant of p.
func (a *Arena) below(s, p SlotID) bool {
	for range a.slots { // a slot that changes hands meanwhile cannot make this endless
		if s = a.parentOf(s); s == NoSlot || s == p {
			return s == p
		}
	}
	return false
}

// FreeSlot gives a slot in state Dead back. In any other state it does nothing. Whoever may still look at it must compare Gen.
func (a *Arena) FreeSlot(s SlotID) {
	slot := a.Slot(s)
	if slot.State.CompareAndSwap(SlotDead, SlotFree) {
		futex.Wake(&slot.State, futex.All)
	}
}

// reset makes everything zero but State and Gen.
func (s *Slot) reset() {
	s.Pid.Store(0)
	s.parent.Store(0)
	s.parentGen.Store(0)
	s.ExitCode.Store(0)
	s.Clean.Store(0)
	s.reaper.Store(0)
	s.Inbox.Store(0)
	s.Interrupts.Store(0)
	s.Below.Store(0)
	s.Refused.Store(0)
	for i := range s.Task {
		s.Task[i].Store(0)
	}
	for i := range s.pend {
		s.pend[i].Store(0)
	}
	s.wait.seq.Store(0)
	s.wait.op.Store(0)
	s.wait.size.Store(0)
	s.name.seq.Store(0)
}

// SetState stores the state and wakes those who wait for a change.
func (s *Slot) SetState(state uint32) {
	s.State.Store(state)
	futex.Wake(&s.State, futex.All)
}

// Parent is the slot of the process that took this one, NoSlot for the root; gen is that slot's Gen at the time.
func (s *Slot) Parent() (parent SlotID, gen uint32) {
	return SlotID(s.parent.Load() - 1), s.parentGen.Load()
}

// Name is the process's name, of up to 64 bytes.
func (s *Slot) Name() string {
	var b [64]byte
	t := &s.name
	n, _ := read(&t.seq, func() int {
		load(b[:], t.words[:])
		return int(t.size.Load())
	})
	return string(b[:min(n, len(b))])
}

// SetName sets the process's name, cut to 64 bytes.
func (s *Slot) SetName(name string) {
	t := &s.name
	name = cut(name, 64)
	write(&t.seq, func() {
		t.size.Store(uint32(len(name)))
		store(t.words[:], name)
	})
}

// The records in a slot are guarded by a sequence number: even at rest, odd while the record is being written. Writers of one
// process take turns; readers read again when it has changed meanwhile.

// write runs f with the record to itself and returns the record's new number.
func write(seq *atomic.Uint32, f func()) uint32 {
	for {
		if n := seq.Load(); n&1 == 0 && seq.CompareAndSwap(n, n+1) {
			f()
			seq.Store(n + 2)
			return n + 2
		}
		runtime.Gosched()
	}
}

// read returns what f read while nobody wrote. It gives up on a record whose writer has died or is fast.
func read[T any](seq *atomic.Uint32, f func() T) (v T, ok bool) {
	for range 100 {
		n := seq.Load()
		if n&1 == 0 {
			if v = f(); seq.Load() == n {
				return v, true
			}
		}
		runtime.Gosched()
	}
	var zero T
	return zero, false
}

// load and store move bytes through whole words, so that torn reads are of bytes and not undefined.
func load(b []byte, words []atomic.Uint64) {
	for i := range words {
		v := words[i].Load()
		copy(b[8*i:], (*[8]byte)(unsafe.Pointer(&v))[:])
	}
}

func store(words []atomic.Uint64, s string) {
	for i := 0; 8*i < len(s); i++ {
		var v uint64
		copy((*[8]byte)(unsafe.Pointer(&v))[:], s[8*i:])
		words[i].Store(v)
	}
}

// cut shortens s to n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
