package futex

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Cancel ends the waits that use it. Many waits may share one, at the same time and one after the other. The zero
// value is ready. A Cancel must not be copied.
type Cancel struct {
	canceled atomic.Bool

	mu    sync.Mutex
	words []*atomic.Uint32 // one entry for each wait between enter and leave; guarded by mu
	calls []*func()        // what Notify left; guarded by mu
}

// Cancel ends every wait that uses c with ErrCanceled, those that come later too, until Reset. It returns when the waits
// that were asleep have left, which takes no longer than it takes them to run.
func (c *Cancel) Cancel() {
	c.canceled.Store(true)
	// A waiter that entered before the store may be anywhere between its look at the flag and its sleep: a wake that
	// comes before the sleep is lost. So wake until it has left. One that enters after the store sees the flag.
	for pause := 10 * time.Microsecond; c.wakeAll(); pause = min(2*pause, time.Millisecond) {
		time.Sleep(pause)
	}
}

// wakeAll wakes the words of all waits and reports whether there are any.
func (c *Cancel) wakeAll() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.words {
		wake(w, All, AllBits)
	}
	for _, f := range c.calls {
		(*f)()
	}
	return len(c.words)+len(c.calls) > 0 && c.canceled.Load()
}

// Notify has f called when c is canceled, at once if it is already, and perhaps several times, until stop; never after. It is for
// waits that are not for a word: they look at Canceled when f has ended them, and call stop when they have left, which
// Cancel waits for. f must not block, nor use c.
func (c *Cancel) Notify(f func()) (stop func()) {
	entry := &f
	c.mu.Lock()
	c.calls = append(c.calls, entry)
	if c.Canceled() {
		f()
	}
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i := slices.Index(c.calls, entry); i >= 0 {
			c.calls = slices.Delete(c.calls, i, i+1)
		}
	}
}

// Canceled reports whether c is canceled. It does not block.
func (c *Cancel) Canceled() bool { return c.canceled.Load() }

// Reset makes c ready again after Cancel. A Cancel that is still under way gives up.
func (c *Cancel) Reset() { c.canceled.Store(false) }

func (c *Cancel) enter(w *atomic.Uint32) {
	c.mu.Lock()
	c.words = append(c.words, w)
	c.mu.Unlock()
}

func (c *Cancel) leave(w *atomic.Uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.words) - 1
	for i := last; i >= 0; i-- {
		if c.words[i] == w {
			c.words[i], c.words[last] = c.words[last], nil
			c.words = c.words[:last]
			return
		}
	}
	panic("BUG: futex: a wait that never entered its Cancel leaves it")
}
