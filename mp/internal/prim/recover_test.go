package prim

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// The kill tests come by chance to most places where a process may die; these come to the rare ones for certain.

// A reaper that finds a section taken leaves the work to who is in it.
func TestSectionIsSettledByItsHolder(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	for _, bound := range []uint32{2, 50} {
		sem := must(NewSemaphore(m, bound, true))(t)
		dead := child(t, m)
		s := must(OpenSemaphore(dead, sem.Handle()))(t)
		for range 2 {
			ok, err := s.Acquire(Opt{})
			acquired(t, ok, err)
		}
		busy := child(t, m)
		inside := must(OpenSemaphore(busy, sem.Handle()))(t)
		busy.Lock(&inside.c.F[1])
		m.Reap(dead.ID(), -9)
		if sem.Value() != bound-2 {
			t.Errorf("value %d changed under the lock", sem.Value())
		}
		inside.leaveSection()
		if sem.Value() != bound {
			t.Errorf("value %d, want %d", sem.Value(), bound)
		}
		// And one that dies in there.
		ok, err := inside.Acquire(Opt{})
		acquired(t, ok, err)
		busy.Lock(&inside.c.F[1])
		openLedger(m.Arena(), inside.c).add(holderIn(m.Arena(), busy.ID())) // and has not come to lower the value
		if w := m.Reap(busy.ID(), -9); len(w) != 1 {
			t.Errorf("warnings %+v", w)
		}
		if sem.Value() != bound {
			t.Errorf("value %d, want %d", sem.Value(), bound)
		}
		sem.Close()
	}
}

// A reaper that finds the section taken by one who is stopped in there gives up after a while, and the dead one's slot gets a new process
// before anybody reads the note. That one has nothing of what the dead had, whether it comes to the section next or later.
func TestSectionIsSettledLate(t *testing.T) {
	m := family(t, 1)[0]
	a := m.Arena()
	type kind struct {
		name    string
		section func(*arena.Member) section
		take    func(*arena.Member) // notes a process in the cell
		check   func(end func())    // one process is in the cell, until end
	}
	var kinds []kind
	for _, bound := range []uint32{2, 50} {
		sem := must(NewSemaphore(m, bound, true))(t)
		defer sem.Close()
		left := func(n uint32) {
			if v := sem.Value(); v != n {
				t.Errorf("value %d, want %d", v, n)
			}
		}
		kinds = append(kinds, kind{
			fmt.Sprintf("semaphore of %d", bound),
			func(m *arena.Member) section { return boundedSection(m, sem.c, nil) },
			func(m *arena.Member) {
				ok, err := must(OpenSemaphore(m, sem.Handle()))(t).Acquire(Opt{NoWait: true})
				acquired(t, ok, err)
			},
			func(end func()) { left(bound - 1); end(); left(bound) },
		})
	}

	c := condFamily(t, []*arena.Member{m}, nil)[0]
	with(t, c, func() { c.Wait(Opt{NoWait: true}) })
	waiters := func(n int) {
		if got := c.Waiters(); got != n {
			t.Errorf("%d waiters, want %d", got, n)
		}
	}
	kinds = append(kinds, kind{
		"condition",
		func(m *arena.Member) section { return conditionSection(m, c.c) },
		func(m *arena.Member) {
			d := must(OpenCondition(m, c.Handle()))(t)
			l, sec := openWaiters(a, d.c), d.section()
			sec.enter()
			defer sec.leave()
			if _, _, err := l.add(self(m)); err != nil {
				t.Fatal(err)
			}
		},
		func(end func()) { waiters(1); end(); waiters(0) },
	})

	b := barriers(t, []*arena.Member{m}, 3)[0]
	kinds = append(kinds, kind{
		"barrier",
		func(m *arena.Member) section { return barrierSection(m, b.c) },
		func(m *arena.Member) { must(OpenBarrier(m, b.Handle()))(t).arrive(new(Opt), false) },
		func(end func()) {
			if err := b.brokenError(); !b.Broken() || !strings.HasPrefix(err.Error(), "a party died") { // no name: it is another's now
				t.Errorf("broken %v, %q", b.Broken(), err)
			}
			end()
			wantErr(t, b.Reset(), nil)
			if n := b.Waiting(); n != 0 {
				t.Errorf("%d wait", n)
			}
		},
	})

	for _, k := range kinds {
		for _, next := range []string{"late", "first"} {
			t.Run(k.name+", next comes "+next, func(t *testing.T) {
				dead, stopped := child(t, m), child(t, m)
				k.take(dead)
				sec := k.section(stopped)
				sec.enter()
				m.Reap(dead.ID(), -9)
				a.FreeSlot(dead.ID())
				heir := child(t, m)
				if heir.ID() != dead.ID() {
					t.Fatalf("slot %d, want %d", heir.ID(), dead.ID())
				}
				if next == "late" {
					sec.leave()
				} else {
					stopped.Unlock(sec.lock) // and is stopped again before it reads the note
				}
				k.take(heir)
				k.check(func() { m.Reap(heir.ID(), -9) })
				m.Reap(stopped.ID(), -9)
				a.FreeSlot(heir.ID())
				a.FreeSlot(stopped.ID())
			})
		}
	}
}

// A waiter that dies in the condition's section, before or after it stands in line.
func TestConditionSectionRecovers(t *testing.T) {
	ms := family(t, 1)
	c := condFamily(t, ms, nil)[0]
	with(t, c, func() { c.Wait(Opt{NoWait: true}) })
	for _, stands := range []bool{false, true} {
		dead := child(t, ms[0])
		d := must(OpenCondition(dead, c.Handle()))(t)
		dead.Lock(&d.c.F[1])
		if l := openWaiters(dead.Arena(), d.c); stands {
			if _, _, err := l.add(self(dead)); err != nil {
				t.Fatal(err)
			}
		}
		ms[0].Reap(dead.ID(), -9)
		with(t, c, func() {
			ok, err := c.Wait(soon())
			refused(t, ok, err)
			wantErr(t, c.NotifyAll(Opt{}), nil)
		})
		if n := c.Waiters(); n != 0 {
			t.Errorf("%d waiters", n)
		}
	}
}

// How far a put has come when its process dies. Each step includes those before it.
const (
	putLocked = iota
	putWritten
	putPending
	putHalfCounted
	putCounted
	putPlaced
	putPublished
	putSteps
)

// dyingPut does what tryPut does, up to a step.
func dyingPut(t *testing.T, q *Queue, p *put, step int) {
	t.Helper()
	if smallLength(len(p.handles), len(p.data)) > maxSmall {
		p.first = must(fillChain(q.m, q.h, p.handles, p.data, p.text))(t)
	}
	q.m.Lock(&q.c.F[2])
	tail := q.tail()
	p.spare = must(q.m.TakeChunk(q.h))(t)
	if step < putWritten {
		return
	}
	// Always to a new chunk, the harder case.
	linkWord(q.a, p.spare).Store(0)
	linkWord(q.a, tail.chunk()).Store(uint32(p.spare))
	skip := record{kind: skipRecord, ch: tail.chunk(), off: tail.off()}
	skip.write(q.a, nil, nil)
	r := record{kind: smallRecord, ch: p.spare, off: recordsStart, handles: len(p.handles), size: uint64(len(p.data)), first: p.first}
	if p.first != 0 {
		r.kind = largeRecord
	}
	r.write(q.a, p.handles, p.data)
	if step < putPending {
		return
	}
	progress := q.a.Word32(r.ch, wordPut)
	progress.Store(0)
	q.c.W[3].Store(uint64(r.at(tail.seq())))
	n := 0
	switch {
	case step == putHalfCounted:
		n = len(p.handles) / 2
	case step > putHalfCounted:
		n = len(p.handles)
	}
	for i, h := range p.handles[:n] {
		wantErr(t, q.m.AddFlight(h, progress, uint32(i)+1), nil)
	}
	if step >= putPlaced {
		chain(q.a, p.first, func(ch arena.Chunk) { q.m.Place(ch, q.h) })
	}
	if step >= putPublished {
		q.c.W[0].Store(uint64(r.end(tail.seq())))
	}
}

func TestPutDies(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	q := must(NewQueue(m, 0))(t)
	defer q.Close()
	for step := range putSteps {
		for _, size := range []int{100, 200_000} {
			lock := must(NewLock(m))(t)
			dead := child(t, m)
			dq := must(OpenQueue(dead, q.Handle()))(t)
			must(OpenLock(dead, lock.Handle()))(t)
			p := put{data: pattern(size, step), handles: []arena.Handle{lock.Handle(), lock.Handle(), q.Handle()}}
			dyingPut(t, dq, &p, step)
			m.Reap(dead.ID(), -9)
			if err := m.Arena().Check(); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			wantErr(t, q.Put([]byte("next"), nil, Opt{}), nil)
			if step >= putPublished {
				msg := must(q.Get(Opt{NoWait: true}))(t)
				if !bytes.Equal(msg.Data, p.data) || len(msg.Handles) != 3 {
					t.Errorf("step %d: message is damaged", step)
				}
				msg.Release(m)
			}
			if msg := must(q.Get(Opt{NoWait: true}))(t); string(msg.Data) != "next" {
				t.Errorf("step %d: got %d bytes", step, len(msg.Data))
			}
			lock.Close()
			if _, err := OpenLock(m, lock.Handle()); !errorsIsStale(err) {
				t.Errorf("step %d: flights are left", step)
			}
			if n := m.Arena().Stats().ChunksUsed; n != 1 {
				t.Errorf("step %d: %d chunks", step, n)
			}
		}
	}
}

// How far a get has come when its process dies.
const (
	getLocked = iota
	getGrabbed
	getPending
	getConsumed
	getHalfLanded
	getLanded
	getSteps
)

func dyingGet(t *testing.T, q *Queue, step int) {
	t.Helper()
	q.m.Lock(&q.c.F[3])
	head := q.head()
	r, skipped := readRecord(q.a, head)
	handles := r.handleList(q.a)
	for _, h := range handles {
		wantErr(t, q.m.Retain(h), nil)
	}
	if step >= getGrabbed {
		if skipped != 0 {
			q.m.Grab(skipped)
		}
		if r.kind == largeRecord {
			chain(q.a, r.first, q.m.Grab)
		}
	}
	progress := q.a.Word32(r.ch, wordGot)
	if step >= getPending {
		progress.Store(0)
		q.c.W[4].Store(uint64(r.at(head.seq())))
	}
	if step >= getConsumed {
		q.c.W[1].Store(uint64(r.end(head.seq())))
	}
	n := 0
	switch step {
	case getHalfLanded:
		n = len(handles) / 2
	case getLanded:
		n = len(handles)
	}
	for i, h := range handles[:n] {
		q.m.DropFlight(h, progress, uint32(i)+1)
	}
}

func TestGetDies(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	q := must(NewQueue(m, 0))(t)
	defer q.Close()
	for step := range getSteps {
		for _, size := range []int{100, 200_000} {
			lock := must(NewLock(m))(t)
			// The first message fills the chunk, so that the second one is behind a skip.
			for q.tail().off()+maxSmall < recordsEnd {
				wantErr(t, q.Put(make([]byte, maxSmall-8), nil, Opt{}), nil)
				must(q.Get(Opt{}))(t)
			}
			handles := []arena.Handle{lock.Handle(), lock.Handle(), q.Handle()}
			wantErr(t, q.Put(make([]byte, recordsEnd-q.tail().off()-8), nil, Opt{}), nil)
			must(q.Get(Opt{}))(t)
			wantErr(t, q.Put(pattern(size, step), handles, Opt{}), nil)
			wantErr(t, q.Put([]byte("next"), nil, Opt{}), nil)
			dead := child(t, m)
			dyingGet(t, must(OpenQueue(dead, q.Handle()))(t), step)
			m.Reap(dead.ID(), -9)
			if err := m.Arena().Check(); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			if step < getConsumed {
				msg := must(q.Get(Opt{NoWait: true}))(t)
				if !bytes.Equal(msg.Data, pattern(size, step)) || len(msg.Handles) != 3 {
					t.Errorf("step %d: message is damaged", step)
				}
				msg.Release(m)
			}
			if msg := must(q.Get(Opt{NoWait: true}))(t); string(msg.Data) != "next" {
				t.Errorf("step %d: got %d bytes", step, len(msg.Data))
			}
			lock.Close()
			if _, err := OpenLock(m, lock.Handle()); !errorsIsStale(err) {
				t.Errorf("step %d: flights are left", step)
			}
			if n := m.Arena().Stats().ChunksUsed; n != 1 {
				t.Errorf("step %d: %d chunks", step, n)
			}
		}
	}
}

// A sleeper that was woken and died before it could use the wake: the others are woken in its place.
func TestWakeOfTheDead(t *testing.T) {
	ms := family(t, 2)
	lock := must(NewLock(ms[0]))(t)
	defer lock.Close()
	ok, err := lock.Acquire(Opt{})
	acquired(t, ok, err)
	dead := child(t, ms[0])
	must(OpenLock(dead, lock.Handle()))(t)
	wait := async(t, func() {
		l := must(OpenLock(ms[1], lock.Handle()))(t)
		defer l.Close()
		ok, err := l.Acquire(Opt{})
		acquired(t, ok, err)
		wantErr(t, l.Release(), nil)
	})
	blocked(t, ms[1], lock.Handle(), arena.OpAcquire)
	eventually(t, "waiters bit", func() bool { return lock.c.F[0].Load()&ownerWaiters != 0 })
	lock.c.F[0].Store(0) // a release whose one wake went to the dead
	ms[0].Reap(dead.ID(), -9)
	wait()
}

// A member that leaves in good order gives back what it had, and its reaper finds nothing to do.
func TestLeaveGivesBack(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	lock, rlock := must(NewLock(m))(t), must(NewRLock(m))(t)
	defer lock.Close()
	defer rlock.Close()
	for _, bound := range []uint32{3, 30} {
		sem := must(NewSemaphore(m, bound, true))(t)
		c := child(t, m)
		ok, err := must(OpenLock(c, lock.Handle()))(t).Acquire(Opt{})
		acquired(t, ok, err)
		ok, err = must(OpenRLock(c, rlock.Handle()))(t).Acquire(Opt{})
		acquired(t, ok, err)
		ok, err = must(OpenSemaphore(c, sem.Handle()))(t).Acquire(Opt{})
		acquired(t, ok, err)
		if w := c.Leave(); len(w) != 3 {
			t.Errorf("warnings %+v", w)
		}
		if w := m.Reap(c.ID(), 0); len(w) != 0 {
			t.Errorf("warnings %+v", w)
		}
		if lock.Locked() || rlock.Locked() || sem.Value() != bound {
			t.Errorf("locked %v %v, value %d of %d", lock.Locked(), rlock.Locked(), sem.Value(), bound)
		}
		sem.Close()
	}
}

// A process takes a lock for another one to release, and leaves. Then the release is none too many, but the next one is.
func TestReleaseAfterGivenBack(t *testing.T) {
	m := family(t, 1)[0]
	lock, sem := must(NewLock(m))(t), must(NewSemaphore(m, 2, true))(t)
	defer lock.Close()
	defer sem.Close()
	end := func() {
		c := child(t, m)
		ok, err := must(OpenLock(c, lock.Handle()))(t).Acquire(Opt{})
		acquired(t, ok, err)
		ok, err = must(OpenSemaphore(c, sem.Handle()))(t).Acquire(Opt{})
		acquired(t, ok, err)
		c.Leave()
		m.Reap(c.ID(), 0)
	}
	end()
	wantErr(t, lock.Release(), nil)
	wantErr(t, sem.Release(), nil)
	wantErr(t, lock.Release(), ErrNotHeld)
	wantErr(t, sem.Release(), ErrBounded)
	if sem.Value() != 2 || sem.Bound() != 2 {
		t.Errorf("value %d of %d", sem.Value(), sem.Bound())
	}

	// Who takes it meanwhile and releases it makes the next release wrong again.
	end()
	ok, err := lock.Acquire(Opt{})
	acquired(t, ok, err)
	ok, err = sem.Acquire(Opt{})
	acquired(t, ok, err)
	for _, want := range []error{nil, ErrNotHeld} {
		wantErr(t, lock.Release(), want)
	}
	for _, want := range []error{nil, ErrBounded} {
		wantErr(t, sem.Release(), want)
	}
}

// A cancelled wait for a condition whose lock is not to be had does not last for ever.
func TestConditionCancelWithoutLock(t *testing.T) {
	ms := family(t, 2)
	cs := condFamily(t, ms, nil)
	var cancel futex.Cancel
	wait := async(t, func() {
		ok, err := cs[1].Lock().Acquire(Opt{})
		acquired(t, ok, err)
		_, err = cs[1].Wait(Opt{Cancel: &cancel})
		wantErr(t, err, futex.ErrCanceled)
		if cs[1].Lock().Mine(0) {
			t.Error("has a lock that another one has")
		}
	})
	blocked(t, ms[1], cs[1].Handle(), arena.OpWait)
	with(t, cs[0], func() {
		cancel.Cancel()
		wait()
	})
}
