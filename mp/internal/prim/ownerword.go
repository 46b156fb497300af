package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// An owner word is 0 while free, else:
//
//	bits 0..15  slot of the owner + 1
//	bits 16..30 the low bits of the owner's thread
//	bit 31      somebody may sleep on the word
//
// A release clears the whole word and wakes one sleeper if bit 31 was set. The one that is woken does not know whether
// others sleep on, so whoever has slept sets the bit whatever it does next: when it takes the word, when it goes back to
// sleep, and when it leaves (passOn). A death between being woken and setting the bit would break the chain: the reaper
// wakes all sleepers on the words of the cells that the dead one had.
const (
	ownerSlot    = 0xffff
	ownerThread  = 0x7fff << 16
	ownerWaiters = 1 << 31
)

func ownerWord(slot, thread uint32) uint32 { return slot | thread<<16&ownerThread }

// takeOwner sleeps until it has set w from 0 to me, or until opt says to give up.
func takeOwner(w *atomic.Uint32, me uint32, opt *Opt) (bool, error) {
	me |= ownerWaiters
	for {
		v := w.Load()
		if v == 0 {
			if w.CompareAndSwap(0, me) {
				return true, nil
			}
			continue
		}
		if v&ownerWaiters == 0 && !w.CompareAndSwap(v, v|ownerWaiters) {
			continue
		}
		err := opt.wait(w, v|ownerWaiters)
		if err == nil {
			continue
		}
		if err == futex.ErrTimeout {
			if w.CompareAndSwap(0, me) {
				return true, nil
			}
			err = nil
		}
		passOn(w)
		return false, err
	}
}

// passOn is for a sleeper that gives up. It may have swallowed the one wake of a release, so either the word is free and
// another sleeper must be told, or its owner must know that somebody sleeps.
func passOn(w *atomic.Uint32) {
	for {
		v := w.Load()
		if v == 0 {
			futex.Wake(w, 1)
			return
		}
		if v&ownerWaiters != 0 || w.CompareAndSwap(v, v|ownerWaiters) {
			return
		}
	}
}

// giveOwner frees w and returns what it was: 0 if nobody had it.
func giveOwner(w *atomic.Uint32) uint32 {
	v := w.Swap(0)
	if v&ownerWaiters != 0 {
		futex.Wake(w, 1)
	}
	return v
}

// reclaimOwner frees w if dead has it, and reports whether it did.
func reclaimOwner(w *atomic.Uint32, dead arena.SlotID) bool {
	for v := w.Load(); v&ownerSlot == uint32(dead)+1; v = w.Load() {
		if w.CompareAndSwap(v, 0) {
			futex.Wake(w, futex.All)
			return true
		}
	}
	return false
}
