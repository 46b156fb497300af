package arena

import (
	"fmt"
	"unsafe"

	"github.com/starmp/starmp/mp/internal/futex"
)

// NewCell makes an object of kind k, with all its words zero, and one use of it by this process. It does not block. When all cells
// are in use it returns ErrFull, after Leave ErrLeft.
func (m *Member) NewCell(k Kind) (Handle, *Cell, error) {
	m.busy()
	defer m.idle()
	if m.left.Load() {
		return 0, nil, ErrLeft
	}
	i, gen, ok := m.takeCell(k)
	if !ok {
		if m.Pressure != nil {
			m.Pressure()
		}
		m.a.sweepCells()
		if i, gen, ok = m.takeCell(k); !ok {
			return 0, nil, fmt.Errorf("all %d objects are in use: %w", len(m.a.cells), ErrFull)
		}
	}
	h, c := makeHandle(i, gen), &m.a.cells[i]
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left.Load() {
		m.clean(c, k, gen)
		return 0, nil, ErrLeft
	}
	c.hold(m.id)
	m.refs[h] = 1
	c.state.Store(packState(cellLive, k, 0, gen))
	return h, c, nil
}

// takeCell takes a free cell in hand.
func (m *Member) takeCell(k Kind) (i, gen uint32, ok bool) {
	set := &m.a.cellSet
	for {
		i, ok = set.find(&m.cellsAt)
		if !ok {
			return 0, 0, false
		}
		c := &m.a.cells[i]
		s := c.state.Load()
		gen = genOf(s) + 1
		if gen == 0 {
			gen = 1 // a handle is never 0
		}
		taken := stateOf(s) == cellFree && c.state.CompareAndSwap(s, packState(cellInHand, k, m.mark(), gen))
		set.clear(i)
		if taken {
			return i, gen, true
		}
		// It may have become free before the hint was cleared.
		if stateOf(c.state.Load()) == cellFree {
			set.set(i)
		}
	}
}

// free takes an object apart that m has marked as Freeing, and gives its cell back.
func (m *Member) free(h Handle, c *Cell) {
	defer m.idle() // busy since it was marked
	s := c.state.Load()
	if free := kinds[kindOf(s)].Free; free != nil {
		free(m, h, c)
	}
	m.clean(c, kindOf(s), genOf(s))
}

// clean makes a cell that nobody has zero and free. A death in here leaves it in hand or freeing, to be cleaned again.
func (m *Member) clean(c *Cell, k Kind, gen uint32) {
	for i := range c.W {
		c.W[i].Store(0)
	}
	for i := range c.F {
		c.F[i].Store(0)
	}
	for i := range c.holders {
		if c.holders[i].Load() != 0 {
			c.holders[i].Store(0)
		}
	}
	c.flight.Store(0)
	c.state.Store(packState(cellFree, k, 0, gen))
	i := m.a.indexOf(c)
	m.a.cellSet.set(i)
	m.cellsAt.Store(i / 64)
}

// Cell is the object of handle h, which must be of kind k: ErrKind. If it is gone: ErrStale. It does not block. The cell may be used as long as
// the process has the object.
func (a *Arena) Cell(h Handle, k Kind) (*Cell, error) {
	c, err := a.cellOf(h)
	if err != nil {
		return nil, err
	}
	if got := kindOf(c.state.Load()); got != k {
		return nil, fmt.Errorf("handle %#x is a %s, not a %s: %w", uint64(h), got, k, ErrKind)
	}
	return c, nil
}

// KindOf is the kind of the object of handle h. If it is gone: ErrStale. It does not block.
func (a *Arena) KindOf(h Handle) (Kind, error) {
	c, err := a.cellOf(h)
	if err != nil {
		return 0, err
	}
	return kindOf(c.state.Load()), nil
}

// cellOf is the cell of a live object.
func (a *Arena) cellOf(h Handle) (*Cell, error) {
	if uint64(h.cell()) >= uint64(len(a.cells)) {
		return nil, stale(h)
	}
	c := &a.cells[h.cell()]
	if !c.isLive(h) {
		return nil, stale(h)
	}
	return c, nil
}

func stale(h Handle) error { return fmt.Errorf("handle %#x: %w", uint64(h), ErrStale) }

func (c *Cell) isLive(h Handle) bool {
	s := c.state.Load()
	return stateOf(s) == cellLive && genOf(s) == h.gen()
}

// indexOf is the number of cell c.
func (a *Arena) indexOf(c *Cell) uint32 {
	return uint32((uintptr(unsafe.Pointer(c)) - uintptr(unsafe.Pointer(&a.cells[0]))) / cellSize)
}

// sweepCells sets the hints of all free cells, for a taker that found none.
func (a *Arena) sweepCells() {
	for i := range a.head.cellTop.Load() {
		if stateOf(a.cells[i].state.Load()) == cellFree && !a.cellSet.has(i) {
			a.cellSet.set(i)
		}
	}
}

func (c *Cell) hold(s SlotID)  { c.holders[s/64].Or(1 << (s % 64)) }
func (c *Cell) letGo(s SlotID) { c.holders[s/64].And(^(uint64(1) << (s % 64))) }

// Has reports whether the process in slot s has the object.
func (c *Cell) Has(s SlotID) bool { return c.holders[s/64].Load()>>(s%64)&1 != 0 }

// wanted reports whether any process or message has the object. c.life must be held.
func (c *Cell) wanted() bool {
	if c.flight.Load() != 0 {
		return true
	}
	for i := range c.holders {
		if c.holders[i].Load() != 0 {
			return true
		}
	}
	return false
}

// wakeAll wakes everybody who waits for a word of the kind.
func (c *Cell) wakeAll() {
	for i := range c.F {
		futex.Wake(&c.F[i], futex.All)
	}
}
