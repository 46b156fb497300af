package arena

import "math/rand/v2"

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
}

func (w *worker) step() {
	m := w.m
	shared := w.stacks[w.rng.IntN(len(w.stacks))]
	switch w.rng.IntN(8) {
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
	}
	for len(w.own) > 8 {
		w.drop()
	}
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
	w.chunks = nil
}
