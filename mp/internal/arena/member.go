package arena

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// A Member is a process in the arena: its slot and how many times it has each object. All methods may be called from any
// goroutine. A process has one Member; in an arena of Go memory one process may play several.
type Member struct {
	// Pressure, if set, is called once before ErrFull is returned, to make unused objects go: it runs finalizers, say. It is set
	// before the Member is used by other goroutines, and called with no lock held.
	Pressure func()

	a    *Arena
	id   SlotID
	slot *Slot

	mu   sync.Mutex
	refs map[Handle]int32 // guarded by mu; an entry means that this process's holder bit is set

	// debts are objects that were released while this process owned something in them (an acquired lock): the holder bit is
	// still set, so that a death or Leave finds them. guarded by mu
	debts map[Handle]bool

	left    atomic.Bool   // Leave has begun
	inHand  atomic.Int64  // locks held, cells and chunks in hand: things that a clean exit must not leave
	cellsAt atomic.Uint32 // where in the hints cells, warm and cold chunks were found or freed last
	warmAt  atomic.Uint32
	coldAt  atomic.Uint32
}

// Join makes this process the member in slot s, which its parent has taken for it (the root: for itself). It writes nothing:
// Pid and State are its caller's business.
func (a *Arena) Join(s SlotID) *Member {
	return &Member{a: a, id: s, slot: a.Slot(s), refs: map[Handle]int32{}, debts: map[Handle]bool{}}
}

// Arena is the arena that m is a member of.
func (m *Member) Arena() *Arena { return m.a }

// ID is the slot of m.
func (m *Member) ID() SlotID { return m.id }

// Slot is the slot of m.
func (m *Member) Slot() *Slot { return m.slot }

// mark is how m's slot stands in lock words and state words: 0 is nobody.
func (m *Member) mark() uint64 { return uint64(m.id) + 1 }

// Retain counts one more use of h by this process; Release ends it. The object stays as long as any process has it. The caller must
// have the object in some way (a use of its own, a message that carries the handle), else it may be gone: ErrStale. It may wait
// for another process's short critical section. After Leave it is ErrLeft.
func (m *Member) Retain(h Handle) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left.Load() {
		return ErrLeft
	}
	if n := m.refs[h]; n > 0 {
		m.refs[h] = n + 1
		return nil
	}
	c, err := m.a.cellOf(h)
	if err != nil {
		return err
	}
	m.Lock(&c.life)
	defer m.Unlock(&c.life)
	if !c.isLive(h) {
		return stale(h)
	}
	c.hold(m.id)
	m.refs[h] = 1
	delete(m.debts, h)
	return nil
}

// Release ends one use of h. The last one of this process gives the object up, and frees it when no process and no message has
// it; then the kind's Free runs here. An object in which this process owns something (Ops.Holds) and that others have is kept until
// Leave. After Leave it does nothing.
func (m *Member) Release(h Handle) {
	m.mu.Lock()
	n := m.refs[h]
	switch {
	case n == 0 && m.left.Load():
		m.mu.Unlock()
		return
	case n == 0:
		m.mu.Unlock()
		panic("BUG: arena: release of an object that this process does not have")
	case n > 1:
		m.refs[h] = n - 1
		m.mu.Unlock()
		return
	}
	delete(m.refs, h)
	// The bit goes under mu: a Retain that came in between would find no use and the bit set, and would lose it.
	c := &m.a.cells[h.cell()]
	owns, free := m.giveUp(h, c)
	if owns {
		m.debts[h] = true
	}
	m.mu.Unlock()
	if free {
		m.free(h, c)
	}
}

// Uses is how many times this process has h.
func (m *Member) Uses(h Handle) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int(m.refs[h])
}

// Sole reports whether no other process and no message has h, which this process has.
func (m *Member) Sole(h Handle) bool {
	c, err := m.a.cellOf(h)
	if err != nil {
		return false
	}
	m.Lock(&c.life)
	defer m.Unlock(&c.life)
	if c.flight.Load() != 0 {
		return false
	}
	for i := range c.holders {
		others := c.holders[i].Load()
		if uint32(i) == uint32(m.id)/64 {
			others &^= 1 << (m.id % 64)
		}
		if others != 0 {
			return false
		}
	}
	return true
}

// Leave gives up all that this process has in the arena, for an exit in good order: its uses of objects, and what it owns
// in them, of which it returns warnings as Reap does. It may wait for other processes' short critical sections. From then on, methods that would
// take something return ErrLeft. The Reap that follows is cheap, unless other goroutines of this process hold a lock or have something in
// hand: those may go on and need not be waited for. A goroutine between a change and its wake is not seen, so the caller lets none be there.
// A second Leave does nothing.
func (m *Member) Leave() []Warning {
	m.mu.Lock()
	if m.left.Swap(true) {
		m.mu.Unlock()
		return nil
	}
	all := slices.AppendSeq(slices.Collect(maps.Keys(m.refs)), maps.Keys(m.debts))
	m.refs, m.debts = map[Handle]int32{}, map[Handle]bool{}
	m.mu.Unlock()

	var warnings []Warning
	for _, h := range all {
		c := &m.a.cells[h.cell()]
		ops := &kinds[kindOf(c.state.Load())]
		if ops.Holds != nil && ops.Holds(c, m.id) {
			warnings = append(warnings, m.recoverCell(h, c, m.id)...)
		}
		if m.unhold(h, c, m.id) {
			m.free(h, c)
		}
	}
	// Whoever begins something after this store sees left and clears Clean (see busy); whoever began before is seen by the load.
	m.slot.Clean.Store(1)
	if m.inHand.Load() != 0 {
		m.slot.Clean.Store(0)
	}
	return warnings
}

// busy notes that this process has one more thing that its death would leave to the reaper; idle that it has one less.
func (m *Member) busy() {
	m.inHand.Add(1)
	if m.left.Load() {
		m.slot.Clean.Store(0)
	}
}

func (m *Member) idle() { m.inHand.Add(-1) }
