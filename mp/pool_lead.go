package mp

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
)

// lead says who takes the results of a team of processes: one goroutine at a time, since they are to be handled in the order in
// which they were sent. That is the team's pump, or a caller who waits for a result anyway, which saves waking it.
//
// A caller leads if nobody does. Else it follows: it sleeps until it is told. When the pump has told all who followed, it steps
// aside for a moment, so that the next caller can lead. What comes meanwhile and nobody waits for is late by that moment.
type lead struct {
	holder  atomic.Uint32 // leadNobody, leadPump or leadCaller
	led     atomic.Uint32 // counts the callers that have led
	follows atomic.Int32  // len(followers)
	resting atomic.Uint32 // what the pump does: restNot, restShort or restLong
	bell    atomic.Uint32 // futex word: changes to end the pump's rest

	mu        sync.Mutex
	followers []follower // guarded by mu
}

// follower is a caller that waits for a word to change.
type follower struct {
	word *atomic.Uint32
	old  uint32
}

func (f follower) told() bool { return f.word.Load() != f.old }

const (
	leadNobody uint32 = iota
	leadPump
	leadCaller
)

const (
	restNot   uint32 = iota
	restShort        // for aside, or until the bell
	restLong         // until the bell
)

// aside is how long the pump leaves the lead to callers that may come.
const aside = time.Millisecond

// pump is the team's goroutine: it handles results while nobody else does.
func (c *procs) pump() {
	l := &c.lead
	for {
		for l.holder.CompareAndSwap(leadNobody, leadPump) {
			err := c.serve()
			l.holder.Store(leadNobody)
			if err != nil {
				return
			}
			// A caller that has become a follower just before the store, when all the others had been told, would have nobody.
			if !l.untold() {
				break
			}
		}
		if l.rest(&c.cancel) != nil {
			return
		}
	}
}

// serve handles results until callers that follow have been told.
func (c *procs) serve() error {
	for {
		msg, err := c.results.q.Get(prim.Opt{Cancel: &c.cancel})
		if err != nil {
			return err
		}
		c.handle(msg)
		if c.lead.follows.Load() > 0 && !c.lead.untold() {
			return nil
		}
	}
}

// untold reports whether somebody follows who has not been told.
func (l *lead) untold() bool {
	if l.follows.Load() == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.followers {
		if !f.told() {
			return true
		}
	}
	return false
}

// rest leaves the lead to callers, until none of them has led for a while or the bell rings.
func (l *lead) rest(cancel *Cancel) error {
	defer l.resting.Store(restNot)
	bell := l.bell.Load()
	for l.resting.Store(restShort); ; l.resting.Store(restShort) {
		led := l.led.Load()
		err := futex.Wait(&l.bell, bell, futex.After(aside), cancel)
		if err == nil || !errors.Is(err, futex.ErrTimeout) {
			return err
		}
		if l.led.Load() != led {
			continue
		}
		// Who leads rings when it ends, if it sees this; if it has ended before it could, holder says so.
		l.resting.Store(restLong)
		for l.holder.Load() == leadCaller && l.bell.Load() == bell {
			if err := futex.Wait(&l.bell, bell, 0, cancel); err != nil {
				return err
			}
		}
		return nil
	}
}

// ring ends the pump's rest, or only one that is restLong.
func (l *lead) ring(long bool) {
	if rest := l.resting.Load(); rest == restLong || rest == restShort && !long {
		l.bell.Add(1)
		futex.Wake(&l.bell, futex.All)
	}
}

func (c *procs) attend() { c.lead.ring(false) }

// await waits until word is not old, and handles results meanwhile if nobody else does.
func (c *procs) await(word *atomic.Uint32, old uint32, deadline futex.Deadline, cancel *Cancel) error {
	l, me := &c.lead, follower{word, old}
	for !me.told() {
		l.follow(me)
		if !l.holder.CompareAndSwap(leadNobody, leadCaller) {
			err := futex.Wait(word, old, deadline, cancel)
			l.unfollow(me)
			if err != nil {
				return err
			}
			continue
		}
		l.unfollow(me)
		err := c.guide(me, prim.Opt{Deadline: deadline, Cancel: cancel})
		l.led.Add(1)
		l.holder.Store(leadNobody)
		l.ring(!l.untold())
		if err != nil {
			return err
		}
	}
	return nil
}

// mostBeyond is how many results a caller that has been told handles for others, or for its next wait.
const mostBeyond = 64

// guide handles results until the caller that leads has been told, and then some that are there already.
func (c *procs) guide(me follower, opt prim.Opt) error {
	for beyond := 0; beyond < mostBeyond; {
		if me.told() {
			opt.NoWait = true
			beyond++
		}
		msg, err := c.results.q.GetUnless(me.told, opt)
		switch {
		case err == nil:
			c.handle(msg)
		case me.told():
			return nil
		case err == prim.ErrQueueEmpty:
			return futex.ErrTimeout
		default:
			return err
		}
	}
	return nil
}

// wake tells who awaits word: most often the caller that leads, which has changed it itself and does not sleep.
func (c *procs) wake(word *atomic.Uint32) {
	if c.lead.follows.Load() > 0 {
		futex.Wake(word, futex.All)
	}
	if c.lead.holder.Load() == leadCaller {
		c.results.q.Rouse()
	}
}

func (l *lead) follow(f follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.followers = append(l.followers, f)
	l.follows.Add(1)
}

func (l *lead) unfollow(f follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, g := range l.followers {
		if g == f {
			last := len(l.followers) - 1
			l.followers[i], l.followers[last] = l.followers[last], follower{}
			l.followers = l.followers[:last]
			l.follows.Add(-1)
			return
		}
	}
}
