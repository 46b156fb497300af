package arena

import (
	"strings"
	"testing"
)

// Check finds each kind of damage.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		want   string
		damage func(a *Arena, m *Member, h Handle, c *Cell)
	}{
		{"life lock 0x9 is held by nobody", func(a *Arena, m *Member, h Handle, c *Cell) { c.life.Store(9) }},
		{"half-done step", func(a *Arena, m *Member, h Handle, c *Cell) { c.undo.Store(1) }},
		{"had by slot 70, which is not in use", func(a *Arena, m *Member, h Handle, c *Cell) { c.hold(70) }},
		{"state 0x77", func(a *Arena, m *Member, h Handle, c *Cell) { c.state.Store(0x77) }},
		{"in nobody's hand", func(a *Arena, m *Member, h Handle, c *Cell) { c.state.Store(packState(cellInHand, KindTest, 7, 1)) }},
		{"nobody has it", func(a *Arena, m *Member, h Handle, c *Cell) { c.letGo(m.id) }},
		{"in -1 messages", func(a *Arena, m *Member, h Handle, c *Cell) { c.flight.Store(1<<32 - 1) }},
		{"unknown kind", func(a *Arena, m *Member, h Handle, c *Cell) { c.state.Store(packState(cellLive, 99, 0, 1)) }},
		{"free and not zero", func(a *Arena, m *Member, h Handle, c *Cell) { a.cells[1].W[3].Store(1) }},
		{"free without a hint", func(a *Arena, m *Member, h Handle, c *Cell) { a.cellSet.clear(1) }},
		{"lock word 0x5", func(a *Arena, m *Member, h Handle, c *Cell) { c.F[0].Store(5) }},
		{"chunk 9999 does not exist", func(a *Arena, m *Member, h Handle, c *Cell) { c.W[0].Store(9999) }},
		{"chunk 1 has meta word", func(a *Arena, m *Member, h Handle, c *Cell) {
			ch, _ := m.TakeChunk(h)
			c.W[0].Store(uint64(ch))
		}},
		{"does not reach it", func(a *Arena, m *Member, h Handle, c *Cell) {
			ch, _ := m.TakeChunk(h)
			m.Place(ch, h)
		}},
		{"in an object that is gone", func(a *Arena, m *Member, h Handle, c *Cell) {
			ch, _ := m.TakeChunk(h)
			m.Place(ch, h+1<<32)
		}},
		{"chunk 1: in nobody's hand", func(a *Arena, m *Member, h Handle, c *Cell) {
			m.TakeChunk(h)
			a.metas[0].Store(packMeta(chunkInHand, 7, h))
		}},
		{"slot 0: state 0x80", func(a *Arena, m *Member, h Handle, c *Cell) { m.slot.State.Store(slotTaken) }},
		{"slot 0: a wake at", func(a *Arena, m *Member, h Handle, c *Cell) {
			m.notePend(m.slot.pend[:], &c.F[0])
			m.slot.State.Store(SlotDead)
		}},
		{"being reaped by nobody", func(a *Arena, m *Member, h Handle, c *Cell) { m.slot.State.Store(SlotReaping) }},
	} {
		a, err := NewHeap(Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := newMember(t, a, NoSlot, "root")
		h, c := newCell(t, m)
		if err := a.Check(); err != nil {
			t.Fatalf("before the damage: %v", err)
		}
		test.damage(a, m, h, c)
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Check = %v\nwant %s", err, test.want)
		}
	}
}

// A look at an arena of the default size takes no memory.
func TestCheckIsSparse(t *testing.T) {
	a, _ := newArena(t, false, Options{Size: 8 << 30})
	before := a.Stats().Touched
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	if after := a.Stats().Touched; after > before+64<<10 {
		t.Errorf("Check took %d bytes", after-before)
	}
}
