package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/futex"
)

// A gate is a word on which members sleep until something outside of it is so (a queue is not empty, not full): bit 0
// says that somebody may sleep, the rest changes with every wake. A waiter arms the gate, looks at its condition, and sleeps
// while the word is as armed. Whoever makes the condition true opens the gate.
//
// An opener clears the bit and wakes one sleeper, so of several openers in a row only the first pays for a system call.
// The sleeper that wakes up does not know of the others. So it arms the gate again before it looks, and when it leaves
// and the condition still holds, it wakes the next one (pass). Either an opener comes after the arming and sees the bit,
// or it came before, and then the one that leaves sees what it did.
//
// Who waits at a gate's word for something else (see Queue.Join) does so with other bits than gateBit, and is passed over.
type gate struct{ w *atomic.Uint32 }

// gateBit is what openers wake by, in the sense of futex.WakeBits.
const gateBit = 1

// arm returns the value to sleep on.
func (g gate) arm() uint32 { return g.w.Or(1) | 1 }

// open wakes a sleeper, if the word says that there may be one.
func (g gate) open() {
	for v := g.w.Load(); v&1 != 0; v = g.w.Load() {
		if g.w.CompareAndSwap(v, v+1) { // clears bit 0 and counts
			futex.WakeBits(g.w, 1, gateBit)
			return
		}
	}
}

// pass wakes another sleeper on behalf of one that has slept and leaves.
func (g gate) pass() { futex.WakeBits(g.w, 1, gateBit) }

// await sleeps until try is true or opt says to give up: futex.ErrTimeout, futex.ErrCanceled. more tells whether try could
// be true for another sleeper. An error of try ends the wait.
func (g gate) await(opt *Opt, try func() (bool, error), more func() bool) error {
	for {
		v := g.arm()
		ok, err := try()
		if !ok && err == nil {
			if err = opt.wait(g.w, v); err == nil {
				continue
			}
			g.arm()
			if err == futex.ErrTimeout {
				if ok, err = try(); !ok && err == nil {
					err = futex.ErrTimeout
				}
			}
		}
		if more() {
			g.pass()
		}
		return err
	}
}
