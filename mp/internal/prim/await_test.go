package prim

import (
	"sync/atomic"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

func TestAwait(t *testing.T) {
	ms := family(t, 2)
	var queues []*Queue
	var all []Awaited
	for range 5 {
		q := must(NewQueue(ms[0], 0))(t)
		defer q.Close()
		queues = append(queues, q)
		all = append(all, q.Awaited())
	}
	var word atomic.Uint32
	all = append(all, AwaitWord(&word, func() bool { return word.Load() != 0 }))

	ok, err := Await(ms[0], all, Opt{NoWait: true})
	refused(t, ok, err)
	ok, err = Await(ms[0], all, soon())
	refused(t, ok, err)
	ok, err = Await(ms[0], nil, soon())
	refused(t, ok, err)
	for i, q := range queues {
		wait := async(t, func() {
			ok, err := Await(ms[0], all, Opt{})
			acquired(t, ok, err)
		})
		blocked(t, ms[0], queues[0].Handle(), arena.OpPoll)
		wantErr(t, q.Put(nil, nil, Opt{}), nil)
		wait()
		for k := range all {
			if all[k].Ready() != (k == i) {
				t.Errorf("after a message to %d: %d is %v", i, k, all[k].Ready())
			}
		}
		must(q.Get(Opt{}))(t)
	}
	wait := async(t, func() {
		ok, err := Await(ms[0], all, Opt{})
		acquired(t, ok, err)
	})
	blocked(t, ms[0], queues[0].Handle(), arena.OpPoll)
	word.Store(1)
	futex.Wake(&word, futex.All)
	wait()
	word.Store(0)

	var cancel futex.Cancel
	wait = async(t, func() {
		_, err := Await(ms[0], all, Opt{Cancel: &cancel})
		wantErr(t, err, futex.ErrCanceled)
	})
	blocked(t, ms[0], queues[0].Handle(), arena.OpPoll)
	cancel.Cancel()
	wait()
}

// A message wakes one sleeper. One that only looks passes the wake on, so that the getter beside it comes to the message.
func TestAwaitPassesOn(t *testing.T) {
	ms := family(t, 4)
	q := must(NewQueue(ms[0], 0))(t)
	defer q.Close()
	var waits []func()
	for i, m := range ms {
		waits = append(waits, async(t, func() {
			q := must(OpenQueue(m, q.Handle()))(t)
			defer q.Close()
			if i < 3 {
				ok, err := Await(m, []Awaited{q.Awaited()}, Opt{})
				acquired(t, ok, err)
				return
			}
			must(q.Get(Opt{}))(t)
		}))
		blocked(t, m, q.Handle(), []arena.WaitOp{arena.OpPoll, arena.OpPoll, arena.OpPoll, arena.OpGet}[i])
	}
	wantErr(t, q.Put(nil, nil, Opt{}), nil)
	waits[3]()
	wantErr(t, q.Put(nil, nil, Opt{}), nil) // for those who had not seen the first
	for _, wait := range waits {
		wait()
	}
}

// A pipe that hangs up is ready.
func TestAwaitHangUp(t *testing.T) {
	ms := family(t, 1)
	r, w, err := NewPipe(ms[0], false)
	wantErr(t, err, nil)
	defer r.Close()
	other := must(NewQueue(ms[0], 0))(t)
	defer other.Close()
	wait := async(t, func() {
		ok, err := Await(ms[0], []Awaited{other.Awaited(), r.In().Awaited()}, Opt{})
		acquired(t, ok, err)
	})
	blocked(t, ms[0], other.Handle(), arena.OpPoll)
	w.Close()
	wait()
}
