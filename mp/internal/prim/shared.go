package prim

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Shared is memory of a fixed size that members read and write as they like. It is zero at first. A tag says what it is used for.
//
// Up to 48 bytes are in the cell itself, up to a chunk in one chunk, more in a run of chunks.
//
// The cell: F[0] is the low half of the size in bytes, F[3] its high 16 bits and the tag above them. F[2] is the number of chunks, 0 if
// the memory is W, and F[1] the first one, stored last. Nothing of it changes after that, so nothing needs a lock, and a death leaves
// at most chunks that are linked and not placed.
type Shared struct {
	object
	mem arena.Mem
}

// inlineShared is how many bytes are in the cell.
const inlineShared = 48

// NewShared makes memory of size bytes. It returns an error if the arena is full or has no piece of that size.
func NewShared(m *arena.Member, size int, tag uint16) (*Shared, error) {
	h, c, err := m.NewCell(arena.KindShared)
	if err != nil {
		return nil, err
	}
	s := &Shared{}
	s.init(m, h, c)
	c.F[0].Store(uint32(size))
	c.F[3].Store(uint32(tag)<<16 | uint32(uint64(size)>>32))
	if size > inlineShared {
		if err := takeShared(m, h, c, size); err != nil {
			s.Close()
			return nil, err
		}
	}
	s.mem = sharedMem(m.Arena(), c)
	return s, nil
}

// takeShared gives c its chunks.
func takeShared(m *arena.Member, h arena.Handle, c *arena.Cell, size int) error {
	n := (size-1)/arena.ChunkSize + 1
	var first arena.Chunk
	var err error
	if n == 1 {
		first, err = takeZeroed(m, h, (size+7)&^7)
	} else {
		first, err = m.TakeRun(n, h)
	}
	if err == nil {
		c.F[2].Store(uint32(n))
		c.F[1].Store(uint32(first))
		m.PlaceRun(first, n, h)
	}
	return err
}

// OpenShared opens the memory h for m. It returns arena.ErrStale or arena.ErrKind if h names none.
func OpenShared(m *arena.Member, h arena.Handle) (*Shared, error) {
	s := &Shared{}
	if err := s.open(m, h, arena.KindShared); err != nil {
		return nil, err
	}
	s.mem = sharedMem(m.Arena(), s.c)
	return s, nil
}

// Mem is the memory. It must not be used after Close.
func (s *Shared) Mem() arena.Mem { return s.mem }

// Tag is the tag that NewShared was given.
func (s *Shared) Tag() uint16 { return uint16(s.c.F[3].Load() >> 16) }

func sharedSize(c *arena.Cell) int { return int(c.F[3].Load()&0xffff)<<32 | int(c.F[0].Load()) }

func sharedMem(a *arena.Arena, c *arena.Cell) arena.Mem {
	mem := c.Inline()
	if n := int(c.F[2].Load()); n > 0 {
		mem = a.RunMem(arena.Chunk(c.F[1].Load()), n)
	}
	return mem.Part(0, sharedSize(c))
}

func recoverShared(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	if first := arena.Chunk(c.F[1].Load()); first != 0 {
		for i := range arena.Chunk(c.F[2].Load()) {
			if inHandOf(m, first+i, dead) {
				m.Place(first+i, h)
			}
		}
	}
	return nil
}

func freeShared(m *arena.Member, _ arena.Handle, c *arena.Cell) {
	first, n := arena.Chunk(c.F[1].Load()), int(c.F[2].Load())
	switch {
	case first == 0:
	case n == 1:
		m.Grab(first)
		c.F[1].Store(0)
		m.GiveChunk(first)
	default:
		m.GrabRun(first, n)
		c.F[1].Store(0)
		m.GiveRun(first, n)
	}
}

func checkShared(_ *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	first, n, size := arena.Chunk(c.F[1].Load()), int(c.F[2].Load()), sharedSize(c)
	if n > 0 && (size <= (n-1)*arena.ChunkSize || size > n*arena.ChunkSize) || n == 0 && size > inlineShared {
		return fmt.Errorf("%d chunks for %d bytes", n, size)
	}
	if first != 0 {
		for i := range n {
			reach(first + arena.Chunk(i))
		}
	}
	return nil
}
