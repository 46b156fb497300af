package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

func TestEvent(t *testing.T) {
	ms := family(t, 2)
	a := must(NewEvent(ms[0]))(t)
	b := must(OpenEvent(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	for range 3 {
		if a.IsSet() {
			t.Error("set too early")
		}
		ok, err := b.Wait(Opt{NoWait: true})
		refused(t, ok, err)
		ok, err = b.Wait(soon())
		refused(t, ok, err)
		for range 2 {
			wantErr(t, a.Set(), nil)
		}
		if !b.IsSet() {
			t.Error("not set")
		}
		ok, err = b.Wait(Opt{})
		acquired(t, ok, err)
		ok, err = b.Wait(Opt{NoWait: true})
		acquired(t, ok, err)
		for range 2 {
			wantErr(t, b.Clear(), nil)
		}
	}
}

// All waiters see a set, also when it is cleared before they are awake.
func TestEventPulse(t *testing.T) {
	ms := family(t, 4)
	e := must(NewEvent(ms[0]))(t)
	defer e.Close()
	for range 50 {
		var waits []func()
		for _, m := range ms[1:] {
			waits = append(waits, async(t, func() {
				e := must(OpenEvent(m, e.Handle()))(t)
				defer e.Close()
				if ok, err := e.Wait(Opt{}); !ok || err != nil {
					t.Errorf("got %v, %v", ok, err)
				}
			}))
			blocked(t, m, e.Handle(), arena.OpWait)
		}
		wantErr(t, e.Set(), nil)
		wantErr(t, e.Clear(), nil)
		for _, wait := range waits {
			wait()
		}
	}
	var cancel futex.Cancel
	wait := async(t, func() {
		if ok, err := e.Wait(Opt{Cancel: &cancel}); ok || err != futex.ErrCanceled {
			t.Errorf("got %v, %v", ok, err)
		}
	})
	blocked(t, ms[0], e.Handle(), arena.OpWait)
	cancel.Cancel()
	wait()
}
