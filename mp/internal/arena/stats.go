package arena

// Stats says how much of an arena is in use.
type Stats struct {
	Size                   int64
	Slots, SlotsUsed       int
	Cells, CellsUsed       int
	ByKind                 map[Kind]int // live objects
	Chunks, ChunksUsed     int          // used: placed or in hand
	ChunksInHand, WarmFree int
	Touched                int64 // bytes of memory the arena takes; 0 where that is not known
}

// Stats counts what is in use now. It does not block, and is exact while nobody is at work.
func (a *Arena) Stats() Stats {
	st := Stats{Size: int64(len(a.mem)), Slots: len(a.slots), Cells: len(a.cells), Chunks: len(a.metas), ByKind: map[Kind]int{}}
	for i := range a.Slots() {
		if a.slots[i].State.Load() != SlotFree {
			st.SlotsUsed++
		}
	}
	for i := range a.head.cellTop.Load() {
		s := a.cells[i].state.Load()
		if stateOf(s) != cellFree {
			st.CellsUsed++
		}
		if stateOf(s) == cellLive {
			st.ByKind[kindOf(s)]++
		}
	}
	for i := range a.usedChunks() {
		switch a.metas[i].Load() & chunkState {
		case chunkInHand:
			st.ChunksInHand++
			st.ChunksUsed++
		case chunkPlaced:
			st.ChunksUsed++
		case chunkWarm:
			st.WarmFree++
		}
	}
	if a.file != nil {
		st.Touched = touched(a.file)
	}
	return st
}
