package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// A segment is shared memory with a name. The name refers to it, so it lives until it is unlinked and nobody has it any more.
//
// The reference is a message (a flight) that the cell counts, and the mark that it is counted stands at the beginning of the
// memory, so a death leaves a name that is there or not. Names are looked up by a walk over all shared memory, under the
// arena's lock of the names: there are few, and they are looked up once each.
//
// The memory begins with 256 bytes: the mark in the first 32 bits, the length of the name in the next, the name, up to 248 bytes.
const (
	segmentTag  = 1 << 15 // set in the tag, which is the package's
	segmentMark = 0
	segmentLen  = 4
	segmentName = 8
	segmentHead = 256

	// MaxName is how long the name of a segment can be.
	MaxName = segmentHead - segmentName
)

// Segment is named shared memory.
type Segment struct{ Shared }

// NewSegment makes memory of size bytes with a name of at most MaxName bytes, under which no other is known: else the error is ErrExists. It
// also returns an error if the arena has no piece of that size.
func NewSegment(m *arena.Member, name string, size int) (*Segment, error) {
	if len(name) > MaxName {
		return nil, ErrName
	}
	// First made, which may take a while, then linked.
	shared, err := NewShared(m, segmentHead+size, segmentTag)
	if err != nil {
		return nil, err
	}
	head := shared.mem
	head.Store32(segmentLen, uint32(len(name)))
	copy(head.Bytes()[segmentName:], name)

	m.LockNames()
	if _, _, found := findSegment(m.Arena(), name); found {
		err = ErrExists
	} else {
		err = m.AddFlight(shared.h, segmentLink(m.Arena(), shared.c), 1)
	}
	m.UnlockNames()
	if err != nil {
		shared.Close()
		return nil, err
	}
	return newSegment(shared), nil
}

// OpenSegment opens the segment of that name for m. The error is ErrNoSegment if there is none.
func OpenSegment(m *arena.Member, name string) (*Segment, error) {
	m.LockNames()
	h, _, found := findSegment(m.Arena(), name)
	shared, err := (*Shared)(nil), ErrNoSegment
	if found {
		shared, err = OpenShared(m, h)
	}
	m.UnlockNames()
	if err != nil {
		return nil, err
	}
	return newSegment(shared), nil
}

// OpenSegmentHandle opens the segment h for m, also one that was unlinked. It returns arena.ErrStale or arena.ErrKind if h names
// none.
func OpenSegmentHandle(m *arena.Member, h arena.Handle) (*Segment, error) {
	shared, err := OpenShared(m, h)
	if err != nil {
		return nil, err
	}
	if shared.Tag() != segmentTag {
		shared.Close()
		return nil, arena.ErrKind
	}
	return newSegment(shared), nil
}

// newSegment makes a Segment of the reference that s is, which is used up.
func newSegment(s *Shared) *Segment {
	seg := &Segment{}
	seg.init(s.m, s.h, s.c)
	seg.mem = s.mem
	return seg
}

// UnlinkSegment takes the name from the segment that has it. Those who have the segment keep it. The error is ErrNoSegment if there is none.
func UnlinkSegment(m *arena.Member, name string) error {
	m.LockNames()
	h, c, found := findSegment(m.Arena(), name)
	err := ErrNoSegment
	if found {
		// A reference of our own, so that the memory isn't given back, which may take a while, under the lock.
		err = m.Retain(h)
	}
	if err == nil {
		m.DropFlight(h, segmentLink(m.Arena(), c), 0)
	}
	m.UnlockNames()
	if err == nil {
		m.Release(h)
	}
	return err
}

// Name is the name that the segment was made with.
func (s *Segment) Name() string { return segmentNameOf(s.mem) }

// Mem is the memory. It must not be used after Close.
func (s *Segment) Mem() arena.Mem { return s.mem.Part(segmentHead, s.mem.Len()-segmentHead) }

// segmentLink is the mark that the name's reference is counted.
func segmentLink(a *arena.Arena, c *arena.Cell) *atomic.Uint32 {
	return a.Word32(arena.Chunk(c.F[1].Load()), segmentMark)
}

func segmentNameOf(mem arena.Mem) string {
	n := min(int(mem.Load32(segmentLen)), MaxName)
	return string(mem.Bytes()[segmentName : segmentName+n])
}

// findSegment finds the segment that has the name. The lock of the names must be held: a segment that is found stays then.
func findSegment(a *arena.Arena, name string) (arena.Handle, *arena.Cell, bool) {
	for h, c := range a.Objects(arena.KindShared) {
		first := arena.Chunk(c.F[1].Load())
		if c.F[3].Load()>>16 != segmentTag || first == 0 || int(first) > a.Chunks() {
			continue
		}
		// The memory may become something else at any time, unless the mark holds it.
		mem := a.RunMem(first, 1)
		if mem.Load32(segmentMark) != 1 || segmentNameOf(mem) != name {
			continue
		}
		if k, err := a.KindOf(h); err == nil && k == arena.KindShared && c.F[1].Load() == uint32(first) {
			return h, c, true
		}
	}
	return 0, nil, false
}
