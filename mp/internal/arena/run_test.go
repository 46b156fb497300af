package arena

import (
	"errors"
	"testing"
)

// fullRun takes a run, checks that it is zero, and fills it.
func fullRun(t testing.TB, m *Member, n int) Chunk {
	t.Helper()
	ch, err := m.TakeRun(n, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := m.a.RunBytes(ch, n)
	if len(b) != n*ChunkSize {
		t.Fatalf("%d bytes", len(b))
	}
	for i := 0; i < len(b); i += 512 {
		if b[i] != 0 {
			t.Fatalf("byte %d of the run is %d", i, b[i])
		}
		b[i] = 1
	}
	return ch
}

func TestRuns(t *testing.T) {
	for _, heap := range []bool{true, false} {
		a, m := newArena(t, heap, Options{Size: 16 << 20})
		n := len(a.metas)
		first := fullRun(t, m, 3)
		if int(first) != n-2 {
			t.Errorf("run of 3 of %d chunks begins at %d", n, first)
		}
		second := fullRun(t, m, 5)
		if int(second) != n-7 {
			t.Errorf("the next run of 5 begins at %d", second)
		}
		single, err := m.TakeChunk(0)
		if err != nil || single != 1 {
			t.Errorf("chunk %d, %v", single, err)
		}
		// The gap is used again, by a run that fits.
		m.GiveRun(first, 3)
		third := fullRun(t, m, 4)
		if int(third) != n-11 {
			t.Errorf("run of 4 begins at %d", third)
		}
		if again := fullRun(t, m, 2); int(again) != n-1 {
			t.Errorf("run of 2 begins at %d", again)
		} else {
			m.GiveRun(again, 2)
		}
		mustCheck(t, a)
		if _, err := m.TakeRun(n, 0); !errors.Is(err, ErrFull) {
			t.Errorf("run of all: %v", err)
		}
		if _, err := m.TakeRun(1<<40, 0); !errors.Is(err, ErrFull) {
			t.Errorf("run of more than all: %v", err)
		}
		m.GiveRun(second, 5)
		m.GiveRun(third, 4)
		m.GiveChunk(single)
		if st := a.Stats(); st.ChunksUsed != 0 {
			t.Errorf("%d chunks used", st.ChunksUsed)
		}
		// Warm and cold single chunks are for runs, too.
		var all []Chunk
		for range n {
			ch, err := m.TakeChunk(0)
			if err != nil {
				t.Fatal(err)
			}
			a.Bytes(ch)[0] = 1
			all = append(all, ch)
		}
		if _, err := m.TakeRun(1, 0); !errors.Is(err, ErrFull) {
			t.Errorf("run of nothing: %v", err)
		}
		for _, ch := range all {
			m.GiveChunk(ch)
		}
		m.GiveRun(fullRun(t, m, n), n)
		mustCheck(t, a)
		// And chunks of runs for single ones.
		for i := range all {
			if all[i], err = m.TakeChunk(0); err != nil {
				t.Fatal(err)
			}
		}
		for _, ch := range all {
			m.GiveChunk(ch)
		}
		mustPanic(t, "give what is free", func() { m.GiveRun(first, 3) })
		mustPanic(t, "run of nothing", func() { m.TakeRun(0, 0) })
	}
}

// A run's memory goes back to the system when it is given back.
func TestRunsAreReturned(t *testing.T) {
	a, m := newArena(t, false, Options{Size: 64 << 20})
	if !punches || a.Stats().Touched == 0 {
		t.Skip("memory is not given back, or not counted")
	}
	before := a.Stats().Touched
	const n = 500
	run, err := m.TakeRun(n, 0)
	if err != nil {
		t.Fatal(err)
	}
	if more := a.Stats().Touched - before; more > 64<<10 {
		t.Errorf("taking touched %d bytes", more)
	}
	clear(a.RunBytes(run, n)[:200*ChunkSize])
	m.GiveRun(run, n)
	if more := a.Stats().Touched - before; more > 64<<10 {
		t.Errorf("%d bytes stay", more)
	}
}

// Whatever a process has in hand of a run when it dies is free again.
func TestRunOfTheDead(t *testing.T) {
	a, m := newArena(t, true, Options{Size: 16 << 20})
	h, c := newCell(t, m)
	for steps := range 4 {
		dead := newMember(t, a, m.id, "dead")
		if err := dead.Retain(h); err != nil {
			t.Fatal(err)
		}
		run, err := dead.TakeRun(7, h)
		if err != nil {
			t.Fatal(err)
		}
		switch steps {
		case 1: // half placed in an object that does not reach it: an error of the kind, but nothing is lost
			dead.PlaceRun(run, 3, h)
			dead.GrabRun(run, 3)
		case 2: // half given back
			dead.GiveRun(run+2, 5)
		case 3:
			dead.LockNames()
		}
		m.Reap(dead.id, -9)
		if st := a.Stats(); st.ChunksUsed != 0 {
			t.Errorf("step %d: %d chunks used", steps, st.ChunksUsed)
		}
		mustCheck(t, a)
		m.LockNames()
		m.UnlockNames()
	}
	n := 0
	for o, oc := range a.Objects(KindTest) {
		if n++; o != h || oc != c {
			t.Errorf("object %#x", o)
		}
	}
	if n != 1 {
		t.Errorf("%d objects", n)
	}
	m.Release(h)
}

func TestMem(t *testing.T) {
	a, m := newArena(t, true, Options{})
	h, c := newCell(t, m)
	run, err := m.TakeRun(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, mem := range []Mem{c.Inline(), a.RunMem(run, 2), a.RunMem(run, 2).Part(ChunkSize-8, 16)} {
		n := mem.Len()
		mem.Store64(n-8, 0x0102030405060708)
		mem.Store32(n-4, mem.Load32(n-8))
		mem.Store16(n-2, mem.Load16(n-4))
		mem.Store8(n-1, mem.Load8(n-2)+1)
		if b := mem.Bytes(); len(b) != n || b[n-1] != b[n-2]+1 || mem.Load64(n-8) == 0 {
			t.Errorf("got % x", b[n-8:])
		}
		for _, bad := range []func(){
			func() { mem.Load8(n) }, func() { mem.Store8(-1, 0) }, func() { mem.Load16(n - 1) }, func() { mem.Store16(1, 0) },
			func() { mem.Load32(n - 2) }, func() { mem.Store32(n, 0) }, func() { mem.Load64(n - 4) }, func() { mem.Store64(1<<62, 0) },
			func() { mem.Part(4, 4) }, func() { mem.Part(0, n+1) }, func() { mem.Part(8, -1) },
		} {
			mustPanic(t, "outside", bad)
		}
	}
	m.GiveRun(run, 2)
	m.Release(h)
}
