package arena

import (
	"sync"
	"testing"
)

// A death between the stores of a step: both words are put back, whichever of them was written.
func TestReapMends(t *testing.T) {
	for _, stores := range []int{0, 1, 2} {
		a, root := newArena(t, true, Options{})
		m := newMember(t, a, root.id, "dead")
		h, c := newCell(t, root)
		stack, _ := newCell(t, root)
		if err := root.AddFlight(h, nil, 0); err != nil {
			t.Fatal(err)
		}
		if err := m.Retain(stack); err != nil {
			t.Fatal(err)
		}
		ch, err := m.TakeChunk(stack)
		if err != nil {
			t.Fatal(err)
		}
		p := counted(a, ch)
		p.Store(0)
		m.Lock(&c.life)
		m.step(c, 2, p, 1)
		// As it was in the middle of the step.
		c.undo.Store(1)
		if stores < 2 {
			p.Store(0)
		}
		if stores < 1 {
			c.flight.Store(1)
		}
		root.Reap(m.id, -9)
		if f := c.flight.Load(); f != 1 || c.life.Load() != 0 || c.undo.Load() != 0 {
			t.Errorf("after %d stores: flight %d, life lock %#x, undo %d", stores, f, c.life.Load(), c.undo.Load())
		}
		root.DropFlight(h, nil, 0)
		root.Release(h)
		root.Release(stack)
	}
}

// What a death may leave in the words of the arena, one at a time.
func TestReapStates(t *testing.T) {
	for _, test := range []struct {
		name  string
		leave func(t *testing.T, m *Member, h Handle, c *Cell)
	}{
		{"nothing", func(*testing.T, *Member, Handle, *Cell) {}},
		{"a cell in hand", func(t *testing.T, m *Member, h Handle, c *Cell) {
			if i, _, ok := m.takeCell(KindTest); !ok {
				t.Error("no cell")
			} else {
				m.a.cells[i].hold(m.id)
			}
		}},
		{"an object", func(t *testing.T, m *Member, h Handle, c *Cell) { newCell(t, m) }},
		{"a full object", func(t *testing.T, m *Member, h Handle, c *Cell) {
			mine, _ := newCell(t, m)
			if err := push(m, mine, h); err != nil {
				t.Error(err)
			}
		}},
		{"an object that nobody has", func(t *testing.T, m *Member, h Handle, c *Cell) {
			_, mine := newCell(t, m)
			m.Lock(&mine.life)
			mine.letGo(m.id)
		}},
		{"an object half freed", func(t *testing.T, m *Member, h Handle, c *Cell) {
			mine, mc := newCell(t, m)
			for range 3 {
				if err := push(m, mine, h); err != nil {
					t.Error(err)
				}
			}
			mc.letGo(m.id)
			m.doom(mine, mc)
			m.Grab(Chunk(mc.W[0].Load()))
		}},
		{"a chunk of an object that is free", func(t *testing.T, m *Member, h Handle, c *Cell) {
			mine, _ := newCell(t, m)
			ch, err := m.TakeChunk(mine)
			if err != nil {
				t.Error(err)
			}
			m.Place(ch, mine)
			m.Release(mine)
		}},
		{"a counted message in hand", func(t *testing.T, m *Member, h Handle, c *Cell) {
			ch, err := m.TakeChunk(h)
			if err != nil {
				t.Error(err)
			}
			m.a.Word64(ch, offHandle).Store(uint64(h))
			counted(m.a, ch).Store(0)
			if err := m.AddFlight(h, counted(m.a, ch), 1); err != nil {
				t.Error(err)
			}
		}},
		{"a chunk linked and not placed", func(t *testing.T, m *Member, h Handle, c *Cell) {
			if err := push(m, h, h); err != nil {
				t.Error(err)
			}
			m.Lock(&c.F[0])
			m.Grab(Chunk(c.W[0].Load()))
		}},
		{"a slot that is being taken", func(t *testing.T, m *Member, h Handle, c *Cell) {
			s, err := m.a.TakeSlot(m.id, "child")
			if err != nil {
				t.Error(err)
			}
			m.a.Slot(s).State.Store(slotTaken | uint32(m.mark())<<8)
		}},
		{"hints", func(t *testing.T, m *Member, h Handle, c *Cell) {
			m.Release(func() Handle { h, _ := newCell(t, m); return h }())
			m.a.cellSet.clear(m.cellsAt.Load()*64 + 1)
			m.a.head.cellTop.Add(3)
		}},
		{"a wake that is owed", func(t *testing.T, m *Member, h Handle, c *Cell) {
			m.notePend(m.slot.pend[:], &c.F[0])
		}},
		{"an owned lock", func(t *testing.T, m *Member, h Handle, c *Cell) { c.W[1].Store(m.mark()) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, root := newArena(t, true, Options{})
			h, c := newCell(t, root)
			m := newMember(t, a, root.id, "dead")
			if err := m.Retain(h); err != nil {
				t.Fatal(err)
			}
			test.leave(t, m, h, c)
			warnings := root.Reap(m.id, -9)
			if test.name == "an owned lock" {
				want := Warning{Kind: KindTest, Handle: h, DeadName: "dead", DeadPid: int(a.Slot(m.id).Pid.Load())}
				if len(warnings) != 1 || warnings[0] != want {
					t.Errorf("warnings = %+v, want %+v", warnings, want)
				}
			} else if len(warnings) != 0 {
				t.Errorf("warnings = %+v", warnings)
			}
			mustCheck(t, a)
			if test.name == "a chunk linked and not placed" {
				if got, err := pop(root, h); got != h || err != nil {
					t.Errorf("pop = %#x, %v", uint64(got), err)
				}
				root.Release(h)
			}
			if st := a.Stats(); st.CellsUsed != 1 || st.ChunksUsed != 0 {
				t.Errorf("in use: %+v", st)
			}
			root.Release(h)
		})
	}
}

// Only one of several Reaps of the same slot does the work.
func TestReapTwice(t *testing.T) {
	a, root := newArena(t, true, Options{})
	h, c := newCell(t, root)
	m := newMember(t, a, root.id, "dead")
	if err := m.Retain(h); err != nil {
		t.Fatal(err)
	}
	c.W[1].Store(m.mark())
	var wg sync.WaitGroup
	var warnings [4][]Warning
	for i := range warnings {
		wg.Go(func() { warnings[i] = root.Reap(m.id, -9) })
	}
	wg.Wait()
	n := 0
	for _, w := range warnings {
		n += len(w)
	}
	if n != 1 {
		t.Errorf("%d warnings", n)
	}
	if w := root.Reap(m.id, 5); w != nil || a.Slot(m.id).ExitCode.Load() != -9 {
		t.Errorf("Reap of the dead: %v, exit code %d", w, a.Slot(m.id).ExitCode.Load())
	}
	root.Release(h)
}

// Members that sleep for a lock of the dead get it, also when a wake was lost with the dead.
func TestReapWakes(t *testing.T) {
	a, root := newArena(t, true, Options{})
	h, c := newCell(t, root)
	m := newMember(t, a, root.id, "dead")
	if err := m.Retain(h); err != nil {
		t.Fatal(err)
	}
	m.Lock(&c.F[0])
	m.Lock(&c.F[1])
	m.Lock(&c.life)
	done := make(chan bool)
	for _, w := range []*Cell{c, c, c} {
		go func() {
			root.Lock(&w.life)
			root.Unlock(&w.life)
			done <- true
		}()
	}
	go func() {
		root.Lock(&c.F[1])
		root.Unlock(&c.F[1])
		done <- true
	}()
	for c.F[1].Load()&waiting == 0 || c.life.Load()&waiting == 0 {
	}
	// The dead has unlocked F[1] and not come to the wake.
	m.notePend(m.slot.pend[waitPends:], &c.F[1])
	c.F[1].Store(0)
	root.Reap(m.id, -9)
	for range 4 {
		<-done
	}
	root.Release(h)
}
