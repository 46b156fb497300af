package arena

import (
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
			// A child has what its parent gave it before the start.
			for _, h := range stacks {
				a.cells[h.cell()].hold(s)
			}
			cmd := startChild(t, a, s, "ARENA_TEST_SEED="+strconv.FormatUint(rng.Uint64(), 10))
			wg.Go(func() { killAndReap(t, root, s, cmd, delay) })
		}
		// The root works on the same stacks meanwhile, and must never be stuck.
		w := worker{m: root, rng: rng, stacks: stacks}
		for range 50 {
			w.step()
		}
		wg.Wait()
		w.dropAll()
		if n := root.inHand.Load(); n != 0 {
			t.Fatalf("seed %d, round %d: the root believes that it has %d things in hand", seed, round, n)
		}
		if err := a.Check(); err != nil {
			t.Fatalf("seed %d, round %d: Check:\n%v", seed, round, err)
		}
		if err := checkFlights(a); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
}

// killAndReap lets the child begin its work, kills it after a while and recovers what it left.
func killAndReap(t *testing.T, m *Member, s SlotID, cmd *exec.Cmd, delay time.Duration) {
	slot := m.a.Slot(s)
	for dl := futex.After(20 * time.Second); slot.State.Load() == SlotStarting; {
		if err := futex.Wait(&slot.State, SlotStarting, dl, nil); err != nil {
			t.Errorf("child does not start: %v", err)
			break
		}
	}
	// Not a wait for anything: the instant of the kill is what is random here.
	for start := time.Now(); time.Since(start) < delay; {
		if delay > 100*time.Microsecond {
			time.Sleep(delay / 2)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	m.Reap(s, -9)
	if state := slot.State.Load(); state != SlotDead {
		t.Errorf("state %d after Reap", state)
	}
	m.a.FreeSlot(s)
}

const (
	sharedStacks = 3
	ageWord      = 3 // of the root's Task words: counts the objects made
)

// play is a child of TestKill: it works until it is killed.
func play(a *Arena, s SlotID) {
	m := a.Join(s)
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

// A worker does random things to shared and own objects.
type worker struct {
	m      *Member
	rng    *rand.Rand
	stacks [sharedStacks]Handle
	own    []Handle
	chunks []Chunk
}

func (w *worker) step() {
	m := w.m
	shared := w.stacks[w.rng.IntN(len(w.stacks))]
	switch w.rng.IntN(8) {
	case 0: // a new object
		if h, c, err := m.NewCell(KindTest); err == nil {
			c.W[2].Store(m.a.Slot(0).Task[ageWord].Add(1))
			w.own = append(w.own, h)
		}
	case 1, 2: // send an object
		if h := w.pick(); h != 0 {
			push(m, shared, h)
		}
	case 3: // receive
		if h, err := pop(m, shared); err == nil && h != 0 {
			w.own = append(w.own, h)
		}
	case 4: // an object inside an object of one's own
		// The younger into the older: a ring would be there for ever.
		if h, into := w.pick(), w.pick(); h != 0 && into != 0 && w.age(h) > w.age(into) {
			push(m, into, h)
		}
	case 5:
		w.drop()
	case 6: // a lock that is not released
		if h := w.pick(); h != 0 {
			c, _ := m.a.Cell(h, KindTest)
			c.W[1].CompareAndSwap(0, m.mark())
		}
	case 7: // memory
		if n := len(w.chunks); n > 3 {
			m.GiveChunk(w.chunks[n-1])
			w.chunks = w.chunks[:n-1]
		} else if ch, err := m.TakeChunk(shared); err == nil {
			counted(m.a, ch).Store(0)
			w.chunks = append(w.chunks, ch)
		}
	}
	for len(w.own) > 8 {
		w.drop()
	}
}

func (w *worker) pick() Handle {
	if len(w.own) == 0 {
		return 0
	}
	return w.own[w.rng.IntN(len(w.own))]
}

func (w *worker) age(h Handle) uint64 { return w.m.a.cells[h.cell()].W[2].Load() }

func (w *worker) drop() {
	if n := len(w.own); n > 0 {
		i := w.rng.IntN(n)
		h := w.own[i]
		w.own[i] = w.own[n-1]
		w.own = w.own[:n-1]
		w.m.Release(h)
	}
}

func (w *worker) dropAll() {
	for len(w.own) > 0 {
		w.drop()
	}
	for _, ch := range w.chunks {
		w.m.GiveChunk(ch)
	}
	w.chunks = nil
}
