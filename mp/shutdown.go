package mp

import (
	"slices"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// endGrace is how long processes get to end on SIGTERM before they are killed.
const endGrace = 2 * time.Second

// Shutdown ends this process's part of the family in order, as CPython does at exit: what was submitted to executors is
// done, what registered for it is finished, daemonic children are terminated, the others are joined, then managers, which
// those may still use, are ended and spares dismissed. With interrupted, as after Ctrl-C, executors give up what they have and
// all children are terminated. It blocks until no child is left and may be called without the script lock only. Then no more can be started.
func (rt *Runtime) Shutdown(interrupted bool) {
	defer rt.closed.Store(true)
	rt.log(logInfo, "process shutting down")
	rt.log(logDebug, `running all "atexit" finalizers with priority >= 0`)
	defer rt.log(logDebug, `running the remaining "atexit" finalizers`)
	rt.futures.finishExecutors(interrupted)
	if !rt.Started() {
		return
	}
	rt.finishSince(0)
	ended := rt.childrenThat(func(p *process) bool { return interrupted || p.daemon })
	for _, c := range ended {
		rt.log(logInfo, "calling terminate() for daemon %s", rt.slot(c.slot).Name())
	}
	for _, c := range ended {
		rt.log(logInfo, "calling join() for process %s", rt.slot(c.slot).Name())
	}
	rt.end(ended)
	for {
		joined := rt.childrenThat(func(p *process) bool { return !p.server })
		if len(joined) == 0 {
			break
		}
		for _, c := range joined {
			rt.log(logInfo, "calling join() for process %s", rt.slot(c.slot).Name())
			c.await(0, nil)
			rt.forget(c)
		}
	}
	rt.end(rt.childrenThat(func(*process) bool { return true }))
	rt.spares.close()
	rt.endOrphans()
	rt.sharing.stop()
}

// endOrphans waits for the orphans that this process has adopted. They end by themselves; one that cannot, because it is
// stopped, is killed.
func (rt *Runtime) endOrphans() {
	gone := make(chan struct{})
	go func() {
		rt.adopting.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(endGrace):
		rt.adopted.Range(func(pid, _ any) bool {
			killPid(pid.(int))
			return true
		})
		<-gone
	}
}

// childrenThat lists the children of which f is true.
func (rt *Runtime) childrenThat(f func(*process) bool) []*child {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	var list []*child
	for c, p := range rt.children {
		if f(p) {
			list = append(list, c)
		}
	}
	return list
}

// end terminates the given children and kills those that ignore it.
func (rt *Runtime) end(children []*child) {
	for _, c := range children {
		c.signal(sigterm)
	}
	grace := endGrace
	if rt.limits != nil {
		grace = taskGrace // they are not to take longer than a task may
	}
	deadline := futex.After(grace)
	for _, c := range children {
		if c.await(deadline, nil) != nil {
			c.signal(sigkill)
			c.collect()
		}
		rt.forget(c)
	}
}

// finishSince does what was registered for the shutdown after the first n registrations, last first.
func (rt *Runtime) finishSince(n int64) { rt.finishThat(func(e *finisher) bool { return e.n > n }) }

// finishThat does what was registered for the shutdown and of which which is true, last first.
func (rt *Runtime) finishThat(which func(*finisher) bool) {
	for {
		rt.mu.Lock()
		i := len(rt.finish) - 1
		for i >= 0 && !which(rt.finish[i]) {
			i--
		}
		if i < 0 {
			rt.mu.Unlock()
			return
		}
		f := rt.finish[i].f
		rt.finish = slices.Delete(rt.finish, i, i+1)
		rt.mu.Unlock()
		f()
	}
}

// Mark is a moment in the life of a Runtime, for EndSince.
type Mark struct{ processes, finishers int64 }

// Mark returns this moment.
func (rt *Runtime) Mark() Mark {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return Mark{rt.counter.Load(), rt.hooked}
}

// EndSince ends what was started after m: pools and the like, and the processes, which are terminated, and killed if they ignore it. It
// blocks until they are gone and may be called without the script lock only.
func (rt *Runtime) EndSince(m Mark) {
	rt.finishSince(m.finishers)
	rt.end(rt.childrenThat(func(p *process) bool { return p.identity[len(p.identity)-1] > m.processes }))
}

// EndOf is EndSince for what thread has started.
func (rt *Runtime) EndOf(thread *starlark.Thread) {
	rt.futures.endCallbacks(thread)
	rt.finishThat(func(e *finisher) bool { return e.owner == thread })
	if !rt.Started() {
		return
	}
	rt.end(rt.childrenThat(func(p *process) bool { return p.owner == thread }))
}

// Kill ends all children at once, without waiting for them.
func (rt *Runtime) Kill() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for c := range rt.children {
		c.signal(sigkill)
	}
}
