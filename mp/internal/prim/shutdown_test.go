package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Who sleeps in Put or Get when the queue is shut down is told, and so is who comes later.
func TestShutdown(t *testing.T) {
	ms := family(t, 3)
	q := must(NewJoinable(ms[0], 1))(t)
	defer q.Close()
	others := []*Queue{must(OpenQueue(ms[1], q.Handle()))(t), must(OpenQueue(ms[2], q.Handle()))(t)}
	for _, o := range others {
		defer o.Close()
	}
	wantErr(t, q.Put([]byte("x"), []arena.Handle{q.Handle()}, Opt{}), nil)
	var waits []func()
	for i, o := range others {
		waits = append(waits, async(t, func() { wantErr(t, o.Put(make([]byte, 100_000*i), nil, Opt{}), ErrShutDown) }))
		blocked(t, ms[i+1], q.Handle(), arena.OpPut)
	}
	wantErr(t, q.Shutdown(false), nil)
	for _, wait := range waits {
		wait()
	}
	wantErr(t, q.Put(nil, nil, Opt{NoWait: true}), ErrShutDown)
	wantErr(t, q.Put(make([]byte, 100_000), nil, Opt{NoWait: true}), ErrShutDown)
	msg := must(q.Get(Opt{NoWait: true}))(t)
	msg.Release(ms[0])
	_, err := q.Get(Opt{})
	wantErr(t, err, ErrShutDown)
	wantErr(t, q.TaskDone(), nil)
	wantErr(t, q.TaskDone(), ErrTaskDone)
}

func TestShutdownOfGetters(t *testing.T) {
	ms := family(t, 3)
	q := must(NewJoinable(ms[0], 0))(t)
	defer q.Close()
	var waits []func()
	for _, m := range ms[1:] {
		o := must(OpenQueue(m, q.Handle()))(t)
		defer o.Close()
		waits = append(waits, async(t, func() {
			_, err := o.Get(Opt{})
			wantErr(t, err, ErrShutDown)
		}))
		blocked(t, m, q.Handle(), arena.OpGet)
	}
	wantErr(t, q.Shutdown(true), nil)
	for _, wait := range waits {
		wait()
	}
}

// What an immediate Shutdown drops counts as finished, and gives back what it carries.
func TestShutdownImmediate(t *testing.T) {
	ms := family(t, 2)
	q := must(NewJoinable(ms[0], 0))(t)
	defer q.Close()
	other := must(OpenQueue(ms[1], q.Handle()))(t)
	defer other.Close()
	for range 3 {
		wantErr(t, q.Put(make([]byte, 100_000), []arena.Handle{q.Handle()}, Opt{}), nil)
	}
	wait := async(t, func() {
		ok, err := other.Join(Opt{})
		acquired(t, ok, err)
	})
	blocked(t, ms[1], q.Handle(), arena.OpJoin)
	wantErr(t, q.Shutdown(true), nil)
	wait()
	if q.Len() != 0 || q.Unfinished() != 0 {
		t.Errorf("%d messages, %d unfinished", q.Len(), q.Unfinished())
	}
}
