package prim

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

func errorsIsStale(err error) bool { return errors.Is(err, arena.ErrStale) }

func TestSemaphore(t *testing.T) {
	for _, bounded := range []bool{false, true} {
		for _, value := range []uint32{0, 1, 3, inlineEntries, inlineEntries + 1, 40} {
			ms := family(t, 2)
			a := must(NewSemaphore(ms[0], value, bounded))(t)
			b := must(OpenSemaphore(ms[1], a.Handle()))(t)
			if b.Bounded() != bounded || b.Value() != value {
				t.Fatalf("bounded %v, value %d, want %v, %d", b.Bounded(), b.Value(), bounded, value)
			}
			for i := range value {
				ok, err := []*Semaphore{a, b}[i%2].Acquire(Opt{})
				acquired(t, ok, err)
			}
			for _, s := range []*Semaphore{a, b} {
				ok, err := s.Acquire(Opt{NoWait: true})
				refused(t, ok, err)
				ok, err = s.Acquire(soon())
				refused(t, ok, err)
			}
			for range value {
				wantErr(t, b.Release(), nil) // half of them taken by the other
			}
			if bounded {
				wantErr(t, a.Release(), ErrBounded)
				if a.Value() != value || a.Bound() != value {
					t.Errorf("value %d of %d, want %d", a.Value(), a.Bound(), value)
				}
			} else {
				wantErr(t, a.Release(), nil)
				if a.Value() != value+1 {
					t.Errorf("value %d, want %d", a.Value(), value+1)
				}
			}
			a.Close()
			b.Close()
		}
	}
	ms := family(t, 1)
	_, err := NewSemaphore(ms[0], MaxValue+1, false)
	wantErr(t, err, ErrValue)
	s := must(NewSemaphore(ms[0], MaxValue, false))(t)
	defer s.Close()
	wantErr(t, s.Release(), ErrBounded)
}

// Every release finds its sleeper, also when several come before the first one is awake, or one gives up.
func TestSemaphoreWakes(t *testing.T) {
	for _, bounded := range []bool{false, true} {
		const n = 4
		ms := family(t, n+1)
		s := must(NewSemaphore(ms[0], n, bounded))(t)
		for round := range 30 {
			for range n {
				ok, err := s.Acquire(Opt{})
				acquired(t, ok, err)
			}
			var cancel futex.Cancel
			var got atomic.Int32
			var waits []func()
			for i, m := range ms[1:] {
				waits = append(waits, async(t, func() {
					s := must(OpenSemaphore(m, s.Handle()))(t)
					defer s.Close()
					opt := Opt{}
					if i == 0 {
						opt.Cancel = &cancel
					}
					ok, err := s.Acquire(opt)
					if ok {
						got.Add(1)
					} else if i != 0 || err != futex.ErrCanceled {
						t.Errorf("member %d: got %v, %v", i, ok, err)
					}
				}))
				blocked(t, m, s.Handle(), arena.OpAcquire)
			}
			giveUp := async(t, func() {
				if round%2 == 0 {
					cancel.Cancel()
				}
			})
			for range n {
				wantErr(t, s.Release(), nil)
			}
			giveUp()
			for _, wait := range waits {
				wait()
			}
			if left := s.Value(); int32(left)+got.Load() != n {
				t.Fatalf("%d permits left and %d taken, of %d", left, got.Load(), n)
			}
			for range got.Load() {
				wantErr(t, s.Release(), nil)
			}
		}
		s.Close()
	}
}

func TestBoundedGivesBack(t *testing.T) {
	for _, bound := range []uint32{4, 100} {
		ms := family(t, 2)
		s := must(NewSemaphore(ms[0], bound, true))(t)
		m := child(t, ms[0])
		c := must(OpenSemaphore(m, s.Handle()))(t)
		for range 3 {
			ok, err := c.Acquire(Opt{})
			acquired(t, ok, err)
		}
		ok, err := s.Acquire(Opt{})
		acquired(t, ok, err)
		wantErr(t, s.Release(), nil) // its own
		wantErr(t, s.Release(), nil) // one of the child's
		if w := ms[0].Reap(m.ID(), -9); len(w) != 1 || w[0].Kind != arena.KindBounded {
			t.Errorf("warnings %+v", w)
		}
		if s.Value() != bound {
			t.Errorf("value %d, want %d", s.Value(), bound)
		}
		wantErr(t, s.Release(), ErrBounded)
		s.Close()
	}
}

// child is a member whose death the test plays by Reap.
func child(t testing.TB, parent *arena.Member) *arena.Member {
	t.Helper()
	a := parent.Arena()
	s, err := a.TakeSlot(parent.ID(), "child")
	if err != nil {
		t.Fatal(err)
	}
	a.Slot(s).SetState(arena.SlotRunning)
	return a.Join(s)
}
