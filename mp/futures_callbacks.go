package mp

import (
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// callbacks runs what follows from the futures of a crew, one after the other, in a thread of its own. So a callback may
// block, and wait for other futures of the crew.
type callbacks struct {
	rt    *Runtime
	waits atomic.Uint32 // futex word: how many have not returned

	mu     sync.Mutex
	queue  []func(*starlark.Thread) error // guarded by mu
	active bool                           // guarded by mu: the goroutine runs
	ended  bool                           // guarded by mu: Ctrl-C has ended them, and says so elsewhere
	thread *starlark.Thread               // of the goroutine, which need not have mu to read it; guarded by mu
}

// add has f called under the script lock. It does not block.
func (c *callbacks) add(f func(*starlark.Thread) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits.Add(1)
	c.queue = append(c.queue, f)
	if !c.active {
		c.active = true
		c.thread = c.rt.host.NewThread("Executor") // a new one: that of a pool's task ends with the task
		go c.run()
	}
}

func (c *callbacks) run() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.active = false
			c.mu.Unlock()
			return
		}
		f, ended := c.queue[0], c.ended
		c.queue = c.queue[1:]
		c.mu.Unlock()
		if !ended {
			c.call(f)
		}
		if c.waits.Add(^uint32(0)) == 0 {
			futex.Wake(&c.waits, futex.All)
		}
	}
}

func (c *callbacks) call(f func(*starlark.Thread) error) {
	host := c.rt.host
	host.Enter(c.thread)
	defer host.Leave(c.thread)
	err := f(c.thread)
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	if err != nil && !ended { // which a script's thread would raise, and nothing takes here
		host.Stderr("Exception in callback of an executor:\n" + host.Traceback(err))
	}
}

// runs reports whether it is thread in which it calls.
func (c *callbacks) runs(thread *starlark.Thread) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return thread == c.thread
}

// await waits until all have returned.
func (c *callbacks) await() {
	for n := c.waits.Load(); n > 0; n = c.waits.Load() {
		_ = futex.Wait(&c.waits, n, 0, nil) // without a deadline or Cancel there is no error
	}
}

// interrupt ends what it is in, blocking calls included, and all that follows.
func (c *callbacks) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.thread != nil {
		c.thread.Cancel("KeyboardInterrupt")
		c.thread.Local(CancelKey).(*Cancel).Cancel()
	}
}
