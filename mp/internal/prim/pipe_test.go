package prim

import (
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

func TestPipe(t *testing.T) {
	ms := family(t, 2)
	a, b, err := NewPipe(ms[0], true)
	wantErr(t, err, nil)
	defer a.Close()
	there := must(OpenPipeEnd(ms[1], b.Handle()))(t)
	b.Close()
	for i := range 3 {
		wantErr(t, a.Send(pattern(i*30_000, i), nil), nil)
	}
	for i := range 3 {
		msg := must(there.Recv(Opt{}))(t)
		if string(msg.Data) != string(pattern(i*30_000, i)) {
			t.Error("message is damaged")
		}
		wantErr(t, there.Send(nil, nil), nil)
		must(a.Recv(Opt{}))(t)
		if i == 0 {
			_, err := a.Recv(soon())
			wantErr(t, err, ErrQueueEmpty)
		}
	}
	wait := async(t, func() {
		_, err := a.Recv(Opt{})
		wantErr(t, err, ErrMute)
	})
	blocked(t, ms[0], a.In().Handle(), arena.OpGet)
	wantErr(t, a.Send([]byte("unread"), nil), nil)
	there.Close()
	wait()
	wantErr(t, a.Send(nil, nil), ErrDeaf)
	if n := a.out.Len(); n != 0 {
		t.Errorf("%d messages for nobody", n)
	}
}

func TestPipeOneWay(t *testing.T) {
	ms := family(t, 1)
	r, w, err := NewPipe(ms[0], false)
	wantErr(t, err, nil)
	if !r.Readable() || r.Writable() || w.Readable() || !w.Writable() {
		t.Error("wrong directions")
	}
	wantErr(t, w.Send([]byte("last"), nil), nil)
	w.Close()
	// What was sent before the hang-up still comes.
	if msg := must(r.Recv(Opt{}))(t); string(msg.Data) != "last" {
		t.Errorf("got %q", msg.Data)
	}
	_, err = r.Recv(Opt{NoWait: true})
	wantErr(t, err, ErrMute)
	r.Close()
}

// An end in a message counts as had; when the message goes with its pipe, so does the end.
func TestPipeEndInFlight(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	r, w, err := NewPipe(m, false)
	wantErr(t, err, nil)
	outerR, outerW, err := NewPipe(m, true)
	wantErr(t, err, nil)
	wantErr(t, outerW.Send(nil, []arena.Handle{w.Handle()}), nil)
	w.Close()
	_, err = r.Recv(Opt{NoWait: true})
	wantErr(t, err, ErrQueueEmpty)
	outerR.Close() // outerW is still there
	_, err = r.Recv(Opt{NoWait: true})
	wantErr(t, err, ErrMute)
	outerW.Close()
	r.Close()
	if st := m.Arena().Stats(); st.CellsUsed != 0 || st.ChunksUsed != 0 {
		t.Errorf("left: %v, %d chunks", st.ByKind, st.ChunksUsed)
	}
}

// A process that dies, or leaves, with the only reference to an end hangs up.
func TestPipeDeath(t *testing.T) {
	for _, leave := range []bool{false, true} {
		ms := family(t, 2)
		m := ms[0]
		a, b, err := NewPipe(m, true)
		wantErr(t, err, nil)
		other := child(t, m)
		must(OpenPipeEnd(other, b.Handle()))(t)
		b.Close()
		lock := must(NewLock(m))(t)
		wantErr(t, a.Send(make([]byte, 100_000), []arena.Handle{lock.Handle()}), nil)
		wait := async(t, func() {
			_, err := a.Recv(Opt{})
			wantErr(t, err, ErrMute)
		})
		blocked(t, m, a.In().Handle(), arena.OpGet)
		if leave {
			other.Leave()
		}
		m.Reap(other.ID(), -9)
		wait()
		wantErr(t, a.Send(nil, nil), ErrDeaf)
		if !leave && a.out.Len() != 0 { // who leaves cannot drain; the next Put would
			t.Errorf("%d messages for nobody", a.out.Len())
		}
		lock.Close()
		a.Close()
		if st := m.Arena().Stats(); st.CellsUsed != 0 || st.ChunksUsed != 0 {
			t.Errorf("left: %v, %d chunks", st.ByKind, st.ChunksUsed)
		}
	}
}

// Who frees an end dies at each of its steps: its reaper goes on.
func TestFreeEndDies(t *testing.T) {
	for step := range 4 {
		ms := family(t, 1)
		m := ms[0]
		a, b, err := NewPipe(m, true)
		wantErr(t, err, nil)
		lock := must(NewLock(m))(t)
		wantErr(t, a.Send(nil, []arena.Handle{lock.Handle()}), nil)
		dying := child(t, m)
		must(OpenPipeEnd(dying, b.Handle()))(t)
		b.Close()
		in := must(OpenQueue(dying, b.in.Handle()))(t)
		if step > 0 {
			in.c.W[5].Or(stateDeaf)
		}
		if step > 1 {
			dying.Lock(&in.c.F[3]) // draining
		}
		if step > 2 {
			dying.DropFlight(in.h, &b.c.F[0], 0)
		}
		m.Reap(dying.ID(), -9)
		wantErr(t, a.Send(nil, nil), ErrDeaf)
		_, err = a.Recv(Opt{})
		wantErr(t, err, ErrMute)
		lock.Close()
		if step < 3 {
			if _, err := OpenLock(m, lock.Handle()); !errorsIsStale(err) {
				t.Errorf("step %d: the message for nobody is still there", step)
			}
		}
		a.Close()
	}
}
