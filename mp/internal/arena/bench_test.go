package arena

import "testing"

func BenchmarkNewCell(b *testing.B) {
	_, m := newArena(b, false, Options{})
	for b.Loop() {
		h, _, err := m.NewCell(KindTest)
		if err != nil {
			b.Fatal(err)
		}
		m.Release(h)
	}
}

// BenchmarkNewCellCrowded has all but one cell in use.
func BenchmarkNewCellCrowded(b *testing.B) {
	a, m := newArena(b, false, Options{Size: 1 << 30})
	for range a.Stats().Cells - 1 {
		newCell(b, m)
	}
	b.ResetTimer()
	for b.Loop() {
		h, _, err := m.NewCell(KindTest)
		if err != nil {
			b.Fatal(err)
		}
		m.Release(h)
	}
}

func BenchmarkRetain(b *testing.B) {
	_, m := newArena(b, false, Options{})
	h, _ := newCell(b, m)
	for b.Loop() {
		m.Retain(h)
		m.Release(h)
	}
	m.Release(h)
}

func BenchmarkFlight(b *testing.B) {
	a, m := newArena(b, false, Options{})
	h, _ := newCell(b, m)
	ch, _ := m.TakeChunk(h)
	for b.Loop() {
		m.AddFlight(h, a.Word32(ch, 0), 1)
		m.DropFlight(h, a.Word32(ch, 0), 0)
	}
	m.GiveChunk(ch)
	m.Release(h)
}

func BenchmarkLock(b *testing.B) {
	_, m := newArena(b, false, Options{})
	h, c := newCell(b, m)
	for b.Loop() {
		m.Lock(&c.F[0])
		m.Unlock(&c.F[0])
	}
	m.Release(h)
}

func BenchmarkLockContended(b *testing.B) {
	a, m := newArena(b, false, Options{})
	other := newMember(b, a, m.id, "other")
	h, c := newCell(b, m)
	done := make(chan bool)
	var stop bool
	go func() {
		for halt := false; !halt; {
			other.Lock(&c.F[0])
			halt = stop
			other.Unlock(&c.F[0])
		}
		close(done)
	}()
	for b.Loop() {
		m.Lock(&c.F[0])
		m.Unlock(&c.F[0])
	}
	m.Lock(&c.F[0])
	stop = true
	m.Unlock(&c.F[0])
	<-done
	m.Reap(other.id, 0)
	m.Release(h)
}

func BenchmarkChunk(b *testing.B) {
	_, m := newArena(b, false, Options{})
	for b.Loop() {
		ch, err := m.TakeChunk(0)
		if err != nil {
			b.Fatal(err)
		}
		m.GiveChunk(ch)
	}
}

// BenchmarkReap is the recovery of a process that died with nothing, by the number of objects in the arena.
func BenchmarkReap(b *testing.B) {
	for _, n := range []int{10, 10000} {
		b.Run("", func(b *testing.B) {
			a, m := newArena(b, false, Options{Size: 1 << 30})
			for range n {
				newCell(b, m)
			}
			b.ResetTimer()
			for b.Loop() {
				s, _ := a.TakeSlot(m.id, "dead")
				m.Reap(s, -9)
				a.FreeSlot(s)
			}
		})
	}
}

// BenchmarkNew is a new arena of the default size and its end.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		a, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}

// BenchmarkRelease is what it costs to give a chunk's pages back to the system and to touch them again, beside touching them alone.
func BenchmarkRelease(b *testing.B) {
	a, m := newArena(b, false, Options{Size: 64 << 20})
	ch, _ := m.TakeChunk(0)
	buf := a.Bytes(ch)
	for _, punched := range []bool{true, false} {
		b.Run(map[bool]string{true: "punched", false: "warm"}[punched], func(b *testing.B) {
			for b.Loop() {
				if punched {
					a.release(a.Bytes(ch))
				}
				for i := 0; i < len(buf); i += pageSize {
					buf[i]++
				}
			}
		})
	}
	m.GiveChunk(ch)
}
