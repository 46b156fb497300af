package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Locker is a lock that a Condition can use: a *Lock or a *RLock.
type Locker interface {
	Handle() arena.Handle
	Close()
	Acquire(Opt) (bool, error)
	// Mine reports whether the given thread of this process has the lock.
	Mine(thread uint32) bool
	// Owner is the slot that has the lock; ok is false if it is free.
	Owner() (slot arena.SlotID, ok bool)

	// giveAll frees the lock however often thread, which has it, has taken it; takeBack takes it as often again, for one who may
	// have slept on its word if slept is ownerWaiters, else 0.
	giveAll(thread uint32) (depth uint32)
	takeBack(depth, slept uint32, opt Opt) (bool, error)
	// word is the owner word.
	word() *atomic.Uint32
}

// OpenLocker opens the Lock or RLock h for m. It returns arena.ErrStale or arena.ErrKind if h names neither.
func OpenLocker(m *arena.Member, h arena.Handle) (Locker, error) {
	k, err := m.Arena().KindOf(h)
	if err != nil {
		return nil, err
	}
	var l Locker
	if k == arena.KindRLock {
		l, err = OpenRLock(m, h)
	} else {
		l, err = OpenLock(m, h)
	}
	if err != nil {
		return nil, err // not l, which holds a nil pointer
	}
	return l, nil
}
