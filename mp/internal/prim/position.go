package prim

import "github.com/starmp/starmp/mp/internal/arena"

// A position is a place in a queue in one word, so that one store moves it:
//
//	bits 0..26  seq: how many messages came before it, modulo 1<<27
//	bits 27..39 offset in the chunk in units of 8 bytes
//	bits 40..63 chunk
type position uint64

const (
	seqBits = 27
	seqMask = 1<<seqBits - 1
	offBits = 13
	offMask = 1<<offBits - 1
)

func makePosition(ch arena.Chunk, off int, seq uint32) position {
	return position(ch)<<(seqBits+offBits) | position(off/8)<<seqBits | position(seq&seqMask)
}

func (p position) chunk() arena.Chunk { return arena.Chunk(p >> (seqBits + offBits)) }
func (p position) off() int           { return int(p>>seqBits&offMask) * 8 }
func (p position) seq() uint32        { return uint32(p) & seqMask }

// from is how many messages are between head and p.
func (p position) from(head position) uint32 { return (p.seq() - head.seq()) & seqMask }
