package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

func TestJoinable(t *testing.T) {
	ms := family(t, 2)
	a := must(NewJoinable(ms[0], 0))(t)
	b := must(OpenQueue(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	if plain := must(NewQueue(ms[0], 0))(t); plain.Joinable() || !b.Joinable() {
		t.Error("joinable is not what was made so")
	} else {
		plain.Close()
	}
	wantErr(t, b.TaskDone(), ErrTaskDone)
	ok, err := b.Join(Opt{})
	acquired(t, ok, err)
	for round := range 3 {
		wantErr(t, a.Put(nil, nil, Opt{}), nil)
		wantErr(t, a.Put(make([]byte, 100_000), nil, Opt{}), nil)
		ok, err = a.Join(Opt{NoWait: true})
		refused(t, ok, err)
		ok, err = a.Join(soon())
		refused(t, ok, err)
		wait := async(t, func() {
			ok, err := a.Join(Opt{})
			acquired(t, ok, err)
		})
		blocked(t, ms[0], a.Handle(), arena.OpJoin)
		must(b.Get(Opt{}))(t)
		wantErr(t, b.TaskDone(), nil)
		if n := a.Unfinished(); n != 1 {
			t.Errorf("round %d: %d unfinished", round, n)
		}
		must(b.Get(Opt{}))(t)
		wantErr(t, b.TaskDone(), nil)
		wait()
		wantErr(t, b.TaskDone(), ErrTaskDone)
	}
	var cancel futex.Cancel
	wantErr(t, a.Put(nil, nil, Opt{}), nil)
	wait := async(t, func() {
		_, err := b.Join(Opt{Cancel: &cancel})
		wantErr(t, err, futex.ErrCanceled)
	})
	blocked(t, ms[1], a.Handle(), arena.OpJoin)
	cancel.Cancel()
	wait()
}

// The count goes on where sequence numbers begin again, and a queue that nobody ever finishes stops before it would lie.
func TestJoinableWraps(t *testing.T) {
	ms := family(t, 1)
	q := must(NewJoinable(ms[0], 0))(t)
	defer q.Close()
	at := func(n uint32) position { return makePosition(q.tail().chunk(), q.tail().off(), n) }
	q.c.W[0].Store(uint64(at(seqMask)))
	q.c.W[1].Store(uint64(at(seqMask)))
	q.c.W[5].Or(seqMask)
	for range 3 {
		wantErr(t, q.Put(nil, nil, Opt{}), nil)
	}
	for n := 3; n > 0; n-- {
		if q.Unfinished() != n {
			t.Errorf("%d unfinished, want %d", q.Unfinished(), n)
		}
		wantErr(t, q.TaskDone(), nil)
	}
	q.c.W[5].Store(stateJoinable | uint64(q.tail().seq()+1)) // as if all numbers but one were unfinished
	wantErr(t, q.Put(nil, nil, Opt{}), ErrUnfinished)
	q.c.W[5].Store(stateJoinable)
	for range 3 {
		must(q.Get(Opt{}))(t)
	}
}

// A joiner's sleep at the gate's word takes no wake from a putter, and the other way round.
func TestJoinersAndPutters(t *testing.T) {
	ms := family(t, 2)
	a := must(NewJoinable(ms[0], 1))(t)
	b := must(OpenQueue(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	wantErr(t, a.Put(nil, nil, Opt{}), nil)
	join := async(t, func() {
		ok, err := b.Join(Opt{})
		acquired(t, ok, err)
	})
	blocked(t, ms[1], a.Handle(), arena.OpJoin)
	put := async(t, func() { wantErr(t, a.Put(nil, nil, Opt{}), nil) })
	blocked(t, ms[0], a.Handle(), arena.OpPut)
	must(b.Get(Opt{}))(t)
	put()
	wantErr(t, b.TaskDone(), nil)
	must(b.Get(Opt{}))(t)
	wantErr(t, b.TaskDone(), nil)
	join()
}

// A process that dies between finishing the last message and waking the joiners: they are woken in its place.
func TestTaskDoneDies(t *testing.T) {
	ms := family(t, 2)
	q := must(NewJoinable(ms[0], 0))(t)
	defer q.Close()
	wantErr(t, q.Put(nil, nil, Opt{}), nil)
	dead := child(t, ms[0])
	dq := must(OpenQueue(dead, q.Handle()))(t)
	must(dq.Get(Opt{}))(t)
	wait := async(t, func() {
		q := must(OpenQueue(ms[1], q.Handle()))(t)
		defer q.Close()
		ok, err := q.Join(Opt{})
		acquired(t, ok, err)
	})
	blocked(t, ms[1], q.Handle(), arena.OpJoin)
	eventually(t, "joiners bit", func() bool { return q.state()&stateJoiners != 0 })
	s := q.state()
	q.c.W[5].Store(uint64(s&^stateJoiners + 1 + stateRound))
	ms[0].Reap(dead.ID(), -9)
	wait()
}

// Many processes put, finish and join; nobody misses the end of a round.
func TestJoinableHammer(t *testing.T) {
	const n = 3
	rounds := 400 * stress()
	ms := family(t, 2*n)
	q := must(NewJoinable(ms[0], 2))(t)
	defer q.Close()
	var waits []func()
	for i := range n {
		waits = append(waits, async(t, func() {
			q := must(OpenQueue(ms[i], q.Handle()))(t)
			defer q.Close()
			for range rounds {
				wantErr(t, q.Put(nil, nil, Opt{}), nil)
				wantErr(t, q.Put(nil, nil, Opt{}), nil)
				ok, err := q.Join(Opt{})
				acquired(t, ok, err)
			}
		}), async(t, func() {
			q := must(OpenQueue(ms[n+i], q.Handle()))(t)
			defer q.Close()
			for range 2 * rounds {
				must(q.Get(Opt{}))(t)
				wantErr(t, q.TaskDone(), nil)
			}
		}))
	}
	for _, wait := range waits {
		wait()
	}
	wantErr(t, q.TaskDone(), ErrTaskDone)
}
