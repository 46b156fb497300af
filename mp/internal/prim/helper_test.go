package prim

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// family makes an arena of Go memory with n members that this process plays. At the test's end everybody leaves, and the
// arena must be whole and empty.
func family(t testing.TB, n int) []*arena.Member {
	t.Helper()
	a, err := arena.NewHeap(arena.Options{Size: 32 << 20, Cells: 2048})
	if err != nil {
		t.Fatal(err)
	}
	return members(t, a, n)
}

func members(t testing.TB, a *arena.Arena, n int) []*arena.Member {
	t.Helper()
	ms := make([]*arena.Member, n)
	parent := arena.NoSlot
	for i := range ms {
		s, err := a.TakeSlot(parent, "member")
		if err != nil {
			t.Fatal(err)
		}
		parent = s
		ms[i] = a.Join(s)
		ms[i].Slot().SetState(arena.SlotRunning)
	}
	t.Cleanup(func() {
		if err := a.Check(); err != nil {
			t.Errorf("check: %v", err)
		}
		for _, m := range ms {
			m.Leave()
		}
		if err := a.Check(); err != nil {
			t.Errorf("check after all left: %v", err)
		}
		if st := a.Stats(); st.CellsUsed != 0 || st.ChunksUsed != 0 {
			t.Errorf("left over: %d objects %v, %d chunks", st.CellsUsed, st.ByKind, st.ChunksUsed)
		}
	})
	return ms
}

// must returns v.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// acquired fails the test unless ok and err are those of a call that got what it wanted.
func acquired(t testing.TB, ok bool, err error) {
	t.Helper()
	if !ok || err != nil {
		t.Fatalf("got %v, %v, want true", ok, err)
	}
}

// refused is the opposite of acquired.
func refused(t testing.TB, ok bool, err error) {
	t.Helper()
	if ok || err != nil {
		t.Fatalf("got %v, %v, want false", ok, err)
	}
}

const patience = 20 * time.Second

// eventually waits until cond is true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for start := time.Now(); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Since(start) > patience {
			t.Fatalf("still waiting after %v: %s", patience, what)
		}
	}
}

// blocked waits until m sleeps in op on h.
func blocked(t testing.TB, m *arena.Member, h arena.Handle, op arena.WaitOp) arena.WaitRecord {
	t.Helper()
	var r arena.WaitRecord
	eventually(t, "member to block in "+op.String(), func() bool {
		var ok bool
		r, ok = m.Slot().Waiting()
		return ok && r.Obj == h && r.Op == op
	})
	return r
}

// async runs f in a goroutine and returns a function that waits for its end.
func async(t testing.TB, f func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return func() {
		t.Helper()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("goroutine still runs")
		}
	}
}

// soon is an option with a deadline that passes at once but not before a sleep.
func soon() Opt { return Opt{Deadline: futex.After(time.Millisecond)} }

// stress is how much longer than usual the heavy tests run.
func stress() int {
	n, _ := strconv.Atoi(os.Getenv("STARMP_STRESS")) // unset is 0
	return max(1, n)
}
