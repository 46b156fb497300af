package mp

import (
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// threads is a team of threads of this process. Tasks and results are handed over as they are.
type threads struct {
	*pool
	init starlark.Value
	args starlark.Tuple

	mine    sync.Mutex     // innermost
	more    *sync.Cond     // of mine: there is a task, or a reason to end
	queue   []given        // guarded by mine
	leaving int            // guarded by mine: how many workers are to end
	drained bool           // guarded by mine: no more tasks will come
	working map[*hand]bool // guarded by mine
}

var _ team = (*threads)(nil)

// given is a task on its way to a thread.
type given struct {
	task
	f    starlark.Value
	args starlark.Value
}

// hand is a worker.
type hand struct {
	*taskRunner
	done chan struct{} // closed when its goroutine ends
	gone bool          // guarded by threads.mine: it is not counted any more, because it could not be stopped or has ended
}

func newThreads(p *pool, init starlark.Value, args starlark.Tuple) *threads {
	c := &threads{pool: p, init: init, args: args, working: map[*hand]bool{}}
	c.more = sync.NewCond(&c.mine)
	p.team = c
	return c
}

func (c *threads) pack(f starlark.Value) (function, error) { return function{value: f}, nil }

func (c *threads) send(t task, f function, args starlark.Value) error {
	c.mine.Lock()
	c.queue = append(c.queue, given{t, f.value, args})
	c.mine.Unlock()
	c.more.Signal()
	return nil
}

// heldGiven is a given whose time has not come.
type heldGiven struct {
	team *threads
	task task
	f    function
	args starlark.Value
}

func (c *threads) hold(t task, f function, args starlark.Value) (heldTask, error) {
	return heldGiven{c, t, f, args}, nil
}

func (h heldGiven) give() error { return h.team.send(h.task, h.f, h.args) }
func (h heldGiven) keep() error { return nil }
func (h heldGiven) drop()       {}

func (c *threads) add(by *starlark.Thread) error {
	if !c.joined() {
		return nil
	}
	h := &hand{taskRunner: newTaskRunner(c.rt, c.rt.host.NewThread("ThreadPoolWorker")), done: make(chan struct{})}
	if by != nil {
		c.rt.host.Partake(h.thread, by)
	}
	c.mine.Lock()
	c.working[h] = true
	c.mine.Unlock()
	go c.work(h)
	return nil
}

// work is a worker's goroutine.
func (c *threads) work(h *hand) {
	defer close(h.done)
	defer func() {
		if c.retire(h) {
			c.replace()
		}
	}()
	host := c.rt.host
	if c.init != starlark.None {
		host.Enter(h.thread)
		_, err := host.Call(h.thread, c.init, c.args, nil)
		if err != nil {
			err = initializerError{c.rt.unfit(host.FromError(err))}
		}
		host.Leave(h.thread)
		if err != nil {
			c.fail(err)
			return
		}
	}
	for {
		g, ok := c.take(h)
		if !ok {
			return
		}
		host.Enter(h.thread)
		v, err := h.run(&g.task, g.f, g.args, nil, func() {
			if c.retire(h) {
				c.finish(g.job, g.chunk, failure(overdue(g.limit, nil)))
				c.replace()
			}
		})
		o := outcome{value: v}
		if err != nil {
			o = failure(host.ToError(host.FromError(err))) // one exception, whoever asks for it
		}
		host.Leave(h.thread)
		c.finish(g.job, g.chunk, o)
	}
}

// take waits for a task. It reports false when h is to end.
func (c *threads) take(h *hand) (given, bool) {
	c.mine.Lock()
	defer c.mine.Unlock()
	for {
		switch {
		case h.gone || h.stopping():
			return given{}, false
		case c.leaving > 0:
			c.leaving--
			return given{}, false
		case len(c.queue) > 0:
			g := c.queue[0]
			c.queue[0] = given{}
			if c.queue = c.queue[1:]; len(c.queue) == 0 {
				c.queue = nil
			}
			return g, true
		case c.drained:
			return given{}, false
		}
		c.more.Wait()
	}
}

// retire takes h off the workers, once.
func (c *threads) retire(h *hand) bool {
	c.mine.Lock()
	was := !h.gone
	h.gone = true
	delete(c.working, h)
	c.mine.Unlock()
	if was {
		c.left()
	}
	return was
}

// replace starts a worker in place of one that has left before its time.
func (c *threads) replace() {
	if err := c.populate(nil); err != nil {
		c.fail(err)
	}
}

// runs reports whether thread is one of the workers.
func (c *threads) runs(thread *starlark.Thread) bool {
	c.mine.Lock()
	defer c.mine.Unlock()
	for h := range c.working {
		if h.thread == thread {
			return true
		}
	}
	return false
}

func (c *threads) leave(n int) {
	c.mine.Lock()
	c.leaving = max(0, c.leaving+n)
	c.mine.Unlock()
	c.more.Broadcast()
}

func (c *threads) drain() {
	c.mine.Lock()
	c.drained = true
	c.mine.Unlock()
	c.more.Broadcast()
}

// stop cancels what the workers are at. One that is not seen to end, in a built-in function that does not look, is left alone.
func (c *threads) stop() {
	c.mine.Lock()
	c.queue = nil
	for h := range c.working {
		if h.stop() {
			go func() {
				if !h.insist(stopReason, h.done, endGrace) {
					c.retire(h)
				}
			}()
		}
	}
	c.mine.Unlock()
	c.more.Broadcast()
}

func (c *threads) dissolve() {}

func (c *threads) await(w *atomic.Uint32, old uint32, deadline futex.Deadline, cancel *Cancel) error {
	return awaitWord(w, old, deadline, cancel)
}

func (c *threads) wake(w *atomic.Uint32) { futex.Wake(w, futex.All) }
func (c *threads) attend()               {}
