package arena

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSlot(t *testing.T) {
	a, root := newArena(t, true, Options{})
	m := newMember(t, a, root.id, "Process-1")
	s := a.Slot(m.id)
	if s.Name() != "Process-1" || a.Slots() != 2 {
		t.Errorf("name %q, slots %d", s.Name(), a.Slots())
	}
	if parent, gen := s.Parent(); parent != root.id || gen != root.slot.Gen.Load() {
		t.Errorf("Parent = %d, %d", parent, gen)
	}
	if parent, _ := root.slot.Parent(); parent != NoSlot {
		t.Errorf("root's parent = %d", parent)
	}
	for _, test := range []struct{ name, want string }{
		{"", ""},
		{"short", "short"},
		{strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{strings.Repeat("x", 99), strings.Repeat("x", 64)},
		{strings.Repeat("x", 63) + "é", strings.Repeat("x", 63)},
	} {
		s.SetName(test.name)
		if got := s.Name(); got != test.want {
			t.Errorf("SetName(%q): Name = %q", test.name, got)
		}
	}
	a.FreeSlot(m.id)
	if s.State.Load() != SlotRunning {
		t.Error("FreeSlot frees a slot in use")
	}
	s.Task[1].Store(1)
	s.Inbox.Store(1)
	root.Reap(m.id, 0)
	a.FreeSlot(m.id)
	m2 := newMember(t, a, root.id, "Process-2")
	if m2.id != m.id || s.Gen.Load() != 2 || s.Task[1].Load() != 0 || s.Inbox.Load() != 0 {
		t.Errorf("slot %d again: generation %d, or something left", m2.id, s.Gen.Load())
	}
	root.Reap(m2.id, 0)
}

func TestTakeSlotByMany(t *testing.T) {
	a, root := newArena(t, true, Options{Slots: 100})
	var mu sync.Mutex
	taken := map[SlotID]bool{root.id: true}
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() {
			for range 11 {
				s, err := a.TakeSlot(root.id, "x")
				mu.Lock()
				if err != nil || taken[s] {
					t.Errorf("TakeSlot = %d, %v", s, err)
				}
				taken[s] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for s := range taken {
		if s != root.id {
			root.Reap(s, 0)
		}
	}
}

func TestWaitRecord(t *testing.T) {
	a, m := newArena(t, true, Options{})
	s := a.Slot(m.id)
	if _, ok := s.Waiting(); ok {
		t.Error("waits from the start")
	}
	now := time.Unix(1000, 5)
	r := WaitRecord{Obj: 77, Op: OpGet, Since: now, Until: now.Add(time.Second), Pos: "dir/script.star:12"}
	first := s.SetWait(r)
	if got, ok := s.Waiting(); !ok || got != r {
		t.Errorf("Waiting = %+v, %v, want %+v", got, ok, r)
	}
	long := strings.Repeat("d/", 100) + "script.star:9"
	second := s.SetWait(WaitRecord{Op: OpJoin, Since: now, Pos: long})
	s.ClearWait(first) // another thread's record stays
	if got, ok := s.Waiting(); !ok || got.Op != OpJoin || got.Pos != long[len(long)-120:] || !got.Until.IsZero() {
		t.Errorf("Waiting = %+v, %v", got, ok)
	}
	s.ClearWait(second)
	if got, ok := s.Waiting(); ok {
		t.Errorf("Waiting = %+v after ClearWait", got)
	}
	// A writer that died in the middle: no record.
	third := s.SetWait(r)
	s.wait.seq.Store(third + 1)
	if _, ok := s.Waiting(); ok {
		t.Error("half a record is taken for one")
	}
	if OpGet.String() != "get" || WaitOp(99).String() != "operation 99" || KindQueue.String() != "queue" || Kind(99).String() != "kind 99" {
		t.Error("names of operations or kinds")
	}
}

// Readers never see a mixture of two records.
func TestWaitRecordHammer(t *testing.T) {
	a, m := newArena(t, true, Options{})
	s := a.Slot(m.id)
	stop := make(chan bool)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			r := WaitRecord{Obj: Handle(i + 1), Op: WaitOp(i + 1), Pos: strings.Repeat(string(rune('a'+i)), 10*(i+1))}
			for {
				select {
				case <-stop:
					return
				default:
					s.ClearWait(s.SetWait(r))
				}
			}
		})
	}
	for range 3000 {
		if r, ok := s.Waiting(); ok && (uint64(r.Obj) != uint64(r.Op) || len(r.Pos) != 10*int(r.Op) || strings.Trim(r.Pos, r.Pos[:1]) != "") {
			t.Fatalf("mixture: %+v", r)
		}
	}
	close(stop)
	wg.Wait()
}
