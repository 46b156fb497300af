//go:build !linux || starmp_portable

package futex

import "sync/atomic"

// monotonic is the origin of deadlines: any will do, since no kernel compares them.
func monotonic() int64 { return 1 }

func wait(w *atomic.Uint32, old, _ uint32, dl Deadline, c *Cancel) error {
	return poll(func() bool { return w.Load() != old }, dl, c)
}

func waitAny(words []*atomic.Uint32, old []uint32, dl Deadline, c *Cancel) error {
	return poll(func() bool { return !same(words, old) }, dl, c)
}

func move(_, _ *atomic.Uint32, _ int) int { return 0 }

func wake(*atomic.Uint32, int, uint32) int { return 0 }
