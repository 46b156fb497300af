package arena

import "sync/atomic"

// AddFlight counts one more message that carries h and stores to in progress, so that a death leaves both done or neither: after Reap,
// progress (a word of the arena, written by nobody else meanwhile; may be nil) tells whether the message is counted. The
// caller must have the object; ErrStale otherwise. It may wait for another process's short critical section.
func (m *Member) AddFlight(h Handle, progress *atomic.Uint32, to uint32) error {
	c, err := m.a.cellOf(h)
	if err != nil {
		return err
	}
	m.Lock(&c.life)
	defer m.Unlock(&c.life)
	if !c.isLive(h) {
		return stale(h)
	}
	m.step(c, c.flight.Load()+1, progress, to)
	return nil
}

// DropFlight counts one message less that carries h and stores to in progress, as AddFlight does. It frees the object when no process and
// no other message has it; then the kind's Free runs here.
func (m *Member) DropFlight(h Handle, progress *atomic.Uint32, to uint32) {
	c := &m.a.cells[h.cell()]
	m.Lock(&c.life)
	n := c.flight.Load()
	if !c.isLive(h) || n == 0 {
		panic("BUG: arena: drop of a message that was not counted")
	}
	m.step(c, n-1, progress, to)
	free := m.doom(h, c)
	m.Unlock(&c.life)
	if free {
		m.free(h, c)
	}
}

// step sets the flight count and the progress word, with the undo record around. c.life must be held.
func (m *Member) step(c *Cell, flight uint32, progress *atomic.Uint32, to uint32) {
	if progress == nil {
		c.flight.Store(flight)
		return
	}
	c.undoFlight.Store(c.flight.Load())
	c.undoOff.Store(m.a.offset(progress))
	c.undoOld.Store(progress.Load())
	c.undo.Store(1)
	c.flight.Store(flight)
	progress.Store(to)
	c.undo.Store(0)
}

// mend undoes a step that a death has interrupted. c.life must be held, by the dead.
func (m *Member) mend(c *Cell) {
	if c.undo.Load() == 0 {
		return
	}
	c.flight.Store(c.undoFlight.Load())
	m.a.word(c.undoOff.Load()).Store(c.undoOld.Load())
	c.undo.Store(0)
}

// unhold clears the holder bit of slot s and reports whether the caller must free the object.
func (m *Member) unhold(h Handle, c *Cell, s SlotID) (free bool) {
	m.Lock(&c.life)
	defer m.Unlock(&c.life)
	if !c.isLive(h) {
		return false
	}
	c.letGo(s)
	return m.doom(h, c)
}

// giveUp clears m's own holder bit and reports whether the caller must free the object; unless m owns something in the object
// that is of use to others.
func (m *Member) giveUp(h Handle, c *Cell) (owns, free bool) {
	m.Lock(&c.life)
	defer m.Unlock(&c.life)
	holds := kinds[kindOf(c.state.Load())].Holds
	c.letGo(m.id)
	if holds != nil && holds(c, m.id) && c.wanted() {
		c.hold(m.id)
		return true, false
	}
	return false, m.doom(h, c)
}

// doom marks the object as being freed by m if nobody has it, and reports whether it did. c.life must be held.
func (m *Member) doom(h Handle, c *Cell) bool {
	if c.wanted() {
		return false
	}
	m.busy()
	c.state.Store(packState(cellFreeing, kindOf(c.state.Load()), m.mark(), h.gen()))
	return true
}
