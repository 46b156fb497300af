package mp

import (
	"fmt"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// collect waits for the child's end, recovers what it held and frees its slot. Only the first call does anything;
// every call returns after the child is buried.
func (c *child) collect() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead.Load() {
		return c.status
	}
	c.status = waitPid(c.pid)
	c.rt.bury(c.slot, c.status)
	c.inbox.Close()
	if c.onEnd != nil {
		c.onEnd(c)
	}
	c.dead.Store(true) // before the slot can be another's, see await
	c.rt.member.Arena().FreeSlot(c.slot)
	return c.status
}

// bury gives back what the dead process in slot held, says so where something was lost, and takes care of the children
// it left behind. The slot is then dead, and can be freed.
func (rt *Runtime) bury(slot arena.SlotID, status int) {
	rt.warn(rt.member.Reap(slot, status))
	rt.adoptOrphans(slot)
}

// warn tells of what was given back for a process that ended without doing so.
func (rt *Runtime) warn(warnings []arena.Warning) {
	for _, w := range warnings {
		rt.host.Stderr(fmt.Sprintf("starmp: warning: process %s (pid %d) died while holding a %s; it has been released\n",
			w.DeadName, w.DeadPid, w.Kind))
	}
}

// adoptOrphans watches over the children of a dead process. They end by themselves, since their control socket has ended;
// what they held must still be given back. One that cannot end by itself is killed.
func (rt *Runtime) adoptOrphans(parent arena.SlotID) {
	m := rt.member
	gen := rt.slot(parent).Gen.Load()
	for id := range m.Arena().Slots() {
		s := rt.slot(id)
		state := s.State.Load()
		if of, ofGen := s.Parent(); of != parent || ofGen != gen || state < arena.SlotStarting || state > arena.SlotExited {
			continue
		}
		rt.adopting.Add(1)
		go func() {
			defer rt.adopting.Done()
			pid := int(s.Pid.Load())
			rt.adopted.Store(pid, true)
			stuck := time.AfterFunc(orphanGrace+endGrace, func() { // it is stopped, and does not see that its parent is gone
				if pid != 0 {
					killPid(pid)
				}
			})
			rt.waitForeign(s)
			stuck.Stop()
			rt.adopted.Delete(pid)
			rt.bury(id, 255)
			m.Arena().FreeSlot(id)
		}()
	}
}

// ended reports whether the child has ended, without waiting.
func (c *child) ended() bool {
	if c.dead.Load() {
		return true
	}
	if c.rt.slot(c.slot).State.Load() >= arena.SlotExited {
		c.collect()
	}
	return c.dead.Load()
}

// wait blocks until the child has ended and been buried, or the timeout is over. It reports whether the child ended.
func (c *child) wait(thread *starlark.Thread, timeout seconds) (bool, error) {
	if c.ended() || timeout.set && timeout.d == 0 {
		return c.dead.Load(), nil
	}
	err := c.rt.sleep(thread, timeout, c.await)
	return c.dead.Load(), err
}

// await blocks until the child is buried, the deadline, 0 for none, has passed, or cancel fires.
func (c *child) await(deadline futex.Deadline, cancel *Cancel) error {
	state := &c.rt.slot(c.slot).State
	for {
		// The slot may belong to another process once the child is buried: but dead is set before the slot is freed and
		// read here after its state, so no wait begins on a stranger's state.
		old := state.Load()
		if c.dead.Load() {
			return nil
		}
		if old >= arena.SlotExited {
			c.collect()
			return nil
		}
		if err := futex.Wait(state, old, deadline, cancel); err != nil {
			return err
		}
	}
}
