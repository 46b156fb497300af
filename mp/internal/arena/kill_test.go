package arena

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
)

// Members work on shared stacks, and are killed at random instants. What they held, had and were doing must be put right every time, while
// the others go on. STARMP_KILLS sets the number of kills.
func TestKill(t *testing.T) {
	kills := 2000
	if testing.Short() {
		kills = 200
	}
	if n, err := strconv.Atoi(os.Getenv("STARMP_KILLS")); err == nil {
		kills = n
	}
	a, root := newArena(t, false, Options{Size: 16 << 20})
	var stacks [sharedStacks]Handle
	for i := range stacks {
		stacks[i], _ = newCell(t, root)
		// The children find them in the root's slot.
		root.slot.Task[i].Store(uint64(stacks[i]))
	}
	defer func() {
		for _, h := range stacks {
			root.Release(h)
		}
	}()

	const crowd = 4
	for round := 0; round*crowd < kills; round++ {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		var wg sync.WaitGroup
		for range crowd {
			delay := time.Duration(rng.IntN(400)) * time.Microsecond
			s, err := a.TakeSlot(root.id, fmt.Sprintf("worker of round %d", round))
			if err != nil {
				t.Fatal(err)
			}
			cmd := startWorker(t, root, s, rng)
			wg.Go(func() {
				killChild(t, a.Slot(s), cmd, delay)
				root.Reap(s, -9)
				mustBeDead(t, a, s)
			})
		}
		// The root works on the same stacks meanwhile, and must never be stuck.
		w := worker{m: root, rng: rng, stacks: stacks}
		for range 50 {
			w.step()
		}
		wg.Wait()
		w.dropAll()
		if n := dirt(a).Load(); n != 0 {
			t.Fatalf("seed %d, round %d: %d new runs were not zero", seed, round, n)
		}
		if n := root.inHand.Load(); n != 0 {
			t.Fatalf("seed %d, round %d: the root believes that it has %d things in hand", seed, round, n)
		}
		if err := errors.Join(a.Check(), checkFlights(a)); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
}

// A reaper that is killed while it recovers others: its own reaper finishes its work.
func TestKillReaper(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 30
	}
	a, root := newArena(t, false, Options{Size: 16 << 20})
	for i := range sharedStacks {
		h, _ := newCell(t, root)
		root.slot.Task[i].Store(uint64(h))
		defer root.Release(h)
	}
	interrupted := 0
	for round := range kills {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		reaper, err := a.TakeSlot(root.id, "reaper")
		if err != nil {
			t.Fatal(err)
		}
		// All begin before the first is killed: nobody recovers that one yet, so a lock may be its for long.
		var dead [3]SlotID
		var cmds [3]*exec.Cmd
		for i := range dead {
			if dead[i], err = a.TakeSlot(reaper, "worker"); err != nil {
				t.Fatal(err)
			}
			cmds[i] = startWorker(t, root, dead[i], rng)
		}
		for _, s := range dead {
			awaitStart(t, a.Slot(s))
		}
		for i, s := range dead {
			killChild(t, a.Slot(s), cmds[i], time.Duration(rng.IntN(200))*time.Microsecond)
		}
		cmd := startChild(t, a, reaper, "ARENA_TEST_REAP=1")
		killChild(t, a.Slot(reaper), cmd, time.Duration(rng.IntN(150))*time.Microsecond)
		var wg sync.WaitGroup
		for _, s := range append(dead[:], reaper) {
			if a.Slot(s).State.Load() == SlotReaping {
				interrupted++
			}
			wg.Go(func() { root.Reap(s, -9) })
		}
		wg.Wait()
		for _, s := range append(dead[:], reaper) {
			mustBeDead(t, a, s)
		}
		if err := errors.Join(a.Check(), checkFlights(a)); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
	t.Logf("%d recoveries interrupted", interrupted)
}

// startWorker starts a child that has the shared stacks from before its start.
func startWorker(t *testing.T, root *Member, s SlotID, rng *rand.Rand) *exec.Cmd {
	for i := range sharedStacks {
		root.a.cells[Handle(root.slot.Task[i].Load()).cell()].hold(s)
	}
	return startChild(t, root.a, s, "ARENA_TEST_SEED="+strconv.FormatUint(rng.Uint64(), 10))
}

// killChild lets the child begin its work and kills it after a while.
func killChild(t *testing.T, slot *Slot, cmd *exec.Cmd, delay time.Duration) {
	awaitStart(t, slot)
	// Not a wait for anything: the instant of the kill is what is random here.
	for start := time.Now(); time.Since(start) < delay; {
		if delay > 100*time.Microsecond {
			time.Sleep(delay / 2)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
}

func awaitStart(t *testing.T, slot *Slot) {
	for dl := futex.After(20 * time.Second); slot.State.Load() == SlotStarting; {
		if err := futex.Wait(&slot.State, SlotStarting, dl, nil); err != nil {
			t.Errorf("child does not start: %v", err)
			return
		}
	}
}

func mustBeDead(t *testing.T, a *Arena, s SlotID) {
	t.Helper()
	if state := a.Slot(s).State.Load(); state != SlotDead {
		t.Errorf("state %d after Reap", state)
	}
	a.FreeSlot(s)
}

// play is a child: it works, or reaps the slots whose parent it is, until it is killed.
func play(a *Arena, s SlotID) {
	m := a.Join(s)
	if os.Getenv("ARENA_TEST_REAP") != "" {
		m.slot.SetState(SlotRunning)
		var wg sync.WaitGroup
		for i := range a.Slots() {
			if parent, _ := a.Slot(i).Parent(); parent == s {
				wg.Go(func() { m.Reap(i, -9) })
			}
		}
		wg.Wait()
		for parent := os.Getppid(); os.Getppid() == parent; {
			time.Sleep(time.Millisecond) // until it is killed
		}
		return
	}
	seed, _ := strconv.ParseUint(os.Getenv("ARENA_TEST_SEED"), 10, 64)
	w := worker{m: m, rng: rand.New(rand.NewPCG(seed, 1))}
	for i := range w.stacks {
		w.stacks[i] = Handle(a.Slot(0).Task[i].Load())
		if err := m.Retain(w.stacks[i]); err != nil {
			panic(err)
		}
	}
	m.slot.SetState(SlotRunning)
	// A child whose parent is gone ends by itself.
	for parent := os.Getppid(); os.Getppid() == parent; {
		for range 1000 {
			w.step()
		}
	}
}
