package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// places are where a barrier's waiters note themselves. The first ones are in the cell, two to a word, the others in a chunk, which
// is taken when those in the cell do not suffice, and kept.
//
// The chunk: the first 32-bit word is the number of places in use at most; from byte 16 on each has 32 bits.
//
// Places are taken, marked and struck in the barrier's section. Their owners leave them at any time, when their
// generation has ended. So each change is a compare-and-swap.
type places struct {
	a  *arena.Arena
	c  *arena.Cell
	ch arena.Chunk // 0 while there is none
}

// A place is 0 while it is free, else:
//
//	bits 0..10  the waiter's slot + 1
//	bits 11..12 how its generation ended; 0 while the barrier's word tells: it is this generation or the last one
//	bit 13      the low bit of its generation
//	bits 16..31 the low bits of the generation of its slot
type place uint32

const (
	placeSlot     = 1<<11 - 1
	placeReleased = 1 // marks
	placeCut      = 2
	placeOdd      = 1 << 13

	inlinePlaces = 6
	inlineWord   = 3 // of the cell's W
	placesStart  = 16
	maxPlaces    = inlinePlaces + (arena.ChunkSize-placesStart)/4
)

func (p place) taken() bool    { return p != 0 }
func (p place) holder() holder { return holder(p & (placeSlot | 0xffff<<16)) }
func (p place) mark() uint32   { return uint32(p) >> 11 & 3 }

// current reports whether the waiter belongs to generation gen, which is the barrier's.
func (p place) current(gen uint32) bool {
	return p.mark() == 0 && p&placeOdd != 0 == (gen&1 != 0)
}

// nextGeneration is what follows gen in the barrier's word.
func nextGeneration(gen uint32) uint32 { return (gen + 1) & (1<<32/barrierOne - 1) }

func openPlaces(a *arena.Arena, c *arena.Cell) places {
	return places{a: a, c: c, ch: arena.Chunk(c.W[2].Load())}
}

func (p places) top() *atomic.Uint32 { return p.a.Word32(p.ch, 0) }

func (p places) word(i int) *atomic.Uint32 {
	return p.a.Word32(p.ch, placesStart+4*(i-inlinePlaces))
}

// used is an upper limit of the places in use.
func (p places) used() int {
	if p.ch == 0 {
		return inlinePlaces
	}
	return inlinePlaces + int(p.top().Load())
}

func (p places) load(i int) place {
	if i >= inlinePlaces {
		return place(p.word(i).Load())
	}
	return place(p.c.W[inlineWord+i/2].Load() >> (i % 2 * 32))
}

// swap changes place i if it is old.
func (p places) swap(i int, old, to place) bool {
	if i >= inlinePlaces {
		return p.word(i).CompareAndSwap(uint32(old), uint32(to))
	}
	w, shift := &p.c.W[inlineWord+i/2], i%2*32
	for {
		v := w.Load()
		if place(v>>shift) != old {
			return false
		}
		if w.CompareAndSwap(v, v&^(0xffff_ffff<<shift)|uint64(to)<<shift) {
			return true
		}
	}
}

// free reports whether a place in the cell is free.
func (p places) free() bool {
	for i := range inlinePlaces {
		if !p.load(i).taken() {
			return true
		}
	}
	return false
}

// add takes a place for a waiter, or returns -1 if none is free.
func (p places) add(h holder, gen uint32) int {
	to := place(h) | place(gen&1)*placeOdd
	n := p.used()
	for i := range n {
		if !p.load(i).taken() && p.swap(i, 0, to) {
			return i
		}
	}
	if p.ch == 0 || n == maxPlaces {
		return -1
	}
	p.word(n).Store(uint32(to))
	p.top().Add(1)
	return n
}

// leave frees place i.
func (p places) leave(i int) {
	for !p.swap(i, p.load(i), 0) {
	}
}

// markOlder marks the places of the generation before gen, which ended as cut says.
func (p places) markOlder(gen uint32, cut bool) {
	mark := place(placeReleased << 11)
	if cut {
		mark = placeCut << 11
	}
	for i := range p.used() {
		if e := p.load(i); e.taken() && e.mark() == 0 && !e.current(gen) {
			p.swap(i, e, e|mark) // or else it has just been left
		}
	}
}

// strike frees the places of those for whom gone is true.
func (p places) strike(gone func(holder) bool) {
	for i := range p.used() {
		if e := p.load(i); e.taken() && gone(e.holder()) {
			p.swap(i, e, 0)
		}
	}
}

// count is how many belong to generation gen, which is the barrier's.
func (p places) count(gen uint32) (n uint32) {
	for i := range p.used() {
		if e := p.load(i); e.taken() && e.current(gen) {
			n++
		}
	}
	return n
}

// has reports whether slot has a place in the cell.
func (p places) has(slot arena.SlotID) bool {
	for i := range inlinePlaces {
		if e := p.load(i); e.taken() && e.holder().slot() == slot {
			return true
		}
	}
	return false
}
