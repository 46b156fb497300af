package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Blob is bytes that never change, shared by all who have its handle. It lies in a chain of chunks.
//
// The cell: W[0] the first chunk, W[1] the length. Both are stored by NewBlob and never after. A death in NewBlob leaves a
// cell that nobody else has, which the reaper frees: with W[0] not yet stored the chunks are in the dead's hand, with W[0]
// stored they are in the chain, in hand or placed.
type Blob struct {
	object
}

// NewBlob makes a blob of data, which is copied. It returns an error if the arena is full.
func NewBlob(m *arena.Member, data []byte) (*Blob, error) {
	h, c, err := m.NewCell(arena.KindBlob)
	if err != nil {
		return nil, err
	}
	b := &Blob{}
	b.init(m, h, c)
	first, err := fillChain(m, h, nil, data, "")
	if err != nil {
		b.Close()
		return nil, err
	}
	c.W[1].Store(uint64(len(data)))
	c.W[0].Store(uint64(first))
	chain(m.Arena(), first, func(ch arena.Chunk) { m.Place(ch, h) })
	return b, nil
}

// OpenBlob opens the blob h for m. It returns arena.ErrStale or arena.ErrKind if h names no blob.
func OpenBlob(m *arena.Member, h arena.Handle) (*Blob, error) {
	b := &Blob{}
	if err := b.open(m, h, arena.KindBlob); err != nil {
		return nil, err
	}
	return b, nil
}

// Data returns a copy of the bytes; nil after Close.
func (b *Blob) Data() []byte {
	if b.closed.Load() {
		return nil
	}
	defer runtime.KeepAlive(b)
	a := b.m.Arena()
	left := int(b.c.W[1].Load())
	data := make([]byte, 0, left)
	chain(a, arena.Chunk(b.c.W[0].Load()), func(ch arena.Chunk) {
		part := a.Bytes(ch)[chunkHeader:]
		part = part[:min(left, len(part))]
		left -= len(part)
		data = append(data, part...)
	})
	return data
}

// recoverBlob completes NewBlob for dead.
func recoverBlob(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	chain(m.Arena(), arena.Chunk(c.W[0].Load()), func(ch arena.Chunk) {
		if inHandOf(m, ch, dead) {
			m.Place(ch, h)
		}
	})
	return nil
}

// freeBlob takes the whole chain in hand before the word that names it goes.
func freeBlob(m *arena.Member, _ arena.Handle, c *arena.Cell) {
	first := arena.Chunk(c.W[0].Load())
	chain(m.Arena(), first, m.Grab)
	c.W[0].Store(0)
	giveChain(m, first)
}

func checkBlob(a *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	chain(a, arena.Chunk(c.W[0].Load()), reach)
	return nil
}
