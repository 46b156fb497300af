package prim

import (
	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// barrierTurn is one party's wait.
type barrierTurn struct {
	index int    // how many came before it
	place int    // where it stands; -1 if it has released the others at once
	gen   uint32 // the generation it belongs to
	acts  bool   // it is the last one and has an action to run
}

// Wait waits as opt says until all parties have come, and returns how many of them came before this one. The last one
// to come does not wait: it calls action, if that is not nil, before anybody is released. An error of action breaks the barrier
// and is returned.
//
// The error is ErrBroken, or wraps it, if the barrier is broken or reset before all have come, or its deadline passes, which breaks
// it (with NoWait at once); futex.ErrCanceled, after which it is as if the party had not come; after Close arena.ErrStale. While an
// action runs, nobody's deadline counts.
func (b *Barrier) Wait(opt Opt, action func() error) (index int, err error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.leave()
	t, err := b.arrive(&opt, action != nil)
	switch {
	case err != nil:
		return 0, err
	case t.place < 0:
		return t.index, nil
	case t.acts:
		err = b.act(&t, action)
	default:
		err = b.await(&t, &opt)
	}
	return t.index, err
}

// arrive counts the caller in.
func (b *Barrier) arrive(opt *Opt, action bool) (t barrierTurn, err error) {
	sec := barrierSection(b.m, b.c)
	for {
		if err := b.needPlaces(); err != nil {
			return t, err
		}
		sec.enter()
		s := openBarrier(b.m, b.c)
		v := s.word.Load()
		switch {
		case v&barrierBroken != 0:
			sec.leave()
			return t, b.brokenError()
		case v&barrierActing != 0:
			// It belongs to the next generation.
			sec.leave()
			patient := *opt
			patient.NoWait, patient.Deadline = false, 0
			if err := b.sleepWhile(&patient, func(now uint32) bool { return now^v < barrierOne && now&barrierActing != 0 }); err != nil {
				return t, err
			}
			continue
		}
		n := s.came.Load()
		last := uint64(n)+1 == b.parties
		t = barrierTurn{index: int(n), place: -1, gen: v / barrierOne, acts: last && action}
		if last && !action {
			wake := s.end(0, 0)
			sec.leave()
			if wake {
				futex.Wake(s.word, futex.All)
			}
			return t, nil
		}
		if t.place = s.places.add(self(b.m), t.gen); t.place >= 0 {
			s.came.Store(n + 1)
			if t.acts {
				s.word.Or(barrierActing)
			}
			sec.leave()
			return t, nil
		}
		full := s.places.ch != 0
		sec.leave()
		if full {
			return t, ErrWaiters
		}
		// Others took the places that were free.
	}
}

// act runs the action and releases the others.
func (b *Barrier) act(t *barrierTurn, action func() error) error {
	err := action()
	flags := uint32(0)
	if err != nil {
		flags = barrierCut | barrierBroken
	}
	b.change(func(s barrierState) bool { return s.generation() == t.gen && s.end(flags, 0) })
	if cause := b.depart(t); err == nil {
		err = cause
	}
	return err
}

// await waits for the end of the generation.
func (b *Barrier) await(t *barrierTurn, opt *Opt) (err error) {
	same := func(v uint32) bool { return v/barrierOne == t.gen }
	limit := *opt
	for !b.ended(t) {
		if err = b.sleepWhile(&limit, same); err == nil {
			continue
		}
		// All words are looked at again under the lock: the generation may have ended meanwhile.
		canceled := err == futex.ErrCanceled
		b.change(func(s barrierState) bool {
			switch {
			case s.generation() != t.gen:
				return false
			case canceled:
				s.places.leave(t.place)
				s.came.Store(s.places.count(t.gen))
				t.place = -1
			case s.word.Load()&barrierActing == 0:
				return s.end(barrierCut|barrierBroken, 0)
			}
			return false
		})
		if t.place < 0 {
			return err
		}
		limit.NoWait, limit.Deadline = false, 0
	}
	return b.depart(t)
}

// ended reports whether t's generation has ended.
func (b *Barrier) ended(t *barrierTurn) bool { return b.c.F[0].Load()/barrierOne != t.gen }

// depart leaves t's place when its generation has ended, and returns how it ended.
func (b *Barrier) depart(t *barrierTurn) error {
	p := openPlaces(b.m.Arena(), b.c)
	cut := false
	for {
		// In this order: without a mark, the word tells, unless another generation has ended since. Then there is a mark.
		mark, v := p.load(t.place).mark(), b.c.F[0].Load()
		if mark != 0 {
			cut = mark == placeCut
			break
		}
		if v/barrierOne == nextGeneration(t.gen) {
			cut = v&barrierCut != 0
			break
		}
	}
	var err error
	if cut {
		err = b.brokenError()
	}
	p.leave(t.place)
	return err
}

// sleepWhile spins, then sleeps as opt says, until the word is not what same says.
func (b *Barrier) sleepWhile(opt *Opt, same func(uint32) bool) (err error) {
	w := &b.c.F[0]
	if opt.NoWait {
		return futex.ErrTimeout
	}
	if futex.Spin(func() bool { return !same(w.Load()) }) {
		return nil
	}
	b.sleep(opt, b.h, arena.OpWait, func() {
		for v := w.Load(); err == nil && same(v); v = w.Load() {
			if v&barrierWaiters != 0 || w.CompareAndSwap(v, v|barrierWaiters) {
				err = opt.wait(w, v|barrierWaiters)
			}
		}
	})
	return err
}

// needPlaces makes sure that there is a chunk of places if all in the cell are taken.
func (b *Barrier) needPlaces() error {
	p := openPlaces(b.m.Arena(), b.c)
	if p.ch != 0 || p.free() {
		return nil
	}
	// Outside the section, since it may have to collect garbage.
	ch, err := takeZeroed(b.m, b.h, placesStart)
	if err != nil {
		return err
	}
	sec := barrierSection(b.m, b.c)
	sec.enter()
	defer sec.leave()
	if b.c.W[2].Load() != 0 {
		b.m.GiveChunk(ch)
		return nil
	}
	linkChunk(b.m, b.h, &b.c.W[2], ch)
	return nil
}
