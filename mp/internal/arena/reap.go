package arena

import "github.com/starmp/starmp/mp/internal/futex"

// Reap recovers what the process in slot dead has left, once it is certain that the process is gone, and then puts the slot in state Dead with
// the exit code. It returns a warning for each thing that the dead one owned and that was given back. For a process that has left
// in good order (Clean) there is nothing to do.
//
// Only one process may reap a slot, its parent; if that one dies while at it, whoever reaps the parent finishes here.
// Reap may wait for a lock of another dead process: it must not be what keeps that one's Reap from running, so each dead
// process gets a goroutine of its own. If the slot is dead, free or being reaped by another goroutine it returns nil.
func (m *Member) Reap(dead SlotID, code int) []Warning {
	s := m.a.Slot(dead)
	m.busy()
	defer m.idle()
	// Not under m.mu: other goroutines hold that while they wait for a lock that this dead process may have.
	state := s.State.Load()
	if state != SlotStarting && state != SlotRunning && state != SlotExited {
		return nil
	}
	// The reaper's name comes first: whoever sees Reaping finds it.
	s.ExitCode.Store(int32(code))
	s.reaper.Store(uint32(m.mark()))
	if !s.State.CompareAndSwap(state, SlotReaping) {
		return nil
	}
	futex.Wake(&s.State, futex.All)
	r := reaping{m: m, dead: m.adopt(dead)}
	if len(r.dead) > 1 || s.Clean.Load() == 0 {
		r.repairCounts()
		r.recoverObjects()
		r.finishFrees()
		r.freeChunks()
		r.dropHolders()
		r.freeCells()
		r.sweep()
	}
	r.freeTakenSlots()
	for i := len(r.dead) - 1; i >= 0; i-- { // the adopted first: dead itself is what leads to them
		m.a.Slot(r.dead[i]).SetState(SlotDead)
	}
	return r.warnings
}

// adopt lists dead and, with those that they were reaping, all whose recovery falls to m.
func (m *Member) adopt(dead SlotID) []SlotID {
	all := []SlotID{dead}
	for k := 0; k < len(all); k++ {
		mark := uint32(all[k]) + 1
		for i := range m.a.Slots() {
			if s := m.a.Slot(i); s.State.Load() == SlotReaping && s.reaper.Load() == mark {
				s.reaper.Store(uint32(m.mark()))
				all = append(all, i)
			}
		}
	}
	return all
}

// A reaping recovers what one or more dead processes have left. Each of its steps can be repeated, from the beginning, by another
// process: what stands in the dead's name keeps standing in it until it is put right.
type reaping struct {
	m        *Member
	dead     []SlotID
	warnings []Warning
}

// owns tells which of the dead has this mark.
func (r *reaping) owns(mark uint64) bool {
	for _, d := range r.dead {
		if uint64(d)+1 == mark {
			return true
		}
	}
	return false
}

// cells calls f for each cell that was ever in use.
func (r *reaping) cells(f func(i uint32, c *Cell, state uint64)) {
	for i := range r.m.a.head.cellTop.Load() {
		c := &r.m.a.cells[i]
		f(i, c, c.state.Load())
	}
}

// repairCounts takes over the life locks of the dead. From here on no wait for a life lock is a wait for these dead.
func (r *reaping) repairCounts() {
	r.cells(func(i uint32, c *Cell, state uint64) {
		mark := uint64(c.life.Load() &^ waiting)
		if !r.owns(mark) {
			return
		}
		r.m.mend(c)
		// Died after giving up the last use and before marking the cell. It is marked for finishFrees.
		if state := c.state.Load(); stateOf(state) == cellLive && !c.wanted() {
			c.state.Store(packState(cellFreeing, kindOf(state), mark, genOf(state)))
		}
		UnlockFor(&c.life, SlotID(mark-1))
	})
	for _, d := range r.dead {
		UnlockFor(&r.m.a.head.names, d)
		r.m.wakePends(r.m.a.Slot(d))
	}
}

// recoverObjects lets the kinds repair their objects. The dead's holder bit keeps the object in place meanwhile, and a process that
// had no holder bit was not at work in the object.
func (r *reaping) recoverObjects() {
	r.cells(func(i uint32, c *Cell, state uint64) {
		if stateOf(state) != cellLive {
			return
		}
		for _, d := range r.dead {
			if c.Has(d) {
				r.warnings = append(r.warnings, r.m.recoverCell(makeHandle(i, genOf(state)), c, d)...)
			}
		}
	})
}

// recoverCell runs the kind's Recover for an object that dead has, and wakes the waiters that dead may have owed a wake.
func (m *Member) recoverCell(h Handle, c *Cell, dead SlotID) []Warning {
	k := kindOf(c.state.Load())
	var warnings []Warning
	if f := kinds[k].Recover; f != nil {
		warnings = f(m, h, c, dead)
	}
	for i := range warnings {
		w, s := &warnings[i], m.a.Slot(dead)
		w.Kind, w.Handle, w.DeadName, w.DeadPid = k, h, s.Name(), int(s.Pid.Load())
	}
	c.wakeAll()
	return warnings
}

// finishFrees goes on with taking objects apart, before freeChunks frees what of them is in the dead's hand.
func (r *reaping) finishFrees() {
	r.cells(func(i uint32, c *Cell, state uint64) {
		if stateOf(state) == cellFreeing && r.owns(slotOf(state)) {
			r.m.busy()
			c.state.Store(packState(cellFreeing, kindOf(state), r.m.mark(), genOf(state)))
			r.m.free(makeHandle(i, genOf(state)), c)
		}
	})
}

// freeChunks frees the chunks in the dead's hands.
func (r *reaping) freeChunks() {
	m := r.m
	for i := range m.a.usedChunks() {
		v := m.a.metas[i].Load()
		if v&chunkState != chunkInHand || !r.owns(metaSlot(v)) {
			continue
		}
		dead := SlotID(metaSlot(v) - 1)
		if c, h := m.a.destOf(v); c != nil && c.Has(dead) {
			if f := kinds[kindOf(c.state.Load())].Orphan; f != nil {
				f(m, Chunk(i+1), h, c, dead)
			}
		}
		m.Grab(Chunk(i + 1))
		m.GiveChunk(Chunk(i + 1))
	}
}

// destOf is the live object that a chunk in hand is meant for, nil if there is none.
func (a *Arena) destOf(meta uint64) (*Cell, Handle) {
	if metaCell(meta) == 0 {
		return nil, 0
	}
	i := uint32(metaCell(meta) - 1)
	c := &a.cells[i]
	s := c.state.Load()
	if stateOf(s) != cellLive || genOf(s)&0xf_ffff != metaGen(meta) {
		return nil, 0
	}
	return c, makeHandle(i, genOf(s))
}

// dropHolders clears the dead's holder bits, and frees what nobody has any more.
func (r *reaping) dropHolders() {
	r.cells(func(i uint32, c *Cell, state uint64) {
		for _, d := range r.dead {
			if stateOf(state) == cellLive && c.Has(d) {
				h := makeHandle(i, genOf(state))
				if r.m.unhold(h, c, d) {
					r.m.free(h, c)
				}
			}
		}
	})
}

// freeCells frees the cells that the dead were making.
func (r *reaping) freeCells() {
	r.cells(func(i uint32, c *Cell, state uint64) {
		if stateOf(state) == cellInHand && r.owns(slotOf(state)) {
			r.m.clean(c, kindOf(state), genOf(state))
		}
	})
}

// sweep restores what is only approximate: the hints, the count of warm chunks. It also frees the chunks of objects that are gone, which
// a death in a kind's Free may leave.
func (r *reaping) sweep() {
	a := r.m.a
	a.sweepCells()
	a.sweepChunks()
	before, warm := a.head.warm.Load(), uint32(0)
	for i := range a.usedChunks() {
		v := a.metas[i].Load()
		switch v & chunkState {
		case chunkWarm:
			warm++
		case chunkPlaced:
			// Of an object that is free, nobody is left who would touch the chunk.
			if !a.placedWell(v) && a.metas[i].CompareAndSwap(v, packMeta(chunkInHand, r.m.mark(), 0)) {
				r.m.busy()
				r.m.GiveChunk(Chunk(i + 1))
			}
		}
	}
	// If others have changed it meanwhile, the next reaper corrects it.
	a.head.warm.CompareAndSwap(before, warm)
}

// placedWell reports whether the object that a chunk was placed in exists.
func (a *Arena) placedWell(meta uint64) bool {
	if metaCell(meta) == 0 || metaCell(meta) > uint64(len(a.cells)) {
		return false
	}
	s := a.cells[metaCell(meta)-1].state.Load()
	return (stateOf(s) == cellLive || stateOf(s) == cellFreeing) && genOf(s)&0xf_ffff == metaGen(meta)
}

// freeTakenSlots frees the slots that the dead were about to take.
func (r *reaping) freeTakenSlots() {
	for i := range r.m.a.Slots() {
		s := r.m.a.Slot(i)
		if v := s.State.Load(); v&0xff == slotTaken && r.owns(uint64(v>>8)) {
			s.SetState(SlotFree)
		}
	}
}
