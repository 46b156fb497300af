package prim

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// A chunk of a queue begins with four 32-bit words:
//
//	0  the next chunk in the list or chain; 0 in the last one
//	1  progress of a put: how many handles of the record being put are counted (under the tail lock)
//	2  progress of a get: how many handles of the record being got are no longer counted (under the head lock)
//	3  unused
//
// Then follow records, each on a multiple of 8. Their first word is
//
//	bits 0..31  small: length of the data. large: first chunk of the chain
//	bits 32..55 number of handles
//	bits 56..63 what it is: small, large, skip
//
// A small record goes on with its handles, 8 bytes each, and its data. A large one goes on with the length of its data, as 64
// bits; handles and data are in the chain. A skip says that the list goes on in the next chunk; there is always room for
// it: records end 8 bytes before the chunk does.
const (
	wordNext    = 0
	wordPut     = 4
	wordGot     = 8
	chunkHeader = 16

	recordsStart = chunkHeader
	recordsEnd   = arena.ChunkSize - 8

	smallRecord = 1
	largeRecord = 2
	skipRecord  = 3

	largeSize  = 16       // bytes of a large record
	maxSmall   = 16 << 10 // bytes of a small record at most
	maxHandles = 1<<24 - 1
)

// record is a record that is being read or written.
type record struct {
	kind    byte
	ch      arena.Chunk // where it is
	off     int
	handles int
	size    uint64      // bytes of data
	first   arena.Chunk // of the chain, for a large one
}

// length is the number of bytes that the record takes in the list.
func (r *record) length() int {
	switch r.kind {
	case smallRecord:
		return smallLength(r.handles, int(r.size))
	case largeRecord:
		return largeSize
	}
	return 8
}

func smallLength(handles, data int) int { return 8 + 8*handles + (data+7)&^7 }

func linkWord(a *arena.Arena, ch arena.Chunk) *atomic.Uint32 { return a.Word32(ch, wordNext) }

// readRecord reads the record at p, of which there must be one. Where it is in the next chunk, skipped is p's chunk.
func readRecord(a *arena.Arena, p position) (r record, skipped arena.Chunk) {
	r.read(a, p.chunk(), p.off())
	if r.kind == skipRecord {
		skipped = p.chunk()
		r.read(a, arena.Chunk(linkWord(a, skipped).Load()), recordsStart)
	}
	return r, skipped
}

func (r *record) read(a *arena.Arena, ch arena.Chunk, off int) {
	b := a.Bytes(ch)[off:]
	w := binary.NativeEndian.Uint64(b)
	*r = record{kind: byte(w >> 56), ch: ch, off: off, handles: int(w >> 32 & maxHandles)}
	if r.kind == largeRecord {
		r.first = arena.Chunk(uint32(w))
		r.size = binary.NativeEndian.Uint64(b[8:])
	} else {
		r.size = uint64(uint32(w))
	}
}

// write writes the record to its place, with handles and data if it is small.
func (r *record) write(a *arena.Arena, handles []arena.Handle, data []byte) {
	b := a.Bytes(r.ch)[r.off:]
	w := uint64(r.kind)<<56 | uint64(r.handles)<<32
	switch r.kind {
	case largeRecord:
		w |= uint64(r.first)
		binary.NativeEndian.PutUint64(b[8:], r.size)
	case smallRecord:
		w |= r.size
		for i, h := range handles {
			binary.NativeEndian.PutUint64(b[8+8*i:], uint64(h))
		}
		copy(b[8+8*len(handles):], data)
	}
	binary.NativeEndian.PutUint64(b, w)
}

// at is where the record is, with the sequence number seq: what pendingPut and pendingGet note.
func (r *record) at(seq uint32) position { return makePosition(r.ch, r.off, seq) }

// end is the position behind the record, for the message after seq.
func (r *record) end(seq uint32) position { return makePosition(r.ch, r.off+r.length(), seq+1) }

// handleList is the handles of the record.
func (r *record) handleList(a *arena.Arena) []arena.Handle {
	if r.handles == 0 {
		return nil
	}
	hs := make([]arena.Handle, r.handles)
	b, next := a.Bytes(r.ch)[r.off+8:], r.first
	for i := range hs {
		if r.kind == largeRecord && (i == 0 || len(b) == 0) {
			b = a.Bytes(next)[chunkHeader:]
			next = arena.Chunk(linkWord(a, next).Load())
		}
		hs[i] = arena.Handle(binary.NativeEndian.Uint64(b))
		b = b[8:]
	}
	return hs
}

// data copies a small record's data to the end of buf.
func (r *record) data(a *arena.Arena, buf []byte) []byte {
	off := r.off + 8 + 8*r.handles
	return append(buf, a.Bytes(r.ch)[off:off+int(r.size)]...)
}
