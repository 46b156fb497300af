package arena

import (
	"fmt"
	"iter"
	"unsafe"
)

// TakeRun takes n chunks in hand that lie one after the other, for use in dest (0 for none), and returns the first of them. They read
// as zero. It does not block. When there are not as many free in one piece it returns ErrFull, after Leave ErrLeft.
func (m *Member) TakeRun(n int, dest Handle) (Chunk, error) {
	if n < 1 {
		panic("BUG: arena: run of no chunks")
	}
	if m.left.Load() {
		return 0, ErrLeft
	}
	if n <= len(m.a.metas) {
		if i, ok := m.takeRun(uint32(n), dest); ok {
			return Chunk(i + 1), nil
		}
		if m.Pressure != nil {
			m.Pressure()
		}
		if i, ok := m.takeRun(uint32(n), dest); ok {
			return Chunk(i + 1), nil
		}
	}
	return 0, fmt.Errorf("no %d chunks of %d KiB in one piece are free: %w", n, ChunkSize>>10, ErrFull)
}

// takeRun looks for n free chunks from the end on. Of two who want the same one chunk gets it first, and the other goes on below it.
func (m *Member) takeRun(n uint32, dest Handle) (uint32, bool) {
	metas := m.a.metas
	for end := uint32(len(metas)); ; {
		// Only looked at first: what is taken and given back is in nobody else's reach meanwhile.
		for end > 0 && !isFree(metas[end-1].Load()) {
			end--
		}
		if end < n {
			return 0, false
		}
		i := end
		for i > end-n && isFree(metas[i-1].Load()) {
			i--
		}
		if i > end-n {
			end = i
			continue
		}
		m.raiseRunTop(uint32(len(metas)) - i)
		taken := end
		for taken > i && m.takeAt(taken-1, dest) {
			taken--
		}
		if taken == i {
			return i, true
		}
		if taken < end {
			m.GiveRun(Chunk(taken+1), int(end-taken))
		}
		end = taken
	}
}

func isFree(meta uint64) bool { return meta == chunkCold || meta == chunkWarm }

// takeAt takes chunk i in hand if it is free, and makes it zero.
func (m *Member) takeAt(i uint32, dest Handle) bool {
	v := m.a.metas[i].Load()
	if !isFree(v) {
		return false
	}
	m.busy()
	if !m.a.metas[i].CompareAndSwap(v, packMeta(chunkInHand, m.mark(), dest)) {
		m.idle()
		return false
	}
	if v == chunkWarm {
		m.a.head.warm.Add(^uint32(0))
		m.a.warmSet.clear(i)
		clear(m.a.Bytes(Chunk(i + 1)))
	} else if m.a.coldSet.has(i) {
		m.a.coldSet.clear(i)
	}
	return true
}

func (m *Member) raiseRunTop(n uint32) {
	top := &m.a.head.runTop
	for v := top.Load(); v < n && !top.CompareAndSwap(v, n); v = top.Load() {
	}
}

// PlaceRun is Place for the n chunks from c on.
func (m *Member) PlaceRun(c Chunk, n int, h Handle) {
	for i := range Chunk(n) {
		m.Place(c+i, h)
	}
}

// GrabRun is Grab for the n chunks from c on.
func (m *Member) GrabRun(c Chunk, n int) {
	for i := range Chunk(n) {
		m.Grab(c + i)
	}
}

// GiveRun gives back n chunks from c on that m has in hand. Their memory goes back to the system.
func (m *Member) GiveRun(c Chunk, n int) {
	for i := range Chunk(n) {
		if v := m.a.metas[c+i-1].Load(); v&chunkState != chunkInHand || metaSlot(v) != m.mark() {
			panic("BUG: arena: run is given back by a process that does not have it in hand")
		}
	}
	m.a.release(m.a.RunBytes(c, n))
	for i := range Chunk(n) {
		m.a.setCold(uint32(c + i - 1))
		m.idle()
	}
}

// RunBytes is the memory of the n chunks from c on.
func (a *Arena) RunBytes(c Chunk, n int) []byte {
	_ = a.metas[c-1 : int(c-1)+n] // in range
	return unsafe.Slice((*byte)(unsafe.Add(a.chunks, uintptr(c-1)*ChunkSize)), n*ChunkSize)
}

// usedChunks are the indices of all chunks that were ever in use, single ones and those of runs.
func (a *Arena) usedChunks() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		n, top := uint32(len(a.metas)), a.head.chunkTop.Load()
		for i := range top {
			if !yield(i) {
				return
			}
		}
		for i := max(top, n-a.head.runTop.Load()); i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// LockNames takes the lock under which objects are looked for by name and made. It is for steps that are whole by
// themselves, since a death gives it back at once; UnlockNames.
func (m *Member) LockNames() { m.Lock(&m.a.head.names) }

// UnlockNames gives back what LockNames took.
func (m *Member) UnlockNames() { m.Unlock(&m.a.head.names) }

// Objects are the live objects of kind k, by handle. The objects may go at any time; Retain tells.
func (a *Arena) Objects(k Kind) iter.Seq2[Handle, *Cell] {
	return func(yield func(Handle, *Cell) bool) {
		for i := range a.head.cellTop.Load() {
			c := &a.cells[i]
			if s := c.state.Load(); stateOf(s) == cellLive && kindOf(s) == k && !yield(makeHandle(i, genOf(s)), c) {
				return
			}
		}
	}
}
