package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// condFamily has a condition, opened by each member.
func condFamily(t testing.TB, ms []*arena.Member, lock Locker) []*Condition {
	cs := make([]*Condition, len(ms))
	cs[0] = must(NewCondition(ms[0], lock))(t)
	for i, m := range ms[1:] {
		cs[i+1] = must(OpenCondition(m, cs[0].Handle()))(t)
	}
	for _, c := range cs {
		t.Cleanup(c.Close)
	}
	return cs
}

func with(t testing.TB, c *Condition, f func()) {
	t.Helper()
	ok, err := c.Lock().Acquire(Opt{})
	acquired(t, ok, err)
	f()
	switch l := c.Lock().(type) {
	case *Lock:
		err = l.Release()
	case *RLock:
		err = l.Release(0)
	}
	wantErr(t, err, nil)
}

// waitsIn lets c's member wait, with the lock taken depth times, and returns a function that returns what came of it.
func waitsIn(t testing.TB, c *Condition, depth int, opt Opt) func() (bool, error) {
	var ok bool
	var err error
	before := c.Waiters()
	wait := async(t, func() {
		for range depth {
			c.Lock().Acquire(Opt{})
		}
		ok, err = c.Wait(opt)
		if !c.Lock().Mine(0) {
			t.Error("wait ended without the lock")
		}
		for range depth {
			switch l := c.Lock().(type) {
			case *Lock:
				wantErr(t, l.Release(), nil)
			case *RLock:
				wantErr(t, l.Release(0), nil)
			}
		}
	})
	if opt.Deadline == 0 {
		blocked(t, c.m, c.Handle(), arena.OpWait)
		eventually(t, "waiter", func() bool { return c.Waiters() == before+1 })
	}
	return func() (bool, error) { wait(); return ok, err }
}

func TestCondition(t *testing.T) {
	ms := family(t, 4)
	lock := must(NewLock(ms[0]))(t)
	t.Cleanup(lock.Close)
	for _, l := range []Locker{nil, lock} {
		cs := condFamily(t, ms, l)
		depth := 3
		if l != nil {
			depth = 1
		}
		_, err := cs[0].Wait(Opt{})
		wantErr(t, err, ErrWaitNotHeld)
		wantErr(t, cs[0].Notify(1, Opt{}), ErrNotifyNotHeld)
		with(t, cs[0], func() {
			wantErr(t, cs[0].NotifyAll(Opt{}), nil)
			wantErr(t, cs[0].Notify(-1, Opt{}), nil)
			wantErr(t, cs[0].Notify(1, Opt{Thread: 1}), ErrNotifyNotHeld)
			ok, err := cs[0].Wait(Opt{NoWait: true})
			refused(t, ok, err)
			ok, err = cs[0].Wait(soon())
			refused(t, ok, err)
		})

		// First come, first notified.
		var results []func() (bool, error)
		for _, c := range cs[1:] {
			results = append(results, waitsIn(t, c, depth, Opt{}))
		}
		for i, result := range results {
			with(t, cs[0], func() { wantErr(t, cs[0].Notify(1, Opt{}), nil) })
			ok, err := result()
			acquired(t, ok, err)
			if n := cs[0].Waiters(); n != len(results)-i-1 {
				t.Errorf("%d waiters", n)
			}
		}

		results = nil
		for _, c := range cs[1:] {
			results = append(results, waitsIn(t, c, depth, Opt{}))
		}
		with(t, cs[0], func() { wantErr(t, cs[0].Notify(2, Opt{}), nil) })
		for _, result := range results[:2] {
			ok, err := result()
			acquired(t, ok, err)
		}
		results = append(results[2:], waitsIn(t, cs[1], depth, Opt{}))
		with(t, cs[0], func() { wantErr(t, cs[0].NotifyAll(Opt{}), nil) })
		for _, result := range results {
			ok, err := result()
			acquired(t, ok, err)
		}
	}
}

// Who gives up takes no notification from those behind it.
func TestConditionGivesUp(t *testing.T) {
	ms := family(t, 4)
	cs := condFamily(t, ms, nil)
	for range 20 {
		var cancel futex.Cancel
		canceled := waitsIn(t, cs[1], 1, Opt{Cancel: &cancel})
		timedOut := waitsIn(t, cs[2], 1, soon())
		ok, err := timedOut()
		refused(t, ok, err)
		stays := waitsIn(t, cs[3], 1, Opt{})
		cancel.Cancel()
		if ok, err := canceled(); ok || err != futex.ErrCanceled {
			t.Fatalf("got %v, %v", ok, err)
		}
		with(t, cs[0], func() { wantErr(t, cs[0].Notify(1, Opt{}), nil) })
		ok, err = stays()
		acquired(t, ok, err)
	}
	// The line does not grow with the number of those who gave up.
	for range 3 * maxWaiters {
		with(t, cs[0], func() { cs[0].Wait(Opt{NoWait: true}) })
	}
}

// Many threads of one process may wait, but not without limit.
func TestConditionIsFull(t *testing.T) {
	ms := family(t, 1)
	c := condFamily(t, ms, nil)[0]
	with(t, c, func() { c.Wait(Opt{NoWait: true}) })
	l := openWaiters(ms[0].Arena(), c.c)
	for range maxWaiters {
		if _, _, err := l.add(self(ms[0])); err != nil {
			t.Fatal(err)
		}
	}
	with(t, c, func() {
		_, err := c.Wait(Opt{NoWait: true})
		wantErr(t, err, ErrWaiters)
		if !c.Lock().Mine(0) {
			t.Error("lock is gone")
		}
	})
	for i := range maxWaiters {
		l.remove(i)
	}
	if n := l.used(); n != 0 {
		t.Errorf("%d entries left", n)
	}
}

// A notification whose waiter died before it had the lock goes to the next one.
func TestConditionPassesOn(t *testing.T) {
	ms := family(t, 2)
	cs := condFamily(t, ms, nil)
	m := child(t, ms[0])
	dead := must(OpenCondition(m, cs[0].Handle()))(t)
	// What Wait does, up to the sleep.
	with(t, cs[0], func() { cs[0].Wait(Opt{NoWait: true}) })
	l := openWaiters(m.Arena(), dead.c)
	if _, _, err := l.add(self(m)); err != nil {
		t.Fatal(err)
	}
	result := waitsIn(t, cs[1], 1, Opt{})
	with(t, cs[0], func() { wantErr(t, cs[0].Notify(1, Opt{}), nil) })
	if n := cs[0].Waiters(); n != 1 {
		t.Errorf("%d waiters, want 1", n)
	}
	if w := ms[0].Reap(m.ID(), -9); len(w) != 0 {
		t.Errorf("warnings %+v", w)
	}
	ok, err := result()
	acquired(t, ok, err)
}

// The condition keeps its lock alive, wherever it is.
func TestConditionKeepsLock(t *testing.T) {
	ms := family(t, 2)
	c := must(NewCondition(ms[0], nil))(t)
	lock := c.Lock().Handle()
	q := must(NewQueue(ms[0], 0))(t)
	defer q.Close()
	wantErr(t, q.Put(nil, []arena.Handle{c.Handle()}, Opt{}), nil)
	c.Close()
	q1 := must(OpenQueue(ms[1], q.Handle()))(t)
	defer q1.Close()
	msg := must(q1.Get(Opt{}))(t)
	c1 := must(OpenCondition(ms[1], msg.Handles[0]))(t)
	msg.Release(ms[1])
	if c1.Lock().Handle() != lock {
		t.Error("another lock")
	}
	with(t, c1, func() {})
	c1.Close()
	if _, err := OpenRLock(ms[1], lock); !errorsIsStale(err) {
		t.Errorf("got %v, want the lock gone", err)
	}
}

// Who has been notified waits for the lock, and has it whoever releases it: the notifier, another process, or the reaper of the
// notifier. One who waits for the lock alone is not forgotten beside them.
func TestConditionNotifiedWaitsForLock(t *testing.T) {
	ms := family(t, 4)
	lock := must(NewLock(ms[0]))(t)
	t.Cleanup(lock.Close)
	cs := condFamily(t, ms, lock)
	for _, end := range []string{"release", "release by another", "death"} {
		m := child(t, ms[0])
		c := must(OpenCondition(m, cs[0].Handle()))(t)
		results := []func() (bool, error){waitsIn(t, cs[1], 1, Opt{}), waitsIn(t, cs[2], 1, Opt{})}
		ok, err := c.Lock().Acquire(Opt{})
		acquired(t, ok, err)
		alone := async(t, func() {
			ok, err := cs[3].Lock().Acquire(Opt{})
			acquired(t, ok, err)
			wantErr(t, cs[3].Lock().(*Lock).Release(), nil)
		})
		blocked(t, ms[3], lock.Handle(), arena.OpAcquire)
		wantErr(t, c.NotifyAll(Opt{}), nil)
		if n := cs[0].Waiters(); n != 0 {
			t.Errorf("%d have not been notified", n)
		}
		switch end {
		case "release":
			wantErr(t, c.Lock().(*Lock).Release(), nil)
		case "release by another":
			wantErr(t, lock.Release(), nil)
		}
		if end == "death" {
			ms[0].Reap(m.ID(), -9)
		} else {
			c.Close()
			m.Leave()
			ms[0].Reap(m.ID(), 0)
		}
		alone()
		for _, result := range results {
			ok, err := result()
			acquired(t, ok, err)
		}
	}
}

// A wait can be cancelled after its notification, while somebody else has the lock.
func TestConditionCancelNotified(t *testing.T) {
	ms := family(t, 2)
	cs := condFamily(t, ms, nil)
	var cancel futex.Cancel
	wait := async(t, func() {
		ok, err := cs[1].Lock().Acquire(Opt{})
		acquired(t, ok, err)
		_, err = cs[1].Wait(Opt{Cancel: &cancel})
		wantErr(t, err, futex.ErrCanceled)
	})
	blocked(t, ms[1], cs[1].Handle(), arena.OpWait)
	with(t, cs[0], func() {
		wantErr(t, cs[0].Notify(1, Opt{}), nil)
		cancel.Cancel()
		wait()
	})
}
