package prim

import (
	"slices"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Awaited is one of the things that Await waits for.
type Awaited struct {
	q     *Queue // nil for a word
	w     *atomic.Uint32
	ready func() bool
}

// Awaited is the queue as one of the things to wait for: it is ready when Get would not wait.
func (q *Queue) Awaited() Awaited { return Awaited{q: q, w: &q.c.F[0], ready: q.ready} }

// AwaitWord is a futex word as one of the things to wait for. Whoever makes ready true changes the word and wakes all.
func AwaitWord(w *atomic.Uint32, ready func() bool) Awaited { return Awaited{w: w, ready: ready} }

// Ready reports whether there is no need to wait, at the moment. It does not block.
func (a *Awaited) Ready() bool { return (a.q == nil || !a.q.closed.Load()) && a.ready() }

// Await waits as opt says until one of all is ready, and reports whether one is: false means NoWait or that the deadline has passed. The
// error is futex.ErrCanceled or, for a queue that was closed before, arena.ErrStale. It takes nothing out of queues: of several who
// wait for one message all are told. With nothing to wait for it waits all the same.
func Await(m *arena.Member, all []Awaited, opt Opt) (bool, error) {
	any := func() bool { return slices.ContainsFunc(all, func(a Awaited) bool { return a.Ready() }) }
	if any() {
		return true, nil
	}
	if opt.NoWait {
		return false, nil
	}
	if len(all) > 0 && futex.Spin(any) {
		return true, nil
	}
	for i, a := range all {
		if a.q == nil {
			continue
		}
		if err := a.q.enter(); err != nil {
			return false, err
		}
		defer all[i].q.leave()
	}
	var obj arena.Handle
	if len(all) > 0 && all[0].q != nil {
		obj = all[0].q.h
	}
	var ok bool
	var err error
	sleepIn(m, &opt, obj, arena.OpPoll, func() { ok, err = awaitSlow(all, any, &opt) })
	return ok, err
}

func awaitSlow(all []Awaited, any func() bool, opt *Opt) (bool, error) {
	words, old := make([]*atomic.Uint32, len(all)), make([]uint32, len(all))
	if len(all) == 0 {
		words, old = []*atomic.Uint32{new(atomic.Uint32)}, []uint32{0}
	}
	for i := range all {
		words[i] = all[i].w
	}
	arm := func() {
		for i, a := range all {
			if old[i] = a.w.Load(); a.q != nil {
				old[i] = gate{a.w}.arm()
			}
		}
	}
	var err error
	for arm(); !any() && err == nil; arm() {
		err = futex.WaitAny(words, old, opt.Deadline, opt.Cancel)
	}
	// Each gate has been armed after the last sleep, as who leaves a gate must, and each that is ready may owe its wake to another.
	ok := false
	for _, a := range all {
		if a.ready() {
			ok = true
			if a.q != nil {
				gate{a.w}.pass()
			}
		}
	}
	if ok || err == futex.ErrTimeout {
		err = nil
	}
	return ok, err
}
