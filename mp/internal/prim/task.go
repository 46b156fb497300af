package prim

import (
	"encoding/binary"

	"github.com/starmp/starmp/mp/internal/arena"
)

// GetTask is Get for a worker whose death must cost exactly the message that it is at: before the message leaves the queue, its
// first 16 bytes are in the first two of the slot's task words, the first word of which is therefore not 0 and
// is the caller's to clear when the work is done. The data is appended to buf. A death while the message is still in the queue leaves that word 0. Messages must be 16
// bytes or longer.
func (q *Queue) GetTask(buf []byte, opt Opt) (Msg, error) {
	return q.get(got{msg: Msg{Data: buf}, note: true}, opt)
}

// noteTask notes the record r, the message at head, as the task of this slot. The third task word tells recovery
// which message the note is of; the first, which makes it valid, is stored last.
func noteTask(m *arena.Member, r *record, head position) {
	words := &m.Slot().Task
	words[2].Store(uint64(head))
	words[1].Store(r.word(m.Arena(), 1))
	words[0].Store(r.word(m.Arena(), 0))
}

// dropNote takes back the note of a message that did not leave the queue.
func dropNote(s *arena.Slot, head position) {
	if s.Task[2].Load() == uint64(head) {
		s.Task[0].Store(0)
	}
}

// word is the i-th 64-bit word of the record's data, which words of a chain do not straddle.
func (r *record) word(a *arena.Arena, i int) uint64 {
	off := 8*r.handles + 8*i
	if r.kind == smallRecord {
		return binary.LittleEndian.Uint64(a.Bytes(r.ch)[r.off+8+off:])
	}
	const room = arena.ChunkSize - chunkHeader
	ch := r.first
	for ; off >= room; off -= room {
		ch = arena.Chunk(linkWord(a, ch).Load())
	}
	return binary.LittleEndian.Uint64(a.Bytes(ch)[chunkHeader+off:])
}
