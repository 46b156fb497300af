package prim

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Condition lets members that have its lock wait until another one, with the lock, notifies them, in the order in which
// they came. Waiters that died or gave up cost a notifier nothing and take no notification from the others.
//
// The cell: W[0] is the handle of the lock, on which the condition keeps a flight count, and F[0] is 1 when that is
// counted. W[1], W[2] and W[3] are the limit, the next number and the chunk of the list of waiters (see waiters). F[1] and
// F[2] are the lock and the note of its section.
type Condition struct {
	object
	lock Locker
}

// cancelGrace is how long a cancelled Wait tries to take its lock again. Its caller should have the lock, as every caller
// of Wait does, but an interrupt must not wait for ever.
const cancelGrace = time.Second

// NewCondition makes a condition with lock, or with an RLock of its own where lock is nil. lock remains the caller's. It returns
// an error if the arena is full or lock is closed.
func NewCondition(m *arena.Member, lock Locker) (*Condition, error) {
	var own Locker
	var err error
	if lock == nil {
		var l *RLock
		if l, err = NewRLock(m); err == nil {
			own = l
		}
	} else {
		own, err = OpenLocker(m, lock.Handle())
	}
	if err != nil {
		return nil, err
	}
	h, c, err := m.NewCell(arena.KindCondition)
	if err != nil {
		own.Close()
		return nil, err
	}
	cond := &Condition{lock: own}
	cond.init(m, h, c)
	cond.last = own.Close
	c.W[0].Store(uint64(own.Handle()))
	if err := m.AddFlight(own.Handle(), &c.F[0], 1); err != nil {
		cond.Close()
		return nil, err
	}
	return cond, nil
}

// OpenCondition opens the condition h for m. It returns arena.ErrStale or arena.ErrKind if h names no condition.
func OpenCondition(m *arena.Member, h arena.Handle) (*Condition, error) {
	cond := &Condition{}
	if err := cond.open(m, h, arena.KindCondition); err != nil {
		return nil, err
	}
	lock, err := OpenLocker(m, arena.Handle(cond.c.W[0].Load()))
	if err != nil {
		cond.Close()
		return nil, err
	}
	cond.lock, cond.last = lock, lock.Close
	return cond, nil
}

// Lock is the condition's lock. It is closed with the condition.
func (c *Condition) Lock() Locker { return c.lock }

// Waiters is how many wait and have not been notified; 0 after Close.
func (c *Condition) Waiters() (n int) {
	if c.closed.Load() {
		return 0
	}
	l := openWaiters(c.m.Arena(), c.c)
	l.waiting(func(int, holder, uint64) { n++ })
	runtime.KeepAlive(c)
	return n
}

// Wait releases the lock, however often the caller has taken it, waits as opt says until it is notified, and takes the
// lock again as often. It reports whether it was notified: false means that the deadline has passed (at once with NoWait);
// the wait for the lock has no limit. The error is ErrWaitNotHeld if opt.Thread does not have the lock, futex.ErrCanceled,
// after which the lock is held again unless it could not be had within a second, after Close arena.ErrStale, or says that
// there is no room for one more waiter; but for ErrCanceled nothing has been done then.
func (c *Condition) Wait(opt Opt) (notified bool, err error) {
	if err := c.enter(); err != nil {
		return false, err
	}
	defer c.leave()
	if !c.lock.Mine(opt.Thread) {
		return false, ErrWaitNotHeld
	}
	if err := c.needList(); err != nil {
		return false, err
	}
	l, sec := openWaiters(c.m.Arena(), c.c), c.section()
	sec.enter()
	i, seq, err := l.add(self(c.m))
	sec.leave()
	if err != nil {
		return false, err
	}
	depth := c.lock.giveAll(opt.Thread)

	slept := uint32(0)
	if !opt.NoWait && !futex.Spin(func() bool { return l.notified(seq) }) {
		c.sleep(&opt, c.h, arena.OpWait, func() {
			for err == nil && !l.notified(seq) {
				// The alarm is cleared before the look at the limit: whoever raises the limit rings after that.
				l.alarm(i).Store(0)
				if !l.notified(seq) {
					slept = ownerWaiters
					err = futex.WaitMovable(l.alarm(i), c.lock.word(), 0, opt.Deadline, opt.Cancel)
				}
			}
		})
	}
	sec.enter()
	notified = l.notified(seq)
	if !notified {
		l.remove(i)
	}
	sec.leave()

	canceled := err == futex.ErrCanceled && !notified
	back := Opt{Thread: opt.Thread, Pos: opt.Pos, Park: opt.Park}
	if !canceled {
		back.Cancel = opt.Cancel
		_, err = c.lock.takeBack(depth, slept, back)
		canceled = err == futex.ErrCanceled
	}
	if canceled {
		back.Deadline, back.Cancel = futex.After(cancelGrace), nil
		_, err = c.lock.takeBack(depth, slept, back)
	}
	if notified {
		sec.enter()
		l.remove(i)
		sec.leave()
	}
	if canceled && err == nil {
		err = futex.ErrCanceled
	}
	return notified, err
}

// needList makes sure that the list of waiters exists.
func (c *Condition) needList() error {
	if c.c.W[3].Load() != 0 {
		return nil
	}
	// Outside the section, since it may have to collect garbage.
	ch, err := takeZeroed(c.m, c.h, arena.ChunkSize)
	if err != nil {
		return err
	}
	sec := c.section()
	sec.enter()
	defer sec.leave()
	if c.c.W[3].Load() != 0 {
		c.m.GiveChunk(ch)
		return nil
	}
	linkChunk(c.m, c.h, &c.c.W[3], ch)
	return nil
}

// Notify notifies the n waiters that have waited longest, or all if there are fewer. It does not wait for them. The error
// is ErrNotifyNotHeld if opt.Thread does not have the lock or, after Close, arena.ErrStale.
func (c *Condition) Notify(n int, opt Opt) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.leave()
	if !c.lock.Mine(opt.Thread) {
		return ErrNotifyNotHeld
	}
	l, sec := openWaiters(c.m.Arena(), c.c), c.section()
	moved := false
	sec.enter()
	for _, i := range l.notify(n, nil) {
		if l.move(i, c.lock.word()) {
			moved = true
		}
	}
	sec.leave()
	if moved {
		passOn(c.lock.word())
	}
	return nil
}

// NotifyAll notifies all waiters; otherwise as Notify.
func (c *Condition) NotifyAll(opt Opt) error { return c.Notify(math.MaxInt, opt) }

func (c *Condition) section() section { return conditionSection(c.m, c.c) }

func conditionSection(m *arena.Member, c *arena.Cell) section {
	return section{m: m, lock: &c.F[1], dirty: &c.F[2], settle: func(gone func(holder) bool) {
		l := openWaiters(m.Arena(), c)
		l.strike(gone)
	}}
}

func recoverCondition(m *arena.Member, h arena.Handle, c *arena.Cell, dead arena.SlotID) []arena.Warning {
	adoptChunk(m, h, &c.W[3], dead)
	sec := conditionSection(m, c)
	sec.recover(dead)
	return nil
}

func freeCondition(m *arena.Member, h arena.Handle, c *arena.Cell) {
	freeChunk(m, &c.W[3])
	if c.F[0].Load() != 0 {
		m.DropFlight(arena.Handle(c.W[0].Load()), &c.F[0], 0)
	}
}

func checkCondition(a *arena.Arena, _ arena.Handle, c *arena.Cell, reach func(arena.Chunk)) error {
	if ch := arena.Chunk(c.W[3].Load()); ch != 0 {
		reach(ch)
	}
	var errs []error
	if v := c.F[1].Load(); v != 0 {
		errs = append(errs, fmt.Errorf("lock of the waiters is taken (%#x)", v))
	}
	if c.F[0].Load() != 0 {
		if _, err := a.KindOf(arena.Handle(c.W[0].Load())); err != nil {
			errs = append(errs, fmt.Errorf("lock of the condition: %w", err))
		}
	}
	l := openWaiters(a, c)
	for i := range l.used() {
		if h := l.holder(i); h != 0 && h.gone(a) {
			errs = append(errs, fmt.Errorf("slot %d waits and is gone", h.slot()))
		}
	}
	return errors.Join(errs...)
}
