package prim

import (
	"encoding/binary"
	"strings"

	"github.com/starmp/starmp/mp/internal/arena"
)

// A chain is the chunks of one large message, linked by their first words: handles, 8 bytes each, then data. A chain that
// is in no queue is in hand.

// chain calls f for each chunk of the chain; f may give the chunk away.
func chain(a *arena.Arena, first arena.Chunk, f func(arena.Chunk)) {
	for ch := first; ch != 0; {
		next := arena.Chunk(linkWord(a, ch).Load())
		f(ch)
		ch = next
	}
}

// fillChain copies a message, whose data is data and then text, to new chunks in hand, for the queue h. On error it has none.
func fillChain(m *arena.Member, h arena.Handle, handles []arena.Handle, data []byte, text string) (first arena.Chunk, err error) {
	a := m.Arena()
	var last arena.Chunk
	for first == 0 || len(handles)+len(data)+len(text) > 0 {
		ch, err := m.TakeChunk(h)
		if err != nil {
			giveChain(m, first)
			return 0, err
		}
		linkWord(a, ch).Store(0)
		b := a.Bytes(ch)[chunkHeader:]
		for ; len(handles) > 0 && len(b) > 0; b, handles = b[8:], handles[1:] {
			binary.NativeEndian.PutUint64(b, uint64(handles[0]))
		}
		n := copy(b, data)
		data = data[n:]
		text = text[copy(b[n:], text):]
		if first == 0 {
			first = ch
		} else {
			linkWord(a, last).Store(uint32(ch))
		}
		last = ch
	}
	return first, nil
}

// drainChain copies the data of the large record r, whose chain is in hand, to the end of buf, and gives the chunks back.
func drainChain(m *arena.Member, r *record, buf []byte) []byte {
	a := m.Arena()
	skip, left := 8*r.handles, int(r.size)
	var fresh strings.Builder // does not clear its memory before it is written to
	room := cap(buf)-len(buf) >= left
	if !room {
		fresh.Grow(len(buf) + left)
		fresh.Write(buf)
	}
	chain(a, r.first, func(ch arena.Chunk) {
		b := a.Bytes(ch)[chunkHeader:]
		n := min(skip, len(b))
		skip -= n
		b = b[n:]
		b = b[:min(left, len(b))]
		left -= len(b)
		if room {
			buf = append(buf, b...)
		} else {
			fresh.Write(b)
		}
		m.GiveChunk(ch)
	})
	if !room {
		buf = arena.TextBytes(fresh.String())
	}
	return buf
}

// giveChain gives back a chain in hand.
func giveChain(m *arena.Member, first arena.Chunk) { chain(m.Arena(), first, m.GiveChunk) }
