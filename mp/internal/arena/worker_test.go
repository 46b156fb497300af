package arena

import (
	"math/rand/v2"
	"sync/atomic"
)

const (
	sharedStacks = 3
	ageWord      = 3 // of the root's Task words: counts the objects made
)

// A worker does random things to shared and own objects.
type worker struct {
	m      *Member
	rng    *rand.Rand
	stacks [sharedStacks]Handle
	own    []Handle
	chunks []Chunk
	runs   []run
}

// A run is n chunks from first on.
type run struct {
	first Chunk
	n     int
}

func (w *worker) step() {
	m := w.m
	shared := w.stacks[w.rng.IntN(len(w.stacks))]
	switch w.rng.IntN(9) {
	case 0: // a new object
		if h, c, err := m.NewCell(KindTest); err == nil {
			c.W[2].Store(m.a.Slot(0).Task[ageWord].Add(1))
			w.own = append(w.own, h)
		}
	case 1, 2: // send an object
		if h := w.pick(); h != 0 {
			push(m, shared, h)
		}
	case 3: // receive
		if h, err := pop(m, shared); err == nil && h != 0 {
			w.own = append(w.own, h)
		}
	case 4: // an object inside an object of one's own
		// The younger into the older: a ring would be there for ever.
		if h, into := w.pick(), w.pick(); h != 0 && into != 0 && w.age(h) > w.age(into) {
			push(m, into, h)
		}
	case 5:
		w.drop()
	case 6: // a lock that is not released
		if h := w.pick(); h != 0 {
			c, _ := m.a.Cell(h, KindTest)
			c.W[1].CompareAndSwap(0, m.mark())
		}
	case 7: // memory
		if n := len(w.chunks); n > 3 {
			m.GiveChunk(w.chunks[n-1])
			w.chunks = w.chunks[:n-1]
		} else if ch, err := m.TakeChunk(shared); err == nil {
			counted(m.a, ch).Store(0)
			w.chunks = append(w.chunks, ch)
		}
	case 8: // memory in one piece
		if n := len(w.runs); n > 2 {
			m.GiveRun(w.runs[n-1].first, w.runs[n-1].n)
			w.runs = w.runs[:n-1]
		} else if n := 1 + w.rng.IntN(4); true {
			if ch, err := m.TakeRun(n, 0); err == nil {
				w.fill(ch, n)
			}
		}
	}
	for len(w.own) > 8 {
		w.drop()
	}
}

// dirt counts new runs that were not zero.
func dirt(a *Arena) *atomic.Uint64 { return &a.Slot(0).Inbox }

// fill writes to a new run, which must be zero.
func (w *worker) fill(ch Chunk, n int) {
	for i := range Chunk(n) {
		b := w.m.a.Bytes(ch + i)
		if b[0] != 0 || b[ChunkSize-1] != 0 {
			dirt(w.m.a).Add(1)
		}
		b[0], b[ChunkSize-1] = 1, 1
	}
	w.runs = append(w.runs, run{ch, n})
}

func (w *worker) pick() Handle {
	if len(w.own) == 0 {
		return 0
	}
	return w.own[w.rng.IntN(len(w.own))]
}

func (w *worker) age(h Handle) uint64 { return w.m.a.cells[h.cell()].W[2].Load() }

func (w *worker) drop() {
	if n := len(w.own); n > 0 {
		i := w.rng.IntN(n)
		h := w.own[i]
		w.own[i] = w.own[n-1]
		w.own = w.own[:n-1]
		w.m.Release(h)
	}
}

func (w *worker) dropAll() {
	for len(w.own) > 0 {
		w.drop()
	}
	for _, ch := range w.chunks {
		w.m.GiveChunk(ch)
	}
	for _, r := range w.runs {
		w.m.GiveRun(r.first, r.n)
	}
	w.chunks, w.runs = nil, nil
}
