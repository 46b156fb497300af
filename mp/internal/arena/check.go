package arena

import (
	"errors"
	"fmt"
	"math/bits"
)

// Check walks the whole arena and returns an error that lists every inconsistency: illegal states, objects of processes that are gone,
// locks held by such, chunks that nobody reaches, things in the hand of nobody. Nobody else may be at work meanwhile; processes that
// sleep in a wait are fine.
func (a *Arena) Check() error {
	k := checker{a: a, reached: map[Chunk]Handle{}}
	k.slots()
	k.cells()
	k.chunks()
	return errors.Join(k.errs...)
}

type checker struct {
	a       *Arena
	errs    []error
	reached map[Chunk]Handle
}

func (k *checker) errorf(format string, args ...any) {
	k.errs = append(k.errs, fmt.Errorf(format, args...))
}

// alive reports whether the slot of a mark may have something: it is in use and not yet reaped.
func (k *checker) alive(mark uint64) bool {
	if mark == 0 || mark > uint64(len(k.a.slots)) {
		return false
	}
	switch k.a.slots[mark-1].State.Load() {
	case SlotStarting, SlotRunning, SlotExited, SlotReaping:
		return true
	}
	return false
}

func (k *checker) slots() {
	for i := range k.a.Slots() {
		s := k.a.Slot(i)
		state := s.State.Load()
		switch {
		case state > SlotDead:
			k.errorf("slot %d: state %#x", i, state)
		case state == SlotReaping && !k.alive(uint64(s.reaper.Load())):
			k.errorf("slot %d: being reaped by nobody", i)
		}
		for j := range s.pend {
			if off := s.pend[j].Load(); off != 0 && !k.alive(uint64(i)+1) {
				k.errorf("slot %d: a wake at %#x is owed by nobody", i, off)
			}
		}
	}
}

// A label names a cell in an error; most are never spelled out.
type label struct {
	cell  uint32
	state uint64
}

func (l label) String() string {
	return fmt.Sprintf("cell %d (%s, handle %#x)", l.cell, kindOf(l.state), uint64(makeHandle(l.cell, genOf(l.state))))
}

// Only what was ever used is looked at, here and below: a look takes memory.
func (k *checker) cells() {
	for i := range k.a.head.cellTop.Load() {
		c := &k.a.cells[i]
		s := c.state.Load()
		what := label{i, s}
		if v := c.life.Load(); v != 0 && !k.alive(uint64(v&^waiting)) {
			k.errorf("%s: life lock %#x is held by nobody", what, v)
		} else if v == 0 && c.undo.Load() != 0 {
			k.errorf("%s: half-done step", what)
		}
		for w := range c.holders {
			for v := c.holders[w].Load(); v != 0; v &= v - 1 {
				if slot := w*64 + bits.TrailingZeros64(v); !k.alive(uint64(slot) + 1) {
					k.errorf("%s: had by slot %d, which is not in use", what, slot)
				}
			}
		}
		switch stateOf(s) {
		case cellFree:
			k.freeCell(i, c, what)
		case cellInHand, cellFreeing:
			if !k.alive(slotOf(s)) {
				k.errorf("%s: state %#x, in nobody's hand", what, s)
			}
		case cellLive:
			k.liveCell(i, c, what)
		default:
			k.errorf("%s: state %#x", what, s)
		}
	}
}

func (k *checker) freeCell(i uint32, c *Cell, what label) {
	dirty := c.flight.Load() != 0
	for i := range c.W {
		dirty = dirty || c.W[i].Load() != 0
	}
	for i := range c.F {
		dirty = dirty || c.F[i].Load() != 0
	}
	if dirty || c.wanted() {
		k.errorf("%s: free and not zero", what)
	}
	if !k.a.cellSet.has(i) {
		k.errorf("%s: free without a hint", what)
	}
}

func (k *checker) liveCell(i uint32, c *Cell, what label) {
	s := c.state.Load()
	h := makeHandle(i, genOf(s))
	if !c.wanted() {
		k.errorf("%s: nobody has it", what)
	}
	if n := int32(c.flight.Load()); n < 0 {
		k.errorf("%s: in %d messages", what, n)
	}
	if kindOf(s) == KindNone || kindOf(s) >= numKinds {
		k.errorf("%s: unknown kind", what)
		return
	}
	check := kinds[kindOf(s)].Check
	if check == nil {
		return
	}
	err := check(k.a, h, c, func(ch Chunk) {
		if ch == 0 || int(ch) > len(k.a.metas) {
			k.errorf("%s: chunk %d does not exist", what, ch)
			return
		}
		if other, ok := k.reached[ch]; ok {
			k.errorf("%s: chunk %d is also in handle %#x", what, ch, uint64(other))
		}
		k.reached[ch] = h
		if m := k.a.metas[ch-1].Load(); m != packMeta(chunkPlaced, 0, h) {
			k.errorf("%s: chunk %d has meta word %#x", what, ch, m)
		}
	})
	if err != nil {
		k.errorf("%s: %w", what, err)
	}
}

func (k *checker) chunks() {
	if v := k.a.head.names.Load(); v != 0 && !k.alive(uint64(v&^waiting)) {
		k.errorf("lock of the names %#x is held by nobody", v)
	}
	top := k.a.head.chunkTop.Load()
	for i := range k.a.usedChunks() {
		m, c := k.a.metas[i].Load(), Chunk(i+1)
		switch m & chunkState {
		case chunkCold, chunkWarm:
			if !(m == chunkCold && (i >= top || k.a.coldSet.has(i)) || m == chunkWarm && k.a.warmSet.has(i)) {
				k.errorf("chunk %d: free without a hint, meta word %#x", c, m)
			}
		case chunkInHand:
			if !k.alive(metaSlot(m)) {
				k.errorf("chunk %d: in nobody's hand, meta word %#x", c, m)
			}
		case chunkPlaced:
			if !k.a.placedWell(m) {
				k.errorf("chunk %d: in an object that is gone, meta word %#x", c, m)
			} else if _, ok := k.reached[c]; !ok && kinds[kindOf(k.a.cells[metaCell(m)-1].state.Load())].Check != nil {
				k.errorf("chunk %d: cell %d does not reach it", c, metaCell(m)-1)
			}
		default:
			k.errorf("chunk %d: meta word %#x", c, m)
		}
	}
}
