//go:build !linux || starmp_portable

package futex

import (
	"sync/atomic"
	"time"
)

// Polling starts fast, for answers that are about to come, and slows down so that an idle waiter costs next to nothing.
const (
	firstPause = 20 * time.Microsecond
	lastPause  = 4 * time.Millisecond
	// Callers hear nothing for at most this long, and look for themselves then.
	longest = 100 * time.Millisecond
)

// monotonic is the origin of deadlines: any will do, since no kernel compares them.
func monotonic() int64 { return 1 }

func wait(w *atomic.Uint32, old, _ uint32, dl Deadline, c *Cancel) error {
	giveUp := Now() + Deadline(longest)
	for pause := firstPause; w.Load() == old; pause = min(2*pause, lastPause) {
		now := Now()
		switch {
		case c != nil && c.Canceled():
			return nil // WaitBits finds out
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

func wake(*atomic.Uint32, int, uint32) int { return 0 }
