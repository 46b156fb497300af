package arena

import (
	"sync/atomic"
	"unsafe"
)

// Mem is a piece of the arena's memory that is read and written in numbers of 1, 2, 4 or 8 bytes. Each access is one access of the
// machine: a number that others write meanwhile is seen as before or as after, never half. Offsets are in bytes and must be
// multiples of the number's size; one outside of the memory panics. The object that the memory belongs to must be kept
// by the caller.
type Mem struct {
	p unsafe.Pointer
	n int
}

// Inline is the memory of the kind's own words W of c.
func (c *Cell) Inline() Mem { return Mem{unsafe.Pointer(&c.W[0]), int(unsafe.Sizeof(c.W))} }

// RunMem is the memory of the n chunks from c on.
func (a *Arena) RunMem(c Chunk, n int) Mem {
	b := a.RunBytes(c, n)
	return Mem{unsafe.Pointer(unsafe.SliceData(b)), len(b)}
}

// Part is the n bytes from off on; off must be a multiple of 8.
func (m Mem) Part(off, n int) Mem {
	if off < 0 || n < 0 || off > m.n || n > m.n-off || off&7 != 0 {
		panic("BUG: arena: part is outside of the memory")
	}
	return Mem{unsafe.Add(m.p, off), n}
}

// Len is the number of bytes.
func (m Mem) Len() int { return m.n }

// Bytes is the memory as bytes, for copies: what others write meanwhile may be seen in part.
func (m Mem) Bytes() []byte { return unsafe.Slice((*byte)(m.p), m.n) }

// Text is b as a string, not copied: b must not be written to any more.
func Text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// TextBytes is s as bytes, not copied. They may be written to if nobody has the string.
func TextBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func (m Mem) at(off, size int) unsafe.Pointer {
	if uint(off) > uint(m.n-size) || off&(size-1) != 0 {
		panic("BUG: arena: access outside of the memory")
	}
	return unsafe.Add(m.p, off)
}

// Load8 is the byte at off.
func (m Mem) Load8(off int) uint8 { return *(*uint8)(m.at(off, 1)) }

// Store8 writes the byte at off.
func (m Mem) Store8(off int, v uint8) { *(*uint8)(m.at(off, 1)) = v }

// Load16 is the number at off.
func (m Mem) Load16(off int) uint16 { return *(*uint16)(m.at(off, 2)) }

// Store16 writes the number at off.
func (m Mem) Store16(off int, v uint16) { *(*uint16)(m.at(off, 2)) = v }

// Load32 is the number at off.
func (m Mem) Load32(off int) uint32 { return (*atomic.Uint32)(m.at(off, 4)).Load() }

// Store32 writes the number at off.
func (m Mem) Store32(off int, v uint32) { (*atomic.Uint32)(m.at(off, 4)).Store(v) }

// Load64 is the number at off.
func (m Mem) Load64(off int) uint64 { return (*atomic.Uint64)(m.at(off, 8)).Load() }

// Store64 writes the number at off.
func (m Mem) Store64(off int, v uint64) { (*atomic.Uint64)(m.at(off, 8)).Store(v) }
