package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

func TestLock(t *testing.T) {
	ms := family(t, 2)
	a := must(NewLock(ms[0]))(t)
	b := must(OpenLock(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()

	wantErr(t, a.Release(), ErrNotHeld)
	ok, err := a.Acquire(Opt{})
	acquired(t, ok, err)
	if s, ok := b.Owner(); !ok || s != ms[0].ID() || !b.Locked() || !a.Mine(0) || a.Mine(1) || b.Mine(0) {
		t.Errorf("owner is %v %v, locked %v, mine %v %v %v", s, ok, b.Locked(), a.Mine(0), a.Mine(1), b.Mine(0))
	}
	for _, l := range []*Lock{a, b} { // not even the owner may take it again
		ok, err = l.Acquire(Opt{NoWait: true})
		refused(t, ok, err)
		ok, err = l.TryAcquire(0)
		refused(t, ok, err)
		ok, err = l.Acquire(soon())
		refused(t, ok, err)
	}
	wantErr(t, b.Release(), nil) // anybody may
	wantErr(t, b.Release(), ErrNotHeld)
	if b.Locked() {
		t.Error("locked after release")
	}
}

func TestLockHandsOver(t *testing.T) {
	for _, n := range []int{1, 3} {
		ms := family(t, n+1)
		a := must(NewLock(ms[0]))(t)
		ok, err := a.Acquire(Opt{})
		acquired(t, ok, err)
		var waits []func()
		for _, m := range ms[1:] {
			waits = append(waits, async(t, func() {
				l := must(OpenLock(m, a.Handle()))(t)
				defer l.Close()
				if ok, err := l.Acquire(Opt{}); !ok || err != nil {
					t.Errorf("got %v, %v", ok, err)
				}
				wantErr(t, l.Release(), nil)
			}))
			blocked(t, m, a.Handle(), arena.OpAcquire)
		}
		wantErr(t, a.Release(), nil)
		for _, wait := range waits {
			wait()
		}
		a.Close()
	}
}

// A sleeper that gives up must not take the wake-up of another one with it.
func TestLockCanceled(t *testing.T) {
	ms := family(t, 3)
	a := must(NewLock(ms[0]))(t)
	defer a.Close()
	for range 50 {
		ok, err := a.Acquire(Opt{})
		acquired(t, ok, err)
		var cancel futex.Cancel
		var waits []func()
		for i, m := range ms[1:] {
			waits = append(waits, async(t, func() {
				l := must(OpenLock(m, a.Handle()))(t)
				defer l.Close()
				opt := Opt{}
				if i == 0 {
					opt.Cancel = &cancel
				}
				ok, err := l.Acquire(opt)
				if ok {
					wantErr(t, l.Release(), nil)
				} else if i != 0 || err != futex.ErrCanceled {
					t.Errorf("member %d: got %v, %v", i, ok, err)
				}
			}))
			blocked(t, m, a.Handle(), arena.OpAcquire)
		}
		release := async(t, func() { wantErr(t, a.Release(), nil) })
		cancel.Cancel()
		release()
		for _, wait := range waits {
			wait()
		}
	}
}

func TestLockWaitRecord(t *testing.T) {
	ms := family(t, 2)
	a := must(NewLock(ms[0]))(t)
	defer a.Close()
	ok, err := a.Acquire(Opt{Pos: func() string { t.Error("position asked for without a sleep"); return "" }})
	acquired(t, ok, err)
	parked := 0
	wait := async(t, func() {
		l := must(OpenLock(ms[1], a.Handle()))(t)
		defer l.Close()
		l.Acquire(Opt{
			Pos:      func() string { return "main.star:7" },
			Deadline: futex.After(patience),
			Park:     func(sleep func()) { parked++; sleep() },
		})
		wantErr(t, l.Release(), nil)
	})
	if r := blocked(t, ms[1], a.Handle(), arena.OpAcquire); r.Pos != "main.star:7" || r.Until.IsZero() {
		t.Errorf("wait record %+v", r)
	}
	wantErr(t, a.Release(), nil)
	wait()
	if r, ok := ms[1].Slot().Waiting(); ok {
		t.Errorf("wait record stays: %+v", r)
	}
	if parked != 1 {
		t.Errorf("parked %d times, want 1", parked)
	}
}

func TestRLock(t *testing.T) {
	ms := family(t, 2)
	a := must(NewRLock(ms[0]))(t)
	b := must(OpenRLock(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()

	wantErr(t, a.Release(0), ErrNotOwner)
	ok, err := a.Acquire(Opt{Thread: 5})
	acquired(t, ok, err)
	for range 2 {
		ok, err = a.TryAcquire(5)
		acquired(t, ok, err)
	}
	if n := a.Count(); n != 3 || !a.Mine(5) || a.Mine(6) || b.Mine(5) {
		t.Errorf("count %d, mine %v %v %v", n, a.Mine(5), a.Mine(6), b.Mine(5))
	}
	ok, err = a.Acquire(Opt{Thread: 6, NoWait: true})
	refused(t, ok, err)
	ok, err = a.TryAcquire(6)
	refused(t, ok, err)
	ok, err = b.Acquire(Opt{Thread: 5, NoWait: true})
	refused(t, ok, err)
	wantErr(t, a.Release(6), ErrNotOwner)
	wantErr(t, b.Release(5), ErrNotOwner)
	for range 3 {
		if !a.Locked() {
			t.Error("free too early")
		}
		wantErr(t, a.Release(5), nil)
	}
	if a.Locked() || a.Count() != 0 {
		t.Error("locked after as many releases")
	}
	ok, err = b.TryAcquire(0)
	acquired(t, ok, err)
	wantErr(t, b.Release(0), nil)
}

// Objects that are closed, or whose cell is gone, answer with an error.
func TestClosed(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	lock, rlock := must(NewLock(m))(t), must(NewRLock(m))(t)
	sem, event := must(NewSemaphore(m, 1, true))(t), must(NewEvent(m))(t)
	cond, queue := must(NewCondition(m, nil))(t), must(NewQueue(m, 0))(t)
	for _, o := range []interface {
		Close()
		Handle() arena.Handle
	}{lock, rlock, sem, event, cond, queue} {
		o.Close()
		o.Close()
	}
	results := map[string]error{"rlock.Release": rlock.Release(0), "lock.Release": lock.Release(), "sem.Release": sem.Release(),
		"event.Set": event.Set(), "event.Clear": event.Clear(), "cond.Notify": cond.Notify(1, Opt{}), "queue.Put": queue.Put(nil, nil, Opt{})}
	_, results["lock.Acquire"] = lock.Acquire(Opt{})
	_, results["rlock.Acquire"] = rlock.Acquire(Opt{})
	_, results["lock.TryAcquire"] = lock.TryAcquire(0)
	_, results["rlock.TryAcquire"] = rlock.TryAcquire(0)
	_, results["sem.TryAcquire"] = sem.TryAcquire()
	_, results["sem.Acquire"] = sem.Acquire(Opt{})
	_, results["event.Wait"] = event.Wait(Opt{})
	_, results["cond.Wait"] = cond.Wait(Opt{})
	_, results["queue.Get"] = queue.Get(Opt{})
	_, results["OpenLock"] = OpenLock(m, lock.Handle())
	_, results["OpenRLock"] = OpenRLock(m, rlock.Handle())
	_, results["OpenLocker"] = OpenLocker(m, rlock.Handle())
	_, results["OpenSemaphore"] = OpenSemaphore(m, sem.Handle())
	_, results["OpenEvent"] = OpenEvent(m, event.Handle())
	_, results["OpenCondition"] = OpenCondition(m, cond.Handle())
	_, results["OpenQueue"] = OpenQueue(m, queue.Handle())
	_, results["NewCondition"] = NewCondition(m, lock)
	for what, err := range results {
		if err == nil || !errorsIsStale(err) {
			t.Errorf("%s: got %v, want arena.ErrStale", what, err)
		}
	}
	if lock.Locked() || rlock.Locked() || rlock.Count() != 0 || sem.Value() != 0 || event.IsSet() || cond.Waiters() != 0 || queue.Len() != 0 {
		t.Error("a closed object is not empty")
	}

	other := must(NewEvent(m))(t)
	defer other.Close()
	if _, err := OpenLock(m, other.Handle()); err == nil {
		t.Error("opened an event as a lock")
	}
	if m.Uses(other.Handle()) != 1 {
		t.Error("a failed open keeps a reference")
	}
}
