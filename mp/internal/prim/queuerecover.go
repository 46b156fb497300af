package prim

import (
	"errors"
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
)

// recoverQueue finishes or undoes what dead was doing in c. Only an end whose lock dead holds can be half done.
func recoverQueue(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	if dead == m.ID() {
		return nil // leaves alive: nothing here is owned beyond a call
	}
	if head := position(c.W[1].Load()); head != 0 && inHandOf(m, head.chunk(), dead) && head == position(c.W[0].Load()) {
		m.Place(head.chunk(), h) // died in NewQueue
	}
	if lock := &c.F[2]; arena.HeldBy(lock, dead) {
		recoverPut(m, h, c, dead)
		arena.UnlockFor(lock, dead)
	}
	if lock := &c.F[3]; arena.HeldBy(lock, dead) {
		dropNote(m.Arena().Slot(dead), position(c.W[1].Load()))
		recoverGet(m, h, c, dead)
		arena.UnlockFor(lock, dead)
	}
	return nil
}

func recoverPut(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) {
	a := m.Arena()
	tail, pending := position(c.W[0].Load()), position(c.W[3].Load())
	if inHandOf(m, tail.chunk(), dead) {
		m.Place(tail.chunk(), h)
	}
	if pending != 0 && pending.seq() == tail.seq() {
		// Not put. The chain goes to m's hand whole before the note of it goes, and is given back after: if m dies in
		// between, its reaper either finds the note and does all of it again, or the chain in m's hand.
		var r record
		r.read(a, pending.chunk(), pending.off())
		dropFlights(m, r.handleList(a), a.Word32(r.ch, wordPut))
		chain(a, r.first, m.Grab)
		c.W[3].Store(0)
		giveChain(m, r.first)
		return
	}
	c.W[3].Store(0)
}

func recoverGet(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) {
	a := m.Arena()
	head, pending := position(c.W[1].Load()), position(c.W[4].Load())
	if pending != 0 && pending.seq() != head.seq() {
		var r record
		r.read(a, pending.chunk(), pending.off())
		landFlights(m, c, &r, r.handleList(a))
	}
	c.W[4].Store(0)
	if head == position(c.W[0].Load()) {
		return
	}
	// The next message, of which dead may have grabbed something.
	place := func(ch arena.Chunk) {
		if inHandOf(m, ch, dead) {
			m.Place(ch, h)
		}
	}
	r, skipped := readRecord(a, head)
	if skipped != 0 {
		place(skipped)
	}
	if r.kind == largeRecord {
		chain(a, r.first, place)
	}
}

// freeQueue takes all messages out, as Get does but for nobody, and then the last chunk. Where a predecessor died at it, the
// message at the head is either whole, though perhaps in its hand, or the flights of the one before are still to be dropped.
func freeQueue(m *arena.Member, _ arena.Handle, c *arena.Cell) {
	a := m.Arena()
	if c.W[1].Load() == 0 {
		return // died in NewQueue
	}
	if pending := position(c.W[4].Load()); pending != 0 && pending.seq() != position(c.W[1].Load()).seq() {
		var r record
		r.read(a, pending.chunk(), pending.off())
		landFlights(m, c, &r, r.handleList(a))
	}
	for c.W[1].Load() != c.W[0].Load() {
		dropHead(m, c)
	}
	ch := position(c.W[1].Load()).chunk()
	m.Grab(ch)
	c.W[1].Store(0)
	m.GiveChunk(ch)
}

// checkQueue walks the messages.
func checkQueue(a *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	var errs []error
	errorf := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i, name := range []string{"tail", "head"} {
		if v := c.F[2+i].Load(); v != 0 {
			errorf("%s lock is taken (%#x)", name, v)
		}
		if v := c.W[3+i].Load(); v != 0 {
			errorf("half-done message at the %s (%#x)", name, v)
		}
	}
	head, tail := position(c.W[1].Load()), position(c.W[0].Load())
	if head == 0 {
		return errors.Join(errs...)
	}
	reach(head.chunk())
	for head != tail {
		r, skipped := readRecord(a, head)
		if r.kind != smallRecord && r.kind != largeRecord || r.ch == 0 {
			errorf("record of kind %d at chunk %d offset %d", r.kind, r.ch, r.off)
			break
		}
		if skipped != 0 {
			reach(r.ch)
		}
		if r.kind == largeRecord {
			chain(a, r.first, reach)
		}
		for _, h := range r.handleList(a) {
			if _, err := a.KindOf(h); err != nil {
				errorf("message %d: %w", head.seq(), err)
			}
		}
		if head = r.end(head.seq()); head.seq() == tail.seq() && head != tail {
			errorf("last message ends at %#x, tail is %#x", uint64(head), uint64(tail))
			break
		}
	}
	return errors.Join(errs...)
}
