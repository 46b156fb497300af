//go:build unix

package prim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

// segmentNames is how many names there are for all.
const segmentNames = 3

// playSegment makes segments and takes their names from them, others' too.
func playSegment(p *player) error {
	words := p.words(0)
	var held []*Segment
	for i := 0; ; i++ {
		name := fmt.Sprint("segment ", rand.IntN(segmentNames))
		size := 1 << rand.IntN(20)
		s, err := NewSegment(p.m, name, size)
		if errors.Is(err, ErrExists) {
			s, err = OpenSegment(p.m, name)
		}
		switch {
		case err == nil:
			if mem := s.Mem(); s.Name() != name || mem.Len() == 0 {
				words.W[wordBad].Add(1)
			} else {
				mem.Store8(mem.Len()-1, 1)
			}
			held = append(held, s)
		case !errors.Is(err, ErrNoSegment):
			return err
		}
		if err := UnlinkSegment(p.m, name); i%2 == 0 && err != nil && !errors.Is(err, ErrNoSegment) {
			return err
		}
		for len(held) > 4 {
			held[0].Close()
			held = held[1:]
		}
		words.W[wordDone].Add(1)
	}
}

// A name never refers to memory that is not there, and memory without a name goes with those who had it.
func TestKillSegment(t *testing.T) {
	m := mapped(t)
	k := newCrowd(t, m, 3, "segment")
	for range kills(100) {
		k.killOne(nil)
		k.goesOn(20)
	}
	k.end()
	for i := range segmentNames {
		if err := UnlinkSegment(m, fmt.Sprint("segment ", i)); err != nil {
			wantErr(t, err, ErrNoSegment)
		}
	}
	if st := m.Arena().Stats(); st.ByKind[arena.KindShared] != 0 || st.ChunksUsed != 0 {
		t.Errorf("%d pieces of memory, %d chunks are left", st.ByKind[arena.KindShared], st.ChunksUsed)
	}
}
