package prim

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// barriers has a barrier, opened by each member.
func barriers(t testing.TB, ms []*arena.Member, parties int) []*Barrier {
	bs := make([]*Barrier, len(ms))
	bs[0] = must(NewBarrier(ms[0], uint64(parties)))(t)
	for i, m := range ms[1:] {
		bs[i+1] = must(OpenBarrier(m, bs[0].Handle()))(t)
	}
	for _, b := range bs {
		t.Cleanup(b.Close)
	}
	return bs
}

// comes lets b's member wait at the barrier, and returns a function that returns what came of it.
func comes(t testing.TB, b *Barrier, opt Opt) func() (int, error) {
	var index int
	var err error
	before := b.Waiting()
	wait := async(t, func() { index, err = b.Wait(opt, nil) })
	if opt.Deadline == 0 {
		eventually(t, "one more to come", func() bool { return b.Waiting() == before+1 })
	}
	return func() (int, error) { t.Helper(); wait(); return index, err }
}

func TestBarrier(t *testing.T) {
	ms := family(t, 3)
	bs := barriers(t, ms, 3)
	if bs[2].Parties() != 3 || bs[0].Broken() {
		t.Error("wrong state")
	}
	for range 5 {
		first, second := comes(t, bs[0], Opt{}), comes(t, bs[1], Opt{})
		if index, err := bs[2].Wait(Opt{}, nil); index != 2 || err != nil {
			t.Fatalf("got %d, %v", index, err)
		}
		if n := bs[0].Waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
		for want, result := range []func() (int, error){first, second} {
			if index, err := result(); index != want || err != nil {
				t.Fatalf("got %d, %v, want %d", index, err, want)
			}
		}
	}
	if _, err := NewBarrier(ms[0], 0); !errors.Is(err, ErrParties) {
		t.Errorf("no parties: %v", err)
	}
	if index, err := must(NewBarrier(ms[0], 1))(t).Wait(Opt{NoWait: true}, nil); index != 0 || err != nil {
		t.Errorf("one party: %d, %v", index, err)
	}
}

func TestBarrierBreaks(t *testing.T) {
	ms := family(t, 3)
	bs := barriers(t, ms, 3)
	broken := func(result func() (int, error)) {
		t.Helper()
		_, err := result()
		wantErr(t, err, ErrBroken)
	}
	for name, breaks := range map[string]func(){
		"abort": func() { wantErr(t, bs[1].Abort(), nil) },
		"no wait": func() {
			_, err := bs[1].Wait(Opt{NoWait: true}, nil)
			wantErr(t, err, ErrBroken)
		},
		"timeout": func() { broken(comes(t, bs[1], soon())) },
	} {
		waits := comes(t, bs[0], Opt{})
		breaks()
		broken(waits)
		if !bs[2].Broken() || bs[2].Waiting() != 0 {
			t.Errorf("%s: broken %v, %d wait", name, bs[2].Broken(), bs[2].Waiting())
		}
		_, err := bs[2].Wait(Opt{}, nil)
		wantErr(t, err, ErrBroken)
		wantErr(t, bs[2].Abort(), nil)
		wantErr(t, bs[2].Reset(), nil)
		if bs[0].Broken() {
			t.Errorf("%s: broken after the reset", name)
		}
	}
	waits := comes(t, bs[0], Opt{})
	wantErr(t, bs[1].Reset(), nil)
	broken(waits)
	if bs[0].Broken() {
		t.Error("a reset breaks the barrier for good")
	}

	// Who is cancelled has not come.
	var cancel futex.Cancel
	first := comes(t, bs[0], Opt{})
	canceled := comes(t, bs[1], Opt{Cancel: &cancel})
	cancel.Cancel()
	if _, err := canceled(); err != futex.ErrCanceled {
		t.Errorf("got %v", err)
	}
	if n := bs[2].Waiting(); n != 1 {
		t.Errorf("%d wait", n)
	}
	second := comes(t, bs[1], Opt{})
	_, err := bs[2].Wait(Opt{}, nil)
	for _, result := range []func() (int, error){first, second} {
		if _, err := result(); err != nil {
			t.Error(err)
		}
	}
	wantErr(t, err, nil)
}

func TestBarrierAction(t *testing.T) {
	ms := family(t, 2)
	bs := barriers(t, ms, 2)
	boom := errors.New("boom")
	for _, fails := range []error{nil, boom} {
		var out atomic.Bool
		var err0 error
		first := async(t, func() { _, err0 = bs[0].Wait(Opt{}, nil); out.Store(true) })
		blocked(t, ms[0], bs[0].Handle(), arena.OpWait)
		index, err := bs[1].Wait(Opt{}, func() error {
			if bs[0].Waiting() != 2 || out.Load() {
				t.Errorf("%d wait, first is out %v", bs[0].Waiting(), out.Load())
			}
			return fails
		})
		if index != 1 || err != fails {
			t.Errorf("got %d, %v", index, err)
		}
		first()
		if fails == nil {
			wantErr(t, err0, nil)
		} else {
			wantErr(t, err0, ErrBroken)
		}
		if bs[0].Broken() != (fails != nil) {
			t.Error("broken", bs[0].Broken())
		}
	}
	wantErr(t, bs[0].Reset(), nil)

	// Nobody's time is up while it runs, who comes meanwhile is of the next generation, and an abort reaches all.
	for _, aborted := range []bool{false, true} {
		var errs [3]error
		begun, finish := make(chan bool), make(chan bool)
		waits := []func(){async(t, func() { _, errs[0] = bs[0].Wait(soon(), nil) })}
		eventually(t, "the first to come", func() bool { return bs[0].Waiting() == 1 || bs[0].Broken() })
		waits = append(waits, async(t, func() {
			_, errs[1] = bs[1].Wait(Opt{}, func() error { begun <- true; <-finish; return nil })
		}))
		select {
		case <-begun:
		case <-async2(waits[1]):
			// The millisecond was over before the second one came.
			wantErr(t, errs[1], ErrBroken)
			waits[0]()
			wantErr(t, bs[0].Reset(), nil)
			continue
		}
		next := async(t, func() { _, errs[2] = bs[1].Wait(Opt{}, nil) })
		blocked(t, ms[1], bs[1].Handle(), arena.OpWait)
		if aborted {
			wantErr(t, bs[0].Abort(), nil)
			waits[0]()
		}
		finish <- true
		for _, wait := range waits {
			wait()
		}
		want := error(nil)
		if aborted {
			want = ErrBroken
		} else {
			eventually(t, "the next generation", func() bool { return bs[0].Waiting() == 1 })
			wantErr(t, bs[0].Abort(), nil)
		}
		next()
		wantErr(t, errs[0], want)
		wantErr(t, errs[1], want)
		wantErr(t, errs[2], ErrBroken)
		wantErr(t, bs[0].Reset(), nil)
	}
}

// async2 is a channel that is closed when wait returns.
func async2(wait func()) <-chan struct{} {
	done := make(chan struct{})
	go func() { wait(); close(done) }()
	return done
}

// More waiters than the cell has room for.
func TestBarrierOfMany(t *testing.T) {
	ms := family(t, 1)
	const parties = 3*inlinePlaces + 1
	b := barriers(t, ms, parties)[0]
	for range 3 {
		var seen [parties]atomic.Int32
		var waits []func()
		for range parties {
			waits = append(waits, async(t, func() {
				i, err := b.Wait(Opt{}, nil)
				if err != nil {
					t.Error(err)
				}
				seen[i].Add(1)
			}))
		}
		for _, wait := range waits {
			wait()
		}
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Errorf("%d parties had index %d", n, i)
			}
		}
	}
	if n := openPlaces(ms[0].Arena(), b.c).used(); n > parties+inlinePlaces {
		t.Errorf("%d places for %d parties", n, parties)
	}
}

// Who is slow to leave learns how its own generation ended, not how a later one did.
func TestBarrierMarks(t *testing.T) {
	ms := family(t, 2)
	bs := barriers(t, ms, 2)
	var opt Opt
	released, err := bs[0].arrive(&opt, false)
	wantErr(t, err, nil)
	_, err = bs[1].Wait(Opt{}, nil)
	wantErr(t, err, nil)
	cut, err := bs[0].arrive(&opt, false)
	wantErr(t, err, nil)
	wantErr(t, bs[1].Reset(), nil)
	for range 3 {
		again := comes(t, bs[0], Opt{})
		_, err = bs[1].Wait(Opt{}, nil)
		wantErr(t, err, nil)
		_, err = again()
		wantErr(t, err, nil)
	}
	wantErr(t, bs[0].depart(&released), nil)
	wantErr(t, bs[0].depart(&cut), ErrBroken)
}

// What a party leaves that dies at the barrier, wherever it is.
func TestBarrierDeath(t *testing.T) {
	ms := family(t, 2)
	bs := barriers(t, ms, 3)
	var opt Opt
	for name, die := range map[string]func(m *arena.Member, b *Barrier){
		"waiting": func(m *arena.Member, b *Barrier) { b.arrive(&opt, false) },
		"not counted": func(m *arena.Member, b *Barrier) {
			m.Lock(&b.c.F[1])
			s := openBarrier(m, b.c)
			s.places.add(self(m), s.generation())
		},
		"acting": func(m *arena.Member, b *Barrier) {
			comes(t, bs[1], Opt{})
			if turn, err := b.arrive(&opt, true); err != nil || !turn.acts {
				t.Errorf("%+v, %v", turn, err)
			}
		},
	} {
		waits := comes(t, bs[0], Opt{})
		m := child(t, ms[0])
		m.Slot().SetName("the dead one")
		m.Slot().Pid.Store(4711)
		die(m, must(OpenBarrier(m, bs[0].Handle()))(t))
		if w := ms[0].Reap(m.ID(), -9); len(w) != 0 {
			t.Errorf("%s: warnings %+v", name, w)
		}
		_, err := waits()
		wantErr(t, err, ErrBroken)
		if !strings.Contains(err.Error(), "the dead one (pid 4711) died") {
			t.Errorf("%s: error %q", name, err)
		}
		eventually(t, "all to leave", func() bool { return openPlaces(ms[0].Arena(), bs[0].c).free() })
		wantErr(t, bs[0].Reset(), nil)
		_, err = bs[0].Wait(soon(), nil)
		if err == nil || err.Error() != "" {
			t.Errorf("%s: after the reset: %v", name, err)
		}
		wantErr(t, bs[0].Reset(), nil)
	}

	// Two deaths that change nothing for the others: before it came, and after its release.
	m := child(t, ms[0])
	b := must(OpenBarrier(m, bs[0].Handle()))(t)
	m.Lock(&b.c.F[1])
	waits := async(t, func() {
		_, err := bs[0].Wait(Opt{}, nil)
		wantErr(t, err, nil)
	})
	ms[0].Reap(m.ID(), -9)
	eventually(t, "the first to come", func() bool { return bs[0].Waiting() == 1 })
	m = child(t, ms[0])
	b = must(OpenBarrier(m, bs[0].Handle()))(t)
	if _, err := b.arrive(&opt, false); err != nil {
		t.Fatal(err)
	}
	_, err := bs[1].Wait(Opt{}, nil)
	wantErr(t, err, nil)
	ms[0].Reap(m.ID(), -9)
	waits()
	if bs[0].Broken() {
		t.Error("broken by one that had been released")
	}
}

// A process that leaves in good order while one of its threads waits breaks the barrier.
func TestBarrierLeave(t *testing.T) {
	ms := family(t, 1)
	b := barriers(t, ms, 3)[0]
	m := child(t, ms[0])
	gone := must(OpenBarrier(m, b.Handle()))(t)
	var opt Opt
	if _, err := gone.arrive(&opt, false); err != nil {
		t.Fatal(err)
	}
	waits := comes(t, b, Opt{})
	m.Leave()
	_, err := waits()
	wantErr(t, err, ErrBroken)
	ms[0].Reap(m.ID(), 0)
}

// Members in lockstep: nobody is a round ahead of anybody.
func TestBarrierHammer(t *testing.T) {
	ms := family(t, 4)
	bs := barriers(t, ms, len(ms))
	var rounds [4]atomic.Int64
	var waits []func()
	last := int64(2000 * stress())
	for i, b := range bs {
		waits = append(waits, async(t, func() {
			for n := int64(1); n <= last; n++ {
				rounds[i].Store(n)
				if _, err := b.Wait(Opt{}, nil); err != nil {
					t.Error(err)
					return
				}
				for k := range rounds {
					if r := rounds[k].Load(); r < n || r > n+1 {
						t.Errorf("round %d of one, %d of another", n, r)
						b.Abort()
					}
				}
			}
		}))
	}
	for _, wait := range waits {
		wait()
	}
}
