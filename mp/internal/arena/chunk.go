package arena

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// warmMost is how many free chunks keep their pages (32 MiB): a chunk without pages costs 50 to 100 µs more (BenchmarkRelease), which
// takes a fifth of the rate from a queue with 20 messages of 1 MiB.
const warmMost = 512

// Bytes is the memory of chunk c. It is not cleared when the chunk is taken.
func (a *Arena) Bytes(c Chunk) []byte {
	_ = &a.metas[c-1] // in range
	return unsafe.Slice((*byte)(unsafe.Add(a.chunks, uintptr(c-1)*ChunkSize)), ChunkSize)
}

// Word32 is the word at byte off of chunk c, which must be a multiple of 4.
func (a *Arena) Word32(c Chunk, off int) *atomic.Uint32 {
	if off&3 != 0 {
		panic("BUG: arena: word is not aligned")
	}
	return (*atomic.Uint32)(unsafe.Pointer(&a.Bytes(c)[off : off+4][0]))
}

// Word64 is the word at byte off of chunk c, which must be a multiple of 8.
func (a *Arena) Word64(c Chunk, off int) *atomic.Uint64 {
	if off&7 != 0 {
		panic("BUG: arena: word is not aligned")
	}
	return (*atomic.Uint64)(unsafe.Pointer(&a.Bytes(c)[off : off+8][0]))
}

// Chunks is the number of chunks of the arena, in use or not.
func (a *Arena) Chunks() int { return len(a.metas) }

// ChunkHolder says in whose hand chunk c is, if it is in any.
func (a *Arena) ChunkHolder(c Chunk) (s SlotID, inHand bool) {
	m := a.metas[c-1].Load()
	return SlotID(metaSlot(m) - 1), m&chunkState == chunkInHand
}

// TakeChunk takes a free chunk in hand, for use in dest (0 for none). Its content is arbitrary. It does not block. When all
// chunks are in use it returns ErrFull, after Leave ErrLeft.
func (m *Member) TakeChunk(dest Handle) (Chunk, error) {
	m.busy()
	if m.left.Load() {
		m.idle()
		return 0, ErrLeft
	}
	c, ok := m.takeChunk(dest)
	if !ok {
		if m.Pressure != nil {
			m.Pressure()
		}
		m.a.sweepChunks()
		if c, ok = m.takeChunk(dest); !ok {
			m.idle()
			return 0, fmt.Errorf("all %d chunks of %d KiB are in use: %w", len(m.a.metas), ChunkSize>>10, ErrFull)
		}
	}
	// It will be written to. A read maps all pages that it has already into this process, and a write only one.
	m.a.Word32(c, 0).Load()
	return c, nil
}

func (m *Member) takeChunk(dest Handle) (Chunk, bool) {
	inHand := packMeta(chunkInHand, m.mark(), dest)
	if i, ok := m.a.warmSet.takeMeta(&m.warmAt, m.a.metas, chunkWarm, inHand); ok {
		m.a.head.warm.Add(^uint32(0))
		return Chunk(i + 1), true
	}
	i, ok := m.a.coldSet.takeMeta(&m.coldAt, m.a.metas, chunkCold, inHand)
	return Chunk(i + 1), ok
}

// takeMeta changes a meta word from state free to taken.
func (s *freeSet) takeMeta(last *atomic.Uint32, metas []atomic.Uint64, free, taken uint64) (uint32, bool) {
	for {
		i, ok := s.find(last)
		if !ok {
			return 0, false
		}
		ok = metas[i].CompareAndSwap(free, taken)
		s.clear(i)
		if ok {
			return i, true
		}
		// It may have become free before the hint was cleared.
		if metas[i].Load() == free {
			s.set(i)
		}
	}
}

// GiveChunk gives back a chunk that m has in hand. Beyond a small number of free chunks its memory goes back to the system.
func (m *Member) GiveChunk(c Chunk) {
	meta := &m.a.metas[c-1]
	if v := meta.Load(); v&chunkState != chunkInHand || metaSlot(v) != m.mark() {
		panic("BUG: arena: chunk is given back by a process that does not have it in hand")
	}
	// What lies beyond the single chunks ever used stays free for runs.
	single := uint32(c-1) < m.a.head.chunkTop.Load()
	if single && m.a.head.warm.Add(1) <= min(warmMost, uint32(len(m.a.metas))/4) {
		meta.Store(chunkWarm)
		m.a.warmSet.set(uint32(c - 1))
		m.warmAt.Store(uint32(c-1) / 64)
	} else {
		if single {
			m.a.head.warm.Add(^uint32(0))
		}
		m.a.release(m.a.Bytes(c))
		m.a.setCold(uint32(c - 1))
	}
	m.idle()
}

// release gives the pages of b, which are whole chunks, back to the system. Where that is not possible they stay, as zeros.
func (a *Arena) release(b []byte) {
	if a.file == nil || punch(b) != nil {
		clear(b)
	}
}

// setCold makes a chunk free that is in the caller's hand and reads as zero.
func (a *Arena) setCold(i uint32) {
	a.metas[i].Store(chunkCold)
	// Chunks that were never used singly have no hint. If the mark rises after this look, who raises it sets the hint.
	if i < a.head.chunkTop.Load() {
		a.coldSet.set(i)
	}
}

// Place makes a chunk that m has in hand part of the structure of h. Link it first and place it second: if m dies between
// the two, the kind's Recover finds it, reachable and in the dead's hand, and calls Place for it.
func (m *Member) Place(c Chunk, h Handle) {
	meta := &m.a.metas[c-1]
	v := meta.Load()
	if v&chunkState != chunkInHand || !m.actsFor(metaSlot(v)) {
		panic("BUG: arena: chunk is placed by a process that does not have it in hand")
	}
	meta.Store(packMeta(chunkPlaced, 0, h))
	if metaSlot(v) == m.mark() {
		m.idle()
	}
}

// Grab takes a chunk from the structure that it was placed in into m's hand. Grab it first and unlink it second: if m dies
// between the two, the kind's Recover finds it and either places it again or grabs it, unlinks it and gives it back. A
// chunk that m has in hand stays there.
func (m *Member) Grab(c Chunk) {
	meta := &m.a.metas[c-1]
	v := meta.Load()
	switch {
	case v&chunkState == chunkInHand && metaSlot(v) == m.mark():
		return
	case v&chunkState == chunkPlaced, v&chunkState == chunkInHand && m.actsFor(metaSlot(v)):
		m.busy()
		meta.Store(v&^(chunkState|0xffff<<4) | chunkInHand | m.mark()<<4)
	default:
		panic("BUG: arena: chunk is grabbed that is in no structure")
	}
}

// actsFor reports whether m may act for the process with this mark: itself, or a dead one that it reaps.
func (m *Member) actsFor(mark uint64) bool {
	if mark == m.mark() {
		return true
	}
	s := &m.a.slots[mark-1]
	return s.State.Load() == SlotReaping && s.reaper.Load() == uint32(m.mark())
}

// sweepChunks sets the hints of all free chunks.
func (a *Arena) sweepChunks() {
	top := a.head.chunkTop.Load()
	for i := range a.usedChunks() {
		switch a.metas[i].Load() {
		case chunkWarm:
			if !a.warmSet.has(i) {
				a.warmSet.set(i)
			}
		case chunkCold:
			if i < top && !a.coldSet.has(i) {
				a.coldSet.set(i)
			}
		}
	}
}
