package prim

import (
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Semaphore is a counting semaphore shared by the family. A bounded one (see bounded.go) never rises above the value it
// started with, and gets back what a dead process had taken; of a plain one nobody knows who took what.
//
// The cell: F[0] is value<<1 | waiters, where the waiters bit says that somebody may sleep on the word; F[2] is the
// bound, and leftBit of a bounded one. A release clears the bit and wakes one sleeper if it was set. As with owner words whoever has slept sets the bit
// again in whatever it does next, and who leaves permits behind when it leaves wakes another: of two quick releases the
// second one may have found the bit cleared.
type Semaphore struct {
	object
	bounded bool
}

const (
	semWaiters = 1
	semOne     = 2
	// MaxValue is the largest value of a semaphore.
	MaxValue = 1<<31 - 1
)

// NewSemaphore makes a semaphore with value permits. The error is ErrValue if value is out of range, or says that the
// arena is full.
func NewSemaphore(m *arena.Member, value uint32, bounded bool) (*Semaphore, error) {
	if value > MaxValue {
		return nil, ErrValue
	}
	kind, bound := arena.KindSemaphore, uint32(MaxValue)
	if bounded {
		kind, bound = arena.KindBounded, value
	}
	h, c, err := m.NewCell(kind)
	if err != nil {
		return nil, err
	}
	s := &Semaphore{bounded: bounded}
	s.init(m, h, c)
	if bounded {
		if err := newLedger(m, h, c, bound); err != nil {
			s.Close()
			return nil, err
		}
	}
	c.F[2].Store(bound)
	c.F[0].Store(value * semOne)
	return s, nil
}

// OpenSemaphore opens the semaphore h, bounded or not, for m. It returns arena.ErrStale or arena.ErrKind if h names none.
func OpenSemaphore(m *arena.Member, h arena.Handle) (*Semaphore, error) {
	kind := arena.KindSemaphore
	if k, err := m.Arena().KindOf(h); err == nil && k == arena.KindBounded {
		kind = k
	}
	s := &Semaphore{bounded: kind == arena.KindBounded}
	if err := s.open(m, h, kind); err != nil {
		return nil, err
	}
	return s, nil
}

// Bounded reports whether the semaphore is bounded.
func (s *Semaphore) Bounded() bool { return s.bounded }

// Bound is the largest value that the semaphore can have.
func (s *Semaphore) Bound() uint32 {
	n := boundOf(s.c)
	runtime.KeepAlive(s)
	return n
}

// Value is the number of permits that are left; 0 after Close.
func (s *Semaphore) Value() uint32 {
	if s.closed.Load() {
		return 0
	}
	n := s.c.F[0].Load() / semOne
	runtime.KeepAlive(s)
	return n
}

// Acquire takes a permit, waiting for one as opt says, and reports whether it did: false means NoWait or that the
// deadline has passed. The error is futex.ErrCanceled or, after Close, arena.ErrStale.
func (s *Semaphore) Acquire(opt Opt) (bool, error) {
	if s.closed.Load() {
		return false, arena.ErrStale
	}
	defer runtime.KeepAlive(s)
	if s.take(0) {
		return true, nil
	}
	if opt.NoWait {
		return false, nil
	}
	return s.acquireSlow(opt)
}

// TryAcquire is Acquire without waiting, in fewer instructions.
func (s *Semaphore) TryAcquire() (bool, error) {
	if s.closed.Load() {
		return false, arena.ErrStale
	}
	ok := s.take(0)
	runtime.KeepAlive(s)
	return ok, nil
}

func (s *Semaphore) acquireSlow(opt Opt) (ok bool, err error) {
	w := &s.c.F[0]
	if futex.Spin(func() bool { return w.Load() >= semOne && s.take(0) }) {
		return true, nil
	}
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.leave()
	s.sleep(&opt, s.h, arena.OpAcquire, func() { ok, err = s.takeSleeping(&opt) })
	return ok, err
}

// takeSleeping takes a permit, asleep until there is one.
func (s *Semaphore) takeSleeping(opt *Opt) (bool, error) {
	w := &s.c.F[0]
	for {
		if s.take(semWaiters) {
			s.wakeOther()
			return true, nil
		}
		// take has set the bit.
		err := opt.wait(w, semWaiters)
		if err == nil {
			continue
		}
		ok := err == futex.ErrTimeout && s.take(semWaiters)
		s.wakeOther()
		if err == futex.ErrTimeout {
			err = nil
		}
		return ok, err
	}
}

// wakeOther is for one who has slept and leaves: it may leave permits behind that no sleeper was told of.
func (s *Semaphore) wakeOther() {
	w := &s.c.F[0]
	if w.Or(semWaiters) >= semOne {
		futex.Wake(w, 1)
	}
}

// take takes a permit if there is one. In any case it sets the bits of mark.
func (s *Semaphore) take(mark uint32) bool {
	if s.bounded {
		return s.takeBounded(mark)
	}
	w := &s.c.F[0]
	for {
		v := w.Load()
		if v < semOne {
			if v|mark == v || w.CompareAndSwap(v, v|mark) {
				return false
			}
			continue
		}
		if w.CompareAndSwap(v, (v-semOne)|mark) {
			return true
		}
	}
}

// Release gives a permit and wakes a waiter. It does not wait for anybody. The error is ErrBounded if the semaphore is at
// its bound or, after Close, arena.ErrStale.
func (s *Semaphore) Release() error {
	if s.closed.Load() {
		return arena.ErrStale
	}
	defer runtime.KeepAlive(s)
	if s.bounded {
		return s.giveBounded()
	}
	w := &s.c.F[0]
	for {
		v := w.Load()
		if v/semOne >= MaxValue {
			return ErrBounded
		}
		if w.CompareAndSwap(v, (v+semOne)&^semWaiters) {
			wakeIf(w, v)
			return nil
		}
	}
}

// wakeIf wakes a sleeper on w if the word's last value v says that there may be one.
func wakeIf(w *atomic.Uint32, v uint32) {
	if v&semWaiters != 0 {
		futex.Wake(w, 1)
	}
}
