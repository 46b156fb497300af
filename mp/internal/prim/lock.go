package prim

import (
	"runtime"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Lock is a mutual exclusion lock shared by the family. Any member may release it, as with CPython's Lock, but one
// member, who took it last, owns it: when that process dies the lock is free again.
//
// The cell: F[0] is the owner word. F[1] is 1 from when an owner that left in good order gave the lock back until the next release:
// that process may have taken it for another one to release, which then finds it free and has done nothing wrong.
type Lock struct{ object }

var _ Locker = (*Lock)(nil)

// NewLock makes a free lock. It returns an error if the arena is full.
func NewLock(m *arena.Member) (*Lock, error) {
	h, c, err := m.NewCell(arena.KindLock)
	if err != nil {
		return nil, err
	}
	l := &Lock{}
	l.init(m, h, c)
	return l, nil
}

// OpenLock opens the lock h for m. It returns arena.ErrStale or arena.ErrKind if h names no lock.
func OpenLock(m *arena.Member, h arena.Handle) (*Lock, error) {
	l := &Lock{}
	if err := l.open(m, h, arena.KindLock); err != nil {
		return nil, err
	}
	return l, nil
}

// Acquire takes the lock, waiting for it as opt says, and reports whether it did: false means NoWait or that the deadline
// has passed. The error is futex.ErrCanceled or, after Close, arena.ErrStale.
func (l *Lock) Acquire(opt Opt) (bool, error) {
	if l.closed.Load() {
		return false, arena.ErrStale
	}
	ok, err := l.takeWord(ownerWord(l.thisSlot(), opt.Thread), opt)
	runtime.KeepAlive(l)
	return ok, err
}

// TryAcquire is Acquire for the given thread without waiting, in fewer instructions.
func (l *Lock) TryAcquire(thread uint32) (bool, error) {
	if l.closed.Load() {
		return false, arena.ErrStale
	}
	ok := l.c.F[0].CompareAndSwap(0, ownerWord(l.thisSlot(), thread))
	runtime.KeepAlive(l)
	return ok, nil
}

// Release frees the lock and wakes a waiter. It does not block. The error is ErrNotHeld if nobody had the lock, and no owner has
// left with it since the last release, or, after Close, arena.ErrStale.
func (l *Lock) Release() error {
	if l.closed.Load() {
		return arena.ErrStale
	}
	v := giveOwner(&l.c.F[0])
	if back := &l.c.F[1]; back.Load() != 0 {
		v |= back.Swap(0)
	}
	runtime.KeepAlive(l)
	if v == 0 {
		return ErrNotHeld
	}
	return nil
}

// Locked reports whether anybody has the lock.
func (l *Lock) Locked() bool {
	_, ok := l.Owner()
	return ok
}

// Owner is the slot that has the lock; ok is false if it is free.
func (l *Lock) Owner() (slot arena.SlotID, ok bool) { return l.owner() }

// Mine reports whether the given thread of this process took the lock.
func (l *Lock) Mine(thread uint32) bool {
	return !l.closed.Load() && l.c.F[0].Load()&^uint32(ownerWaiters) == ownerWord(l.thisSlot(), thread)
}

func (l *Lock) giveAll(uint32) (depth uint32) {
	giveOwner(&l.c.F[0])
	return 1
}

func (l *Lock) takeBack(_, slept uint32, opt Opt) (bool, error) {
	return l.takeWord(ownerWord(l.thisSlot(), opt.Thread)|slept, opt)
}

// word, owner and takeWord serve Lock and RLock, whose cells have the owner word in F[0].
func (o *object) word() *atomic.Uint32 { return &o.c.F[0] }

func (o *object) owner() (arena.SlotID, bool) {
	if o.closed.Load() {
		return 0, false
	}
	v := o.c.F[0].Load() & ownerSlot
	runtime.KeepAlive(o)
	if v == 0 {
		return 0, false
	}
	return arena.SlotID(v - 1), true
}

func (o *object) takeWord(me uint32, opt Opt) (bool, error) {
	if o.c.F[0].CompareAndSwap(0, me) {
		return true, nil
	}
	if opt.NoWait {
		return false, nil
	}
	return o.takeWordSlow(me, opt)
}

// takeWordSlow is apart so that what its closures need is not allocated where nobody waits. So are the others of the name.
func (o *object) takeWordSlow(me uint32, opt Opt) (ok bool, err error) {
	w := &o.c.F[0]
	if futex.Spin(func() bool { return w.Load() == 0 && w.CompareAndSwap(0, me) }) {
		return true, nil
	}
	if err := o.enter(); err != nil {
		return false, err
	}
	defer o.leave()
	o.sleep(&opt, o.h, arena.OpAcquire, func() { ok, err = takeOwner(w, me, &opt) })
	return ok, err
}

func recoverLock(m *arena.Member, _ arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	if dead == m.ID() && holdsOwner(c, dead) { // it leaves
		c.F[1].Store(1)
	}
	if !reclaimOwner(&c.F[0], dead) {
		return nil
	}
	return make([]arena.Warning, 1)
}

// holdsOwner reports whether slot has the lock in c, which has the owner word in F[0].
func holdsOwner(c *arena.Cell, slot arena.SlotID) bool {
	return c.F[0].Load()&ownerSlot == uint32(slot)+1
}
