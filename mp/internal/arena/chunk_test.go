package arena

import (
	"testing"
	"time"
)

func TestChunkRules(t *testing.T) {
	a, m := newArena(t, true, Options{})
	other := newMember(t, a, m.id, "other")
	h, _ := newCell(t, m)
	ch, err := m.TakeChunk(h)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := a.ChunkHolder(ch); s != m.id || !ok {
		t.Errorf("ChunkHolder = %d, %v", s, ok)
	}
	mustPanic(t, "give what another has", func() { other.GiveChunk(ch) })
	mustPanic(t, "place what another has", func() { other.Place(ch, h) })
	mustPanic(t, "grab what another has", func() { other.Grab(ch) })
	m.Place(ch, h)
	if _, ok := a.ChunkHolder(ch); ok {
		t.Error("placed and in hand")
	}
	mustPanic(t, "give what is placed", func() { m.GiveChunk(ch) })
	other.Grab(ch)
	other.Grab(ch)
	other.GiveChunk(ch)
	mustPanic(t, "grab what is free", func() { m.Grab(ch) })
	mustPanic(t, "odd word", func() { a.Word32(ch, 2) })
	mustPanic(t, "odd word", func() { a.Word64(ch, 4) })

	b := a.Bytes(ch)
	if len(b) != ChunkSize || cap(b) != ChunkSize {
		t.Errorf("len %d, cap %d", len(b), cap(b))
	}
	a.Word32(ch, ChunkSize-4).Store(0x01010101)
	if b[ChunkSize-1] != 1 {
		t.Error("the last word is not in the bytes")
	}
	m.Release(h)
	m.Reap(other.id, 0)
}

// Drained chunks beyond the warm ones go back to the system.
func TestChunksAreReturned(t *testing.T) {
	a, m := newArena(t, false, Options{Size: 64 << 20})
	if a.Stats().Touched == 0 {
		t.Skip("no count of touched memory")
	}
	var all []Chunk
	for range 800 {
		ch, err := m.TakeChunk(0)
		if err != nil {
			t.Fatal(err)
		}
		b := a.Bytes(ch)
		for i := 0; i < len(b); i += pageSize {
			b[i] = 1
		}
		all = append(all, ch)
	}
	full := a.Stats()
	for _, ch := range all {
		m.GiveChunk(ch)
	}
	empty := a.Stats()
	warm := min(warmMost, a.Chunks()/4)
	if empty.WarmFree != warm {
		t.Errorf("%d chunks are warm, want %d", empty.WarmFree, warm)
	}
	if back := full.Touched - empty.Touched; punches && back != int64(800-warm)*ChunkSize {
		t.Errorf("%d bytes went back, want %d", back, (800-warm)*ChunkSize)
	}
	// The warm ones are taken first.
	for i := range all {
		all[i], _ = m.TakeChunk(0)
		if i == warm-1 && a.Stats().WarmFree != 0 {
			t.Error("cold chunks are taken before warm ones")
		}
	}
	for _, ch := range all {
		m.GiveChunk(ch)
	}
}

// A crash may leave the count of warm chunks too high; Reap corrects it.
func TestWarmCount(t *testing.T) {
	a, m := newArena(t, true, Options{})
	dead := newMember(t, a, m.id, "dead")
	a.head.warm.Add(5)
	m.Reap(dead.id, -9)
	if n := a.head.warm.Load(); n != 0 {
		t.Errorf("warm = %d", n)
	}
}

func TestManyObjectsInSteadyMemory(t *testing.T) {
	a, m := newArena(t, false, Options{Size: 256 << 20})
	n := 300_000
	if testing.Short() {
		n = 10_000
	}
	start := time.Now()
	for range n {
		h, _ := newCell(t, m)
		m.Release(h)
	}
	st := a.Stats()
	t.Logf("%v an object, %d bytes touched", time.Since(start)/time.Duration(n), st.Touched)
	if st.Touched > 1<<20 {
		t.Errorf("%d bytes touched by one object at a time", st.Touched)
	}
}
