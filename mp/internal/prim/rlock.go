package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
)

// RLock is a lock that its owner, one thread of one process, may take again. It is free when it has been released as
// often as it was taken, or when its owner's process dies.
//
// The cell: F[0] is the owner word. W[0] is thread<<32 | depth, 0 while free, and is written only by the owner of F[0]:
// after taking it and before giving it. So a thread that finds its own slot in F[0] and itself in W[0] has the lock, for
// no other thread of its process can have left that value there.
type RLock struct{ object }

var _ Locker = (*RLock)(nil)

// NewRLock makes a free lock. It returns an error if the arena is full.
func NewRLock(m *arena.Member) (*RLock, error) {
	h, c, err := m.NewCell(arena.KindRLock)
	if err != nil {
		return nil, err
	}
	l := &RLock{}
	l.init(m, h, c)
	return l, nil
}

// OpenRLock opens the lock h for m. It returns arena.ErrStale or arena.ErrKind if h names no RLock.
func OpenRLock(m *arena.Member, h arena.Handle) (*RLock, error) {
	l := &RLock{}
	if err := l.open(m, h, arena.KindRLock); err != nil {
		return nil, err
	}
	return l, nil
}

// Acquire takes the lock, at once if opt.Thread has it already, else waiting for it as opt says, and reports whether it
// did: false means NoWait or that the deadline has passed. The error is futex.ErrCanceled or, after Close,
// arena.ErrStale.
func (l *RLock) Acquire(opt Opt) (bool, error) {
	if l.closed.Load() {
		return false, arena.ErrStale
	}
	defer runtime.KeepAlive(l)
	if l.mine(opt.Thread) {
		l.c.W[0].Store(l.c.W[0].Load() + 1)
		return true, nil
	}
	return l.takeBack(1, 0, opt)
}

// TryAcquire is Acquire for the given thread without waiting, in fewer instructions.
func (l *RLock) TryAcquire(thread uint32) (ok bool, err error) {
	if l.closed.Load() {
		return false, arena.ErrStale
	}
	depth := uint32(1)
	if l.mine(thread) {
		ok, depth = true, uint32(l.c.W[0].Load())+1
	} else {
		ok = l.c.F[0].CompareAndSwap(0, ownerWord(l.thisSlot(), thread))
	}
	if ok {
		l.c.W[0].Store(uint64(thread)<<32 | uint64(depth))
	}
	runtime.KeepAlive(l)
	return ok, nil
}

// Release undoes one Acquire of the given thread; the last one wakes a waiter. It does not block. The error is
// ErrNotOwner if that thread does not have the lock or, after Close, arena.ErrStale.
func (l *RLock) Release(thread uint32) error {
	if l.closed.Load() {
		return arena.ErrStale
	}
	if !l.mine(thread) {
		return ErrNotOwner
	}
	if v := l.c.W[0].Load(); uint32(v) > 1 {
		l.c.W[0].Store(v - 1)
	} else {
		l.giveAll(thread)
	}
	runtime.KeepAlive(l)
	return nil
}

// Locked reports whether anybody has the lock.
func (l *RLock) Locked() bool {
	_, ok := l.Owner()
	return ok
}

// Owner is the slot that has the lock; ok is false if it is free.
func (l *RLock) Owner() (slot arena.SlotID, ok bool) { return l.owner() }

// Mine reports whether the given thread of this process has the lock.
func (l *RLock) Mine(thread uint32) bool { return !l.closed.Load() && l.mine(thread) }

// Count is how often the owner has taken the lock; 0 while it is free.
func (l *RLock) Count() uint32 {
	if l.closed.Load() {
		return 0
	}
	n := uint32(l.c.W[0].Load())
	runtime.KeepAlive(l)
	return n
}

func (l *RLock) mine(thread uint32) bool {
	if l.c.F[0].Load()&ownerSlot != l.thisSlot() {
		return false
	}
	v := l.c.W[0].Load()
	return v != 0 && uint32(v>>32) == thread
}

func (l *RLock) giveAll(uint32) (depth uint32) {
	depth = uint32(l.c.W[0].Load())
	l.c.W[0].Store(0)
	giveOwner(&l.c.F[0])
	return depth
}

func (l *RLock) takeBack(depth, slept uint32, opt Opt) (bool, error) {
	ok, err := l.takeWord(ownerWord(l.thisSlot(), opt.Thread)|slept, opt)
	if ok {
		l.c.W[0].Store(uint64(opt.Thread)<<32 | uint64(depth))
	}
	return ok, err
}

func recoverRLock(_ *arena.Member, _ arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	if c.F[0].Load()&ownerSlot == uint32(dead)+1 {
		c.W[0].Store(0)
	}
	if !reclaimOwner(&c.F[0], dead) {
		return nil
	}
	return make([]arena.Warning, 1)
}
