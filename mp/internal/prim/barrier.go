package prim

import (
	"fmt"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Barrier lets a number of parties wait until all of them have come, again and again. A party that gives up or dies breaks
// it: the others get an error, and so does whoever comes later, until it is reset.
//
// The waits between one release and the next are a generation. A waiter notes itself in a place (see places) when it comes;
// it has been released, or its generation broken, when the word has moved on to the next generation. So one store ends the wait of
// all. Nobody waits for the slow ones to leave: before a generation ends, the places of waiters that have not yet left an earlier one
// get a mark that tells how theirs ended.
//
// The cell: F[0] is generation<<4 | flags, F[1] and F[2] the lock and the note of the section in which everything is changed, but for
// the flag of sleepers and the leaving of a place. F[3] is how many have come in this generation. W[0] is the number of parties,
// W[1] slot+1 | its use<<32 of the dead party that broke the barrier, W[2] the chunk of places, W[3..5] the first places.
type Barrier struct {
	object
	parties uint64
}

const (
	barrierCut     = 1 << 0 // the last generation ended broken
	barrierBroken  = 1 << 1 // until the reset nobody may wait
	barrierActing  = 1 << 2 // all have come, and the last one runs its action
	barrierWaiters = 1 << 3 // somebody may sleep on the word
	barrierOne     = 1 << 4 // one generation
)

// NewBarrier makes a barrier for a number of parties, at least 1: else the error is ErrParties. It also returns an error if
// the arena is full.
func NewBarrier(m *arena.Member, parties uint64) (*Barrier, error) {
	if parties < 1 {
		return nil, ErrParties
	}
	h, c, err := m.NewCell(arena.KindBarrier)
	if err != nil {
		return nil, err
	}
	b := &Barrier{parties: parties}
	b.init(m, h, c)
	c.W[0].Store(parties)
	return b, nil
}

// OpenBarrier opens the barrier h for m. It returns arena.ErrStale or arena.ErrKind if h names no barrier.
func OpenBarrier(m *arena.Member, h arena.Handle) (*Barrier, error) {
	b := &Barrier{}
	if err := b.open(m, h, arena.KindBarrier); err != nil {
		return nil, err
	}
	b.parties = b.c.W[0].Load()
	return b, nil
}

// Parties is how many must come.
func (b *Barrier) Parties() uint64 { return b.parties }

// Waiting is how many have come and not been released; 0 while the barrier is broken and after Close.
func (b *Barrier) Waiting() (n int) {
	if b.enter() != nil {
		return 0
	}
	defer b.leave()
	return int(b.c.F[3].Load())
}

// Broken reports whether the barrier is broken; false after Close.
func (b *Barrier) Broken() bool {
	if b.enter() != nil {
		return false
	}
	defer b.leave()
	return b.c.F[0].Load()&barrierBroken != 0
}

// Abort breaks the barrier. It does not wait for anybody. The error after Close is arena.ErrStale.
func (b *Barrier) Abort() error {
	return b.change(func(s barrierState) bool {
		return s.word.Load()&barrierBroken == 0 && s.end(barrierCut|barrierBroken, 0)
	})
}

// Reset makes the barrier as it was when it was new. Those who wait get ErrBroken. It does not wait for anybody. The error after Close is
// arena.ErrStale.
func (b *Barrier) Reset() error {
	return b.change(func(s barrierState) bool {
		if s.came.Load() > 0 {
			return s.end(barrierCut, 0)
		}
		s.word.And(^uint32(barrierBroken))
		return false
	})
}

// change runs f in the barrier's section, and wakes sleepers if f says so.
func (b *Barrier) change(f func(barrierState) (wake bool)) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.leave()
	sec := barrierSection(b.m, b.c)
	sec.enter()
	wake := f(openBarrier(b.m, b.c))
	sec.leave()
	if wake {
		futex.Wake(&b.c.F[0], futex.All)
	}
	return nil
}

// brokenError is ErrBroken, with the name of the party whose death is the reason, if one is.
func (b *Barrier) brokenError() error {
	culprit := b.c.W[1].Load()
	if culprit == 0 {
		return ErrBroken
	}
	slot := b.m.Arena().Slot(arena.SlotID(uint32(culprit) - 1))
	e := &brokenBy{msg: "a party died while it waited"}
	if name, pid := slot.Name(), slot.Pid.Load(); slot.Gen.Load() == uint32(culprit>>32) {
		e.msg = fmt.Sprintf("%s (pid %d) died while it waited", name, pid)
	}
	return e
}

// brokenBy is ErrBroken with a reason.
type brokenBy struct{ msg string }

func (e *brokenBy) Error() string          { return e.msg }
func (e *brokenBy) ExceptionClass() string { return "threading.BrokenBarrierError" }
func (e *brokenBy) Unwrap() error          { return ErrBroken }

// barrierState is a barrier's words, seen from its section.
type barrierState struct {
	m          *arena.Member
	c          *arena.Cell
	word, came *atomic.Uint32
	places     places
}

func openBarrier(m *arena.Member, c *arena.Cell) barrierState {
	return barrierState{m, c, &c.F[0], &c.F[3], openPlaces(m.Arena(), c)}
}

func (s *barrierState) generation() uint32 { return s.word.Load() / barrierOne }

// end ends the generation: released, or with the flag barrierCut. culprit is the dead party that is the reason, as in W[1]. It reports whether
// sleepers must be woken.
func (s *barrierState) end(flags uint32, culprit uint64) (wake bool) {
	v := s.word.Load()
	s.places.markOlder(v/barrierOne, v&barrierCut != 0)
	s.c.W[1].Store(culprit)
	s.came.Store(0)
	return s.word.Swap((v/barrierOne+1)*barrierOne|flags)&barrierWaiters != 0
}

// settle strikes the places of those for whom gone is true. The barrier is broken first if one of them waits.
func (s *barrierState) settle(gone func(holder) bool) {
	gen := s.generation()
	for i := range s.places.used() {
		if p := s.places.load(i); p.taken() && p.current(gen) && gone(p.holder()) {
			s.end(barrierCut|barrierBroken, uint64(p.holder().slot()+1)|uint64(p.holder().generation(s.m.Arena()))<<32)
			break
		}
	}
	s.places.strike(gone)
	s.came.Store(s.places.count(s.generation()))
	futex.Wake(s.word, futex.All)
}

func barrierSection(m *arena.Member, c *arena.Cell) section {
	return section{m: m, lock: &c.F[1], dirty: &c.F[2], settle: func(gone func(holder) bool) {
		s := openBarrier(m, c)
		s.settle(gone)
	}}
}

func recoverBarrier(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	adoptChunk(m, h, &c.W[2], dead)
	sec := barrierSection(m, c)
	sec.recover(dead)
	return nil
}

// holdsBarrier must do without the chunk of places: there it says yes if anybody waits.
func holdsBarrier(c *arena.Cell, slot arena.SlotID) bool {
	p := places{c: c}
	return p.has(slot) || c.W[2].Load() != 0 && c.F[3].Load() > 0
}

func freeBarrier(m *arena.Member, _ arena.Handle, c *arena.Cell) { freeChunk(m, &c.W[2]) }

func checkBarrier(a *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	p := openPlaces(a, c)
	if p.ch != 0 {
		reach(p.ch)
	}
	if v := c.F[1].Load(); v != 0 {
		return fmt.Errorf("lock of the barrier is taken (%#x)", v)
	}
	if came, count := c.F[3].Load(), p.count(c.F[0].Load()/barrierOne); came != count {
		return fmt.Errorf("%d have come to the barrier, %d have places", came, count)
	}
	for i := range p.used() {
		if e := p.load(i); e.taken() && e.holder().gone(a) {
			return fmt.Errorf("slot %d waits and is gone", e.holder().slot())
		}
	}
	return nil
}
