package arena

import (
	"math/bits"
	"sync/atomic"
)

// A freeSet finds something free without looking at everything. It holds hints, one bit a thing, and tops, one bit for each
// word of hints; the truth stands in the things' own state words.
//
// A hint that is set for a thing in use costs whoever follows it one look. A free thing without a hint is not found; that lasts
// only from the store of its state to the set that follows, or, when the process dies between the two, until the reaper's
// walk sets it. sweep in the callers restores such hints too, before they report that nothing is free.
type freeSet struct {
	tops, words []atomic.Uint64
	n           uint32         // number of things
	top         *atomic.Uint32 // high-water mark; nil if things come in by set alone
}

// set notes that i is free.
func (s *freeSet) set(i uint32) {
	w := i / 64
	s.words[w].Or(1 << (i % 64))
	if top, bit := &s.tops[w/64], uint64(1)<<(w%64); top.Load()&bit == 0 {
		top.Or(bit)
	}
}

// clear notes that i is in use.
func (s *freeSet) clear(i uint32) { s.words[i/64].And(^(uint64(1) << (i % 64))) }

// has reports whether i is noted as free.
func (s *freeSet) has(i uint32) bool { return s.words[i/64].Load()>>(i%64)&1 != 0 }

// find returns something that is probably free: first where the caller found or freed something last, then anywhere, then
// what was never used.
func (s *freeSet) find(last *atomic.Uint32) (uint32, bool) {
	if w := last.Load(); int(w) < len(s.words) {
		if v := s.words[w].Load(); v != 0 {
			return w*64 + uint32(bits.TrailingZeros64(v)), true
		}
	}
	for {
		if i, ok := s.search(last); ok {
			return i, true
		}
		if !s.grow() {
			return 0, false
		}
	}
}

func (s *freeSet) search(last *atomic.Uint32) (uint32, bool) {
	start := last.Load() / 64
	for k := range s.tops {
		t := (start + uint32(k)) % uint32(len(s.tops))
		for v := s.tops[t].Load(); v != 0; v &= v - 1 {
			bit := v & -v
			w := t*64 + uint32(bits.TrailingZeros64(v))
			if hints := s.words[w].Load(); hints != 0 {
				last.Store(w)
				return w*64 + uint32(bits.TrailingZeros64(hints)), true
			}
			// A set between the two lines below finds the top bit still there or is seen by the second.
			s.tops[t].And(^bit)
			if s.words[w].Load() != 0 {
				s.tops[t].Or(bit)
			}
		}
	}
	return 0, false
}

// grow raises the high-water mark by a word and sets the hints there.
func (s *freeSet) grow() bool {
	if s.top == nil {
		return false
	}
	from := s.top.Load()
	if from >= s.n {
		return false
	}
	to := min(from/64*64+64, s.n)
	if s.top.CompareAndSwap(from, to) {
		for i := from; i < to; i++ {
			s.set(i)
		}
	}
	return true
}
