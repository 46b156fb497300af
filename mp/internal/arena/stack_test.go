package arena

import (
	"fmt"
	"sync/atomic"
)

// The tests' kind of object is a stack of chunks, each of which carries a handle of another object and so counts as a message.
// It follows the rules of the package's doc, so that kills at random instants try them out.
//
// W[0] is the top chunk, F[0] the lock. A chunk begins with the next one's number, the handle, and the mark that the handle
// is counted as in flight. W[1] has an owner like a Lock's: slot + 1.
const (
	offNext, offHandle, offCounted = 0, 8, 16
)

func init() {
	RegisterKind(KindTest, Ops{
		Recover: recoverStack, Orphan: orphanStack, Free: freeStack, Check: checkStack,
		Holds: func(c *Cell, slot SlotID) bool { return c.W[1].Load() == uint64(slot)+1 },
	})
}

func counted(a *Arena, ch Chunk) *atomic.Uint32 { return a.Word32(ch, offCounted) }

// push puts h on the stack. The caller has both objects.
func push(m *Member, stack, h Handle) error {
	c, err := m.a.Cell(stack, KindTest)
	if err != nil {
		return err
	}
	ch, err := m.TakeChunk(stack)
	if err != nil {
		return err
	}
	counted(m.a, ch).Store(0)
	m.a.Word64(ch, offHandle).Store(uint64(h))
	if err := m.AddFlight(h, counted(m.a, ch), 1); err != nil {
		m.GiveChunk(ch)
		return err
	}
	m.Lock(&c.F[0])
	m.a.Word64(ch, offNext).Store(c.W[0].Load())
	c.W[0].Store(uint64(ch))
	m.Place(ch, stack)
	m.Unlock(&c.F[0])
	return nil
}

// pop takes a handle from the stack, with one use of it; 0 if the stack is empty.
func pop(m *Member, stack Handle) (Handle, error) {
	c, err := m.a.Cell(stack, KindTest)
	if err != nil {
		return 0, err
	}
	m.Lock(&c.F[0])
	ch := Chunk(c.W[0].Load())
	if ch == 0 {
		m.Unlock(&c.F[0])
		return 0, nil
	}
	m.Grab(ch)
	c.W[0].Store(m.a.Word64(ch, offNext).Load())
	m.Unlock(&c.F[0])
	h := Handle(m.a.Word64(ch, offHandle).Load())
	err = m.Retain(h)
	m.DropFlight(h, counted(m.a, ch), 0)
	m.GiveChunk(ch)
	return h, err
}

func recoverStack(m *Member, h Handle, c *Cell, dead SlotID) []Warning {
	if HeldBy(&c.F[0], dead) {
		// Linked and not placed, or grabbed and not unlinked: the same picture, and one remedy.
		if ch := Chunk(c.W[0].Load()); ch != 0 {
			if s, ok := m.a.ChunkHolder(ch); ok && s == dead {
				m.Place(ch, h)
			}
		}
		UnlockFor(&c.F[0], dead)
	}
	if c.W[1].CompareAndSwap(uint64(dead)+1, 0) {
		return []Warning{{}}
	}
	return nil
}

func orphanStack(m *Member, ch Chunk, h Handle, c *Cell, dead SlotID) {
	if counted(m.a, ch).Load() == 1 {
		m.DropFlight(Handle(m.a.Word64(ch, offHandle).Load()), counted(m.a, ch), 0)
	}
}

func freeStack(m *Member, h Handle, c *Cell) {
	for ch := Chunk(c.W[0].Load()); ch != 0; ch = Chunk(c.W[0].Load()) {
		m.Grab(ch)
		orphanStack(m, ch, h, c, m.id)
		c.W[0].Store(m.a.Word64(ch, offNext).Load())
		m.GiveChunk(ch)
	}
}

func checkStack(a *Arena, h Handle, c *Cell, reach func(Chunk)) error {
	if v := c.F[0].Load(); v != 0 {
		return fmt.Errorf("lock word %#x", v)
	}
	n := 0
	for ch := Chunk(c.W[0].Load()); ch != 0; ch = Chunk(a.Word64(ch, offNext).Load()) {
		if reach(ch); int(ch) > a.Chunks() {
			return fmt.Errorf("broken list")
		}
		if v := counted(a, ch).Load(); v != 1 {
			return fmt.Errorf("chunk %d: counted = %d", ch, v)
		}
		if n++; n > a.Chunks() {
			return fmt.Errorf("ring of chunks")
		}
	}
	return nil
}

// checkFlights compares each object's flight count with the messages there are.
func checkFlights(a *Arena) error {
	want := map[Handle]uint32{}
	for i := range a.head.cellTop.Load() {
		c := &a.cells[i]
		if s := c.state.Load(); stateOf(s) == cellLive && kindOf(s) == KindTest {
			for ch := Chunk(c.W[0].Load()); ch != 0; ch = Chunk(a.Word64(ch, offNext).Load()) {
				want[Handle(a.Word64(ch, offHandle).Load())]++
			}
		}
	}
	for i := range a.head.cellTop.Load() {
		c := &a.cells[i]
		s := c.state.Load()
		h := makeHandle(i, genOf(s))
		if stateOf(s) == cellLive && c.flight.Load() != want[h] {
			return fmt.Errorf("cell %d: in flight %d times, found %d", i, c.flight.Load(), want[h])
		}
		delete(want, h)
	}
	if len(want) > 0 {
		return fmt.Errorf("messages carry objects that do not exist: %v", want)
	}
	return nil
}
