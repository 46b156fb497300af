//go:build unix

package prim

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

// exclusive is a critical section that notices when it is not.
func exclusive(words *arena.Cell) {
	pid := uint64(os.Getpid())
	if other := words.W[wordBusy].Load(); other != 0 && syscall.Kill(int(other), 0) == nil {
		words.W[wordBad].Add(1)
	}
	words.W[wordBusy].Store(pid)
	for range rand.IntN(50) {
		if words.W[wordBusy].Load() != pid {
			words.W[wordBad].Add(1)
		}
	}
	words.W[wordBusy].Store(0)
	words.W[wordDone].Add(1)
}

func playLock(p *player) error {
	words := p.words(0)
	lock, err := OpenLocker(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = lock.Acquire(sometimes(i)); !ok {
			continue
		}
		again := i%5 == 0
		if r, isR := lock.(*RLock); isR && again {
			if ok, err = r.Acquire(Opt{}); !ok || err != nil {
				break
			}
			exclusive(words)
			err = r.Release(0)
		} else {
			exclusive(words)
		}
		lock.giveAll(0)
	}
	return err
}

func TestKillLock(t *testing.T) {
	m := mapped(t)
	lock, rlock := must(NewLock(m))(t), must(NewRLock(m))(t)
	for _, l := range []interface {
		Locker
		Locked() bool
	}{lock, rlock} {
		k := newCrowd(t, m, 3, "lock", l.Handle())
		freed := 0
		for range kills(75) {
			var owned bool
			w := k.killOne(func(p *process) {
				s, ok := l.Owner()
				owned = ok && s == p.slot
			})
			if owned {
				freed++
			}
			if owned != (len(w) == 1) || owned && (w[0].Handle != l.Handle() || w[0].DeadName != "lock" || w[0].DeadPid == 0) {
				t.Fatalf("owned %v, warnings %+v", owned, w)
			}
			k.goesOn(20)
		}
		t.Logf("%d of %d died with the lock, after %d operations", freed, kills(75), k.done())
		k.end()
		if l.Locked() {
			t.Error("lock is held by nobody alive")
		}
		l.Close()
	}
}

func playBounded(p *player) error {
	words := p.words(0)
	sem, err := OpenSemaphore(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = sem.Acquire(sometimes(i)); ok {
			words.W[wordDone].Add(1)
			err = sem.Release()
		}
	}
	return err
}

func TestKillBounded(t *testing.T) {
	for _, bound := range []uint32{2, 20} {
		m := mapped(t)
		sem := must(NewSemaphore(m, bound, true))(t)
		// With 20 permits nobody would ever wait: take most of them.
		for range bound - 2 {
			ok, err := sem.Acquire(Opt{})
			acquired(t, ok, err)
		}
		k := newCrowd(t, m, 4, "bounded", sem.Handle())
		for range kills(50) {
			k.killOne(nil)
			k.goesOn(20)
		}
		k.end()
		for range bound - 2 {
			wantErr(t, sem.Release(), nil)
		}
		if sem.Value() != bound {
			t.Errorf("value %d, want %d", sem.Value(), bound)
		}
		wantErr(t, sem.Release(), ErrBounded)
	}
}

func playSemaphore(p *player) error {
	words := p.words(0)
	sem, err := OpenSemaphore(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = sem.Acquire(sometimes(i)); ok {
			words.W[wordDone].Add(1)
		}
	}
	return err
}

// A plain semaphore loses at most the permit that the dead one had just taken, and no wake-up.
func TestKillSemaphore(t *testing.T) {
	m := mapped(t)
	sem := must(NewSemaphore(m, 0, false))(t)
	k := newCrowd(t, m, 3, "semaphore", sem.Handle())
	n := kills(50)
	released := 0
	for i := range n {
		for range 1 + rand.IntN(5) {
			wantErr(t, sem.Release(), nil)
			released++
		}
		k.killOne(nil)
		eventually(t, "permits to be taken", func() bool { return sem.Value() == 0 && k.done()+uint64(i)+1 >= uint64(released) })
	}
	k.end()
}

func playSetter(p *player) error {
	words := p.words(0)
	e, err := OpenEvent(p.m, p.handles[1])
	for err == nil {
		if err = e.Set(); err == nil {
			err = e.Clear()
		}
		words.W[wordDone].Add(1)
	}
	return err
}

func playWaiter(p *player) error {
	words := p.words(0)
	e, err := OpenEvent(p.m, p.handles[1])
	for err == nil {
		_, err = e.Wait(Opt{})
		words.W[wordDone].Add(1)
	}
	return err
}

func TestKillEvent(t *testing.T) {
	m := mapped(t)
	e := must(NewEvent(m))(t)
	setters := newCrowd(t, m, 2, "setter", e.Handle())
	var waiters []*crowd // of one each, with words of their own
	for range 2 {
		waiters = append(waiters, newCrowd(t, m, 1, "waiter", e.Handle()))
	}
	for i := range kills(100) {
		if i%2 == 0 {
			setters.killOne(nil)
		} else {
			waiters[i/2%2].killOne(nil)
		}
		setters.goesOn(5)
		for _, w := range waiters {
			w.goesOn(2)
		}
	}
	setters.end()
	for _, w := range waiters {
		w.end()
	}
	wantErr(t, e.Clear(), nil)
	if v := e.c.F[0].Load() & eventFlag; v != 0 {
		t.Errorf("word is %#x", v)
	}
}

func playCondition(p *player) error {
	words := p.words(0)
	c, err := OpenCondition(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		if _, err = c.Lock().Acquire(Opt{}); err != nil {
			break
		}
		for words.W[wordTokens].Load() == 0 && err == nil {
			_, err = c.Wait(sometimes(i + 2*int(p.m.ID())))
			i++
		}
		if err == nil {
			words.W[wordTokens].Add(^uint64(0))
			words.W[wordDone].Add(1)
		}
		c.Lock().giveAll(0)
	}
	return err
}

// Whoever is notified takes a token. No token stays behind while somebody waits.
func TestKillCondition(t *testing.T) {
	m := mapped(t)
	lock := must(NewLock(m))(t)
	c := must(NewCondition(m, lock))(t)
	k := newCrowd(t, m, 4, "condition", c.Handle())
	for range kills(100) {
		give := 1 + rand.IntN(3)
		with(t, c, func() {
			k.words.W[wordTokens].Add(uint64(give))
			wantErr(t, c.Notify(give, Opt{}), nil)
		})
		if w := k.killOne(nil); len(w) > 0 {
			// It died with the lock: notified, perhaps, and with a token not taken.
			with(t, c, func() { wantErr(t, c.Notify(1, Opt{}), nil) })
		}
		eventually(t, "tokens to be taken", func() bool { return k.words.W[wordTokens].Load() == 0 })
	}
	k.end()
	if n := c.Waiters(); n != 0 {
		t.Errorf("%d waiters", n)
	}
}
