//go:build unix

package prim

import (
	"errors"
	"runtime"
	"testing"
)

// playBarrier waits at the barrier again and again. While it is broken it looks whether somebody has reset it.
func playBarrier(p *player) error {
	words := p.words(0)
	b, err := OpenBarrier(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var action func() error
		if i%3 == 0 {
			action = func() error {
				exclusive(words)
				return nil
			}
		}
		if _, err = b.Wait(Opt{}, action); errors.Is(err, ErrBroken) {
			for b.Broken() {
				runtime.Gosched()
			}
			err = nil
			continue
		}
		words.W[wordDone].Add(1)
	}
	return err
}

// Nobody waits for a dead party: either it had come, and the others are told, or its successor comes in its place.
func TestKillBarrier(t *testing.T) {
	m := mapped(t)
	b := must(NewBarrier(m, 3))(t)
	k := newCrowd(t, m, 3, "barrier", b.Handle())
	broken := 0
	for range kills(100) {
		k.killOne(nil)
		if b.Broken() {
			broken++
			wantErr(t, b.Reset(), nil)
		}
		k.goesOn(20)
	}
	t.Logf("%d of %d deaths broke the barrier, after %d waits", broken, kills(100), k.done())
	k.end()
	b.Close()
}
