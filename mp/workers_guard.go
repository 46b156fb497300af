package mp

import (
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Workers keep their limits themselves. A process that is stopped, or whose Go runtime is stuck, cannot: so the limits on time and on
// processor time are looked after from here as well, a little later.

// guardGrace is how long a worker gets to end a task that has exceeded its time, before it is killed from outside.
const guardGrace = 3 * taskGrace

// idleGrace is how long a worker that has no task may leave those that wait for one alone.
const idleGrace = 5 * time.Second

// guardStep is how often guard looks.
const guardStep = 50 * time.Millisecond

// violation is why a worker is killed.
type violation struct {
	limit Limit
	job   uint64
}

// guardCalls has guard running while there are calls.
func (w *Workers) guardCalls() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	l := w.procs.limits
	if (l.Time > 0 || l.CPU > 0) && !w.guarded {
		w.guarded = true
		go w.guard()
	}
}

// over tells that a call is over, or was not given out.
func (w *Workers) over() {
	w.mu.Lock()
	w.calls--
	w.mu.Unlock()
}

// sight is what guard has seen of a worker.
type sight struct {
	gen   uint32
	job   uint64        // that it is at, 0 for none
	since time.Time     // that it has been at it, or has had none while there were some
	cpu   time.Duration // what it had used then
}

// guard kills workers that are at a task for too long, until no call is left. One that has none and takes none, though some wait, is
// killed as well: another one takes its place.
func (w *Workers) guard() {
	seen := map[arena.SlotID]sight{}
	tick := time.NewTicker(guardStep)
	defer tick.Stop()
	for last := time.Now(); ; {
		now := <-tick.C
		w.mu.Lock()
		waiting := w.calls
		if waiting == 0 {
			w.guarded = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		late := now.Sub(last) > 4*guardStep // this process was held up; perhaps the workers, too, have not come to take a task
		last = now
		procs := w.procs.processes()
		for _, ch := range procs {
			if w.rt.slot(ch.slot).Task[0].Load() != 0 {
				waiting--
			}
		}
		for _, ch := range procs {
			s := w.rt.slot(ch.slot)
			job, gen := s.Task[0].Load(), s.Gen.Load()
			at := seen[ch.slot]
			if at.gen != gen || at.job != job || job == 0 && (late || waiting <= 0) {
				seen[ch.slot] = sight{gen, job, now, childCPU(ch.pid)}
				continue
			}
			if limit := w.procs.limits.overrun(at, now, ch.pid); limit != "" {
				ch.violation.CompareAndSwap(nil, &violation{limit, job})
				ch.signal(sigkill)
			}
		}
	}
}

// overrun says which limit a worker in process pid, last seen so, has left behind without ending its task; none is "".
func (l *Limits) overrun(at sight, now time.Time, pid int) Limit {
	took := now.Sub(at.since)
	switch {
	case at.job == 0: // the limits hold for the initializer, too
		if took > l.Time+idleGrace && l.Time > 0 {
			return LimitTime
		}
	case l.Time > 0 && took > l.Time+guardGrace:
		return LimitTime
	case l.CPU > 0 && childCPU(pid)-at.cpu > l.CPU+guardGrace:
		return LimitCPU
	}
	return ""
}
