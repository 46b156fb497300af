package arena

import (
	"errors"
	"strings"
	"testing"
)

func TestHandles(t *testing.T) {
	a, m := newArena(t, true, Options{})
	h, c := newCell(t, m)
	if got, err := a.Cell(h, KindTest); got != c || err != nil {
		t.Errorf("Cell = %p, %v", got, err)
	}
	if k, err := a.KindOf(h); k != KindTest || err != nil {
		t.Errorf("KindOf = %v, %v", k, err)
	}
	if _, err := a.Cell(h, KindLock); !errors.Is(err, ErrKind) || !strings.Contains(err.Error(), "is a test object, not a lock") {
		t.Errorf("Cell of another kind: %v", err)
	}
	c.W[5].Store(7)
	c.F[3].Store(7)
	m.Release(h)
	for _, bad := range []Handle{h, 0, h + 1<<32, Handle(len(a.cells)), 1<<64 - 1} {
		if _, err := a.Cell(bad, KindTest); !errors.Is(err, ErrStale) {
			t.Errorf("Cell(%#x) = %v, want ErrStale", uint64(bad), err)
		}
		if err := m.Retain(bad); !errors.Is(err, ErrStale) {
			t.Errorf("Retain(%#x) = %v, want ErrStale", uint64(bad), err)
		}
		if err := m.AddFlight(bad, nil, 0); !errors.Is(err, ErrStale) {
			t.Errorf("AddFlight(%#x) = %v, want ErrStale", uint64(bad), err)
		}
	}
	h2, c2 := newCell(t, m)
	if c2 != c || h2 == h {
		t.Errorf("second object: cell %p handle %#x; first: cell %p handle %#x", c2, uint64(h2), c, uint64(h))
	}
	if c2.W[5].Load() != 0 || c2.F[3].Load() != 0 {
		t.Error("a new cell is not zero")
	}
	m.Release(h2)
}

func TestUses(t *testing.T) {
	a, m := newArena(t, true, Options{})
	other := newMember(t, a, m.id, "other")
	h, _ := newCell(t, m)
	if err := errors.Join(m.Retain(h), other.Retain(h)); err != nil {
		t.Fatal(err)
	}
	if m.Uses(h) != 2 || other.Uses(h) != 1 {
		t.Errorf("uses = %d, %d, want 2, 1", m.Uses(h), other.Uses(h))
	}
	m.Release(h)
	m.Release(h)
	if _, err := a.Cell(h, KindTest); err != nil {
		t.Errorf("gone while another member has it: %v", err)
	}
	if err := other.AddFlight(h, nil, 0); err != nil {
		t.Fatal(err)
	}
	other.Release(h)
	if _, err := a.Cell(h, KindTest); err != nil {
		t.Errorf("gone while a message carries it: %v", err)
	}
	m.DropFlight(h, nil, 0)
	if _, err := a.Cell(h, KindTest); !errors.Is(err, ErrStale) {
		t.Errorf("still there when nobody has it: %v", err)
	}
	mustPanic(t, "release", func() { m.Release(h) })
	other.Leave()
	m.Reap(other.id, 0)
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if v := recover(); v == nil || !strings.HasPrefix(v.(string), "BUG: ") {
			t.Errorf("%s: panic(%v), want BUG", what, v)
		}
	}()
	f()
}

func TestFull(t *testing.T) {
	a, m := newArena(t, true, Options{Size: 1 << 20, Cells: 70, Slots: 3})
	pressed := 0
	var spare Handle
	m.Pressure = func() {
		pressed++
		if spare != 0 {
			m.Release(spare)
			spare = 0
		}
	}
	var all []Handle
	for range a.Stats().Cells {
		h, _ := newCell(t, m)
		all = append(all, h)
	}
	_, _, err := m.NewCell(KindTest)
	if !errors.Is(err, ErrFull) || err.Error() != "all 70 objects are in use: shared arena is full" || pressed != 1 {
		t.Errorf("NewCell = %v after %d calls of Pressure", err, pressed)
	}
	spare = all[41]
	if h, _, err := m.NewCell(KindTest); err != nil {
		t.Errorf("NewCell after Pressure: %v", err)
	} else {
		all[41] = h
	}

	var chunks []Chunk
	for range a.Chunks() {
		c, err := m.TakeChunk(all[0])
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, c)
	}
	if _, err := m.TakeChunk(0); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "chunks of 64 KiB are in use") {
		t.Errorf("TakeChunk = %v", err)
	}
	for _, c := range chunks {
		m.GiveChunk(c)
	}
	for _, h := range all {
		m.Release(h)
	}

	for range 2 {
		newMember(t, a, m.id, "other")
	}
	if _, err := a.TakeSlot(m.id, "one more"); !errors.Is(err, ErrSlots) || err.Error() != "too many processes (3)" {
		t.Errorf("TakeSlot = %v", err)
	}
	for s := SlotID(1); s < 3; s++ {
		m.Reap(s, 0)
		a.FreeSlot(s)
	}
	if s, err := a.TakeSlot(m.id, "again"); s != 1 || err != nil || a.Slot(s).Gen.Load() != 2 {
		t.Errorf("TakeSlot = %d, %v", s, err)
	}
	m.Reap(1, 0)
}

// A free thing without a hint, as a death may leave it, is found before anything is said to be full.
func TestLostHints(t *testing.T) {
	a, m := newArena(t, true, Options{Size: 1 << 20, Cells: 64})
	h, _ := newCell(t, m)
	ch, err := m.TakeChunk(0)
	if err != nil {
		t.Fatal(err)
	}
	m.GiveChunk(ch)
	for _, set := range []*freeSet{&a.cellSet, &a.warmSet, &a.coldSet} {
		for i := range set.n {
			set.clear(i)
		}
	}
	h2, _, err := m.NewCell(KindTest)
	if err != nil {
		t.Error(err)
	}
	if ch, err = m.TakeChunk(0); err != nil {
		t.Error(err)
	}
	m.GiveChunk(ch)
	m.Release(h)
	m.Release(h2)
	a.sweepChunks()
}

func TestLeave(t *testing.T) {
	a, root := newArena(t, true, Options{})
	m := newMember(t, a, root.id, "leaver")
	h, c := newCell(t, m)
	kept, kc := newCell(t, m)
	if err := errors.Join(root.Retain(kept), root.Retain(h)); err != nil {
		t.Fatal(err)
	}
	c.W[1].Store(m.mark())
	kc.W[1].Store(m.mark())
	m.Release(kept) // still owns its lock: Leave must find it
	if !kc.Has(m.id) {
		t.Error("an object is given up while its lock is owned")
	}
	warnings := m.Leave()
	if len(warnings) != 2 || warnings[0].DeadName != "leaver" || warnings[0].Kind != KindTest {
		t.Errorf("warnings = %+v", warnings)
	}
	if c.W[1].Load() != 0 || kc.W[1].Load() != 0 || c.Has(m.id) || kc.Has(m.id) {
		t.Error("something of the leaver is left")
	}
	if m.slot.Clean.Load() != 1 {
		t.Error("not clean")
	}
	m.Leave()
	m.Release(h)
	if _, _, err := m.NewCell(KindTest); err != ErrLeft {
		t.Errorf("NewCell = %v", err)
	}
	if _, err := m.TakeChunk(0); err != ErrLeft {
		t.Errorf("TakeChunk = %v", err)
	}
	if err := m.Retain(h); err != ErrLeft {
		t.Errorf("Retain = %v", err)
	}
	root.Reap(m.id, 3)
	if s := a.Slot(m.id); s.State.Load() != SlotDead || s.ExitCode.Load() != 3 {
		t.Errorf("state %d, exit code %d", s.State.Load(), s.ExitCode.Load())
	}
	root.Release(h)
	root.Release(kept)
}

// A goroutine that is in a critical section when its process leaves is found by Reap.
func TestLeaveUnclean(t *testing.T) {
	a, root := newArena(t, true, Options{})
	h, c := newCell(t, root)
	m := newMember(t, a, root.id, "leaver")
	if err := m.Retain(h); err != nil {
		t.Fatal(err)
	}
	m.Lock(&c.F[0])
	if _, err := m.TakeChunk(h); err != nil {
		t.Fatal(err)
	}
	m.Leave()
	if m.slot.Clean.Load() != 0 {
		t.Error("clean, with a lock and a chunk in hand")
	}
	m2 := newMember(t, a, root.id, "late")
	m2.Leave()
	m2.Lock(&c.F[1])
	if m2.slot.Clean.Load() != 0 {
		t.Error("a lock taken after Leave is not noticed")
	}
	m2.Unlock(&c.F[1])
	root.Reap(m2.id, 0)
	if root.Reap(m.id, -9); c.Has(m.id) {
		t.Error("the object is not given up")
	}
	root.Release(h)
}
