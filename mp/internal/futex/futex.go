package futex

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTimeout is returned by a wait whose deadline has passed while the word kept its value.
var ErrTimeout = errors.New("wait timed out")

// ErrCanceled is returned by a wait whose Cancel was canceled.
var ErrCanceled = errors.New("wait canceled")

// AllBits is the set of bits that [Wait] waits for and [Wake] wakes.
const AllBits = ^uint32(0)

// All as a number of waiters wakes every one.
const All = 1<<31 - 1

// A Deadline is a point in time, in nanoseconds of the kernel's monotonic clock. 0 means none: wait for ever.
type Deadline int64

// After is the deadline that is d from now. A d that is zero or negative gives a deadline that has passed.
func After(d time.Duration) Deadline {
	now := Now()
	if d > 0 && now+Deadline(d) < now {
		return 1<<63 - 1
	}
	return max(now+Deadline(d), 1)
}

// Remaining is the time until the deadline, negative when it has passed. It must not be asked of a zero deadline.
func (dl Deadline) Remaining() time.Duration { return time.Duration(dl - Now()) }

// epoch ties Go's monotonic clock, which is read without a system call, to the kernel's, which deadlines are in. Both
// tick alike; they differ in where they start. Go's clock is read first, so that a deadline is a moment late rather than
// early.
var epoch = sync.OnceValue(func() (e struct {
	start time.Time
	nano  int64
}) {
	e.start = time.Now()
	e.nano = monotonic()
	return e
})

// Now is the present on the clock of deadlines. It does not block.
func Now() Deadline {
	e := epoch()
	return Deadline(e.nano + int64(time.Since(e.start)))
}

// Wait blocks while *w is old, until a Wake of w, the deadline (ErrTimeout) or c (ErrCanceled). nil means that the caller
// must look again: it was woken, *w is not old, or nothing happened at all. c may be nil. w may be any aligned word in
// memory that its wakers share; it must stay mapped.
//
// A wait that ends with an error may have consumed a Wake of one waiter. A caller whose wakers wake one at a time
// passes it on; where *w differs from old, the change is reported, not the error.
func Wait(w *atomic.Uint32, old uint32, dl Deadline, c *Cancel) error {
	return WaitBits(w, old, AllBits, dl, c)
}

// WaitBits is Wait for wakers that share at least one bit with bits, which must not be 0.
func WaitBits(w *atomic.Uint32, old, bits uint32, dl Deadline, c *Cancel) error {
	if c == nil {
		return wait(w, old, bits, dl, nil)
	}
	c.enter(w)
	defer c.leave(w)
	if c.Canceled() {
		return ErrCanceled
	}
	err := wait(w, old, bits, dl, c)
	if err == nil && c.Canceled() && w.Load() == old {
		return ErrCanceled
	}
	return err
}

// Wake wakes up to n waiters of w and returns how many there were; 0 where waiting is done by polling. It does not
// block.
func Wake(w *atomic.Uint32, n int) (woken int) { return wake(w, n, AllBits) }

// WakeBits is Wake for waiters that share at least one bit with bits, which must not be 0.
func WakeBits(w *atomic.Uint32, n int, bits uint32) (woken int) { return wake(w, n, bits) }

// WaitMovable is Wait for wakers that may [Move] the waiter to the word to: a Wake of that word ends it then, and so does c.
func WaitMovable(w, to *atomic.Uint32, old uint32, dl Deadline, c *Cancel) error {
	if c != nil {
		c.enter(to)
		defer c.leave(to)
	}
	return Wait(w, old, dl, c)
}

// Move makes up to n waiters of w, which called WaitMovable, sleep on as waiters of to, without waking them, and returns how many
// there were; 0 where waiting is done by polling. Like a waker, the caller changes w first. Where the kernel cannot move them
// they are woken. It does not block.
func Move(w, to *atomic.Uint32, n int) (moved int) { return move(w, to, n) }

// WaitAny is Wait for several words, which it returns for as soon as one of them is woken or differs from its value in old. There
// must be at least one. Like any waiter it may consume a Wake of one waiter, of a word that nobody can tell.
func WaitAny(words []*atomic.Uint32, old []uint32, dl Deadline, c *Cancel) error {
	if len(words) == 1 {
		return Wait(words[0], old[0], dl, c)
	}
	if c == nil {
		return waitAny(words, old, dl, nil)
	}
	c.enter(words[0])
	defer c.leave(words[0])
	if c.Canceled() {
		return ErrCanceled
	}
	err := waitAny(words, old, dl, c)
	if err == nil && c.Canceled() && same(words, old) {
		return ErrCanceled
	}
	return err
}

func same(words []*atomic.Uint32, old []uint32) bool {
	for i, w := range words {
		if w.Load() != old[i] {
			return false
		}
	}
	return true
}

// Polling starts fast, for answers that are about to come, and slows down so that an idle waiter costs next to nothing.
const (
	firstPause = 20 * time.Microsecond
	lastPause  = 4 * time.Millisecond
	// Callers hear nothing for at most this long, and look for themselves then.
	longestPoll = 100 * time.Millisecond
)

// poll waits until changed is true, as a wait does.
func poll(changed func() bool, dl Deadline, c *Cancel) error {
	giveUp := Now() + Deadline(longestPoll)
	for pause := firstPause; !changed(); pause = min(2*pause, lastPause) {
		now := Now()
		switch {
		case c != nil && c.Canceled():
			return nil // the caller finds out
		case dl != 0 && now >= dl:
			return ErrTimeout
		case now >= giveUp:
			return nil
		case dl != 0:
			pause = min(pause, time.Duration(dl-now))
		}
		time.Sleep(pause)
	}
	return nil
}
