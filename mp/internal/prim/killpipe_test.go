//go:build unix

package prim

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
)

// playTalker sends numbers through its end, some with a lock, now and then large ones, and expects each back. handles: words,
// end, lock.
func playTalker(p *player) error {
	words := p.words(0)
	end, err := OpenPipeEnd(p.m, p.handles[1])
	for n := uint64(0); err == nil; n++ {
		data := make([]byte, 8+int(n%97)*300)
		binary.BigEndian.PutUint64(data, n)
		var handles []arena.Handle
		if n%3 == 0 {
			handles = p.handles[2:]
		}
		if err = end.Send(data, handles); err != nil {
			break
		}
		var msg Msg
		if msg, err = end.Recv(Opt{}); err == nil {
			if len(msg.Data) != len(data) || len(msg.Handles) != len(handles) {
				words.W[wordBad].Add(1)
			}
			msg.Release(p.m)
			words.W[wordDone].Add(1)
		}
	}
	return err
}

// A process that has the only other end is killed at random instants: whoever is left sees the end of file at once, whatever
// was under way, and nothing stays behind.
func TestKillPipe(t *testing.T) {
	m := mapped(t)
	lock := must(NewLock(m))(t)
	defer lock.Close()
	for range kills(40) {
		mine, theirs, err := NewPipe(m, true)
		wantErr(t, err, nil)
		k := newCrowd(t, m, 1, "talker", theirs.Handle(), lock.Handle())
		echoed := make(chan error)
		go func() {
			for {
				msg, err := mine.Recv(Opt{})
				if err == nil {
					err = mine.Send(msg.Data, msg.Handles)
					msg.Release(m)
				}
				if err != nil {
					echoed <- err
					return
				}
			}
		}()
		k.goesOn(1)
		theirs.Close()
		pause(time.Duration(rand.IntN(1_000_000)))
		k.end()
		if err := <-echoed; !errors.Is(err, ErrMute) && !errors.Is(err, ErrDeaf) {
			t.Errorf("after a death: %v", err)
		}
		mine.Close()
		m.Release(k.handles[0])
		if st := m.Arena().Stats(); st.CellsUsed != 1 || st.ChunksUsed != 0 {
			t.Fatalf("left: %v, %d chunks", st.ByKind, st.ChunksUsed)
		}
	}
}
