package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// A cell that needs one chunk names it in a word of its own. The order of steps is the arena's: link, then place; grab,
// then unlink.

// takeZeroed takes a chunk in hand for h and clears its first n bytes.
func takeZeroed(m *arena.Member, h arena.Handle, n int) (arena.Chunk, error) {
	ch, err := m.TakeChunk(h)
	if err == nil {
		clear(m.Arena().Bytes(ch)[:n])
	}
	return ch, err
}

// linkChunk makes ch, which m has in hand, the chunk that w names.
func linkChunk(m *arena.Member, h arena.Handle, w *atomic.Uint64, ch arena.Chunk) {
	w.Store(uint64(ch))
	m.Place(ch, h)
}

// adoptChunk completes linkChunk for dead.
func adoptChunk(m *arena.Member, h arena.Handle, w *atomic.Uint64, dead arena.SlotID) {
	if ch := arena.Chunk(w.Load()); ch != 0 && inHandOf(m, ch, dead) {
		m.Place(ch, h)
	}
}

// freeChunk gives the chunk that w names back, if any.
func freeChunk(m *arena.Member, w *atomic.Uint64) {
	if ch := arena.Chunk(w.Load()); ch != 0 {
		m.Grab(ch)
		w.Store(0)
		m.GiveChunk(ch)
	}
}

// inHandOf reports whether slot has ch in hand.
func inHandOf(m *arena.Member, ch arena.Chunk, slot arena.SlotID) bool {
	s, ok := m.Arena().ChunkHolder(ch)
	return ok && s == slot
}
