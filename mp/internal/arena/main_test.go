package arena

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// childEnv makes the test binary play a member in the slot of that number.
const childEnv = "ARENA_TEST_SLOT"

func TestMain(m *testing.M) {
	if s := os.Getenv(childEnv); s != "" {
		id, _ := strconv.Atoi(s)
		a, err := Attach(os.NewFile(3, "arena"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		play(a, SlotID(id))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newArena makes an arena with this process as its root. At the end of the test it must be consistent, and empty once the root has
// left.
func newArena(t testing.TB, heap bool, o Options) (*Arena, *Member) {
	t.Helper()
	if o.Size == 0 {
		o.Size = 8 << 20
	}
	mk := New
	if heap {
		mk = NewHeap
	}
	a, err := mk(o)
	if err != nil {
		t.Fatal(err)
	}
	m := newMember(t, a, NoSlot, "root")
	t.Cleanup(func() {
		m.Leave()
		if err := a.Check(); err != nil {
			t.Errorf("Check:\n%v", err)
		}
		if st := a.Stats(); !t.Failed() && (st.CellsUsed != 0 || st.ChunksUsed != 0) {
			t.Errorf("still in use: %+v", st)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, m
}

func newMember(t testing.TB, a *Arena, parent SlotID, name string) *Member {
	t.Helper()
	s, err := a.TakeSlot(parent, name)
	if err != nil {
		t.Fatal(err)
	}
	a.Slot(s).Pid.Store(uint32(os.Getpid()))
	a.Slot(s).SetState(SlotRunning)
	return a.Join(s)
}

func newCell(t testing.TB, m *Member) (Handle, *Cell) {
	t.Helper()
	h, c, err := m.NewCell(KindTest)
	if err != nil {
		t.Fatal(err)
	}
	return h, c
}

// startChild starts this test binary as a member in slot s.
func startChild(t testing.TB, a *Arena, s SlotID, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append([]string{childEnv + "=" + strconv.Itoa(int(s)), "GOMAXPROCS=2", "GOGC=off"}, env...)
	cmd.ExtraFiles = []*os.File{a.File()}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.Slot(s).Pid.Store(uint32(cmd.Process.Pid))
	return cmd
}

func mustCheck(t testing.TB, a *Arena) {
	t.Helper()
	if err := a.Check(); err != nil {
		t.Fatalf("Check:\n%v", err)
	}
	if err := checkFlights(a); err != nil {
		t.Fatal(err)
	}
}
