package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Event is a flag that members set, clear and wait for.
//
// The cell: F[0] is count<<2 | waiters<<1 | flag. count is how often the event was set, so that a waiter that wakes up
// after a set and a clear in quick succession still knows that it was set. The waiters bit says that somebody may sleep
// on the word; whoever sets the flag clears it in the same step and wakes all. Nothing is owned: a death leaves nothing
// but a wake undone, which the arena makes up for.
type Event struct{ object }

const (
	eventFlag    = 1
	eventWaiters = 2
	eventOne     = 4 // one count
)

// NewEvent makes an event that is not set. It returns an error if the arena is full.
func NewEvent(m *arena.Member) (*Event, error) {
	h, c, err := m.NewCell(arena.KindEvent)
	if err != nil {
		return nil, err
	}
	e := &Event{}
	e.init(m, h, c)
	return e, nil
}

// OpenEvent opens the event h for m. It returns arena.ErrStale or arena.ErrKind if h names no event.
func OpenEvent(m *arena.Member, h arena.Handle) (*Event, error) {
	e := &Event{}
	if err := e.open(m, h, arena.KindEvent); err != nil {
		return nil, err
	}
	return e, nil
}

// IsSet reports whether the event is set; false after Close.
func (e *Event) IsSet() bool {
	if e.closed.Load() {
		return false
	}
	v := e.c.F[0].Load()
	runtime.KeepAlive(e)
	return v&eventFlag != 0
}

// Set sets the event and wakes all who wait for it. It does not block. The error after Close is arena.ErrStale.
func (e *Event) Set() error {
	if e.closed.Load() {
		return arena.ErrStale
	}
	defer runtime.KeepAlive(e)
	w := &e.c.F[0]
	for {
		v := w.Load()
		if v&eventFlag != 0 {
			return nil
		}
		if w.CompareAndSwap(v, (v|eventFlag)&^eventWaiters+eventOne) {
			if v&eventWaiters != 0 {
				futex.Wake(w, futex.All)
			}
			return nil
		}
	}
}

// Clear clears the event. It does not block. The error after Close is arena.ErrStale.
func (e *Event) Clear() error {
	if e.closed.Load() {
		return arena.ErrStale
	}
	e.c.F[0].And(^uint32(eventFlag))
	runtime.KeepAlive(e)
	return nil
}

// Wait waits as opt says until the event is set, and reports whether it was at any time since the call: false means
// NoWait or that the deadline has passed. The error is futex.ErrCanceled or, after Close, arena.ErrStale.
func (e *Event) Wait(opt Opt) (bool, error) {
	if e.closed.Load() {
		return false, arena.ErrStale
	}
	defer runtime.KeepAlive(e)
	if e.c.F[0].Load()&eventFlag != 0 {
		return true, nil
	}
	if opt.NoWait {
		return false, nil
	}
	return e.waitSlow(opt)
}

func (e *Event) waitSlow(opt Opt) (ok bool, err error) {
	w := &e.c.F[0]
	first := w.Load()
	wasSet := func() bool {
		v := w.Load()
		return v&eventFlag != 0 || v/eventOne != first/eventOne
	}
	if futex.Spin(wasSet) {
		return true, nil
	}
	if err := e.enter(); err != nil {
		return false, err
	}
	defer e.leave()
	e.sleep(&opt, e.h, arena.OpWait, func() {
		for err == nil && !wasSet() {
			// By CAS from a value without the flag: the bit must never stand beside it, where nobody would clear it.
			v := w.Load()
			if v&eventFlag == 0 && (v&eventWaiters != 0 || w.CompareAndSwap(v, v|eventWaiters)) {
				err = opt.wait(w, v|eventWaiters)
			}
		}
		ok = wasSet()
	})
	if ok || err == futex.ErrTimeout {
		err = nil
	}
	return ok, err
}
