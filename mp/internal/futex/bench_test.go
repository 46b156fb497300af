package futex

import (
	"os"
	"sync/atomic"
	"testing"
)

// BenchmarkPingPong is a round trip between two processes: each changes a word, wakes the other and waits for its answer.
func BenchmarkPingPong(b *testing.B) {
	for _, mode := range []string{"spin", "sleep"} {
		b.Run(mode, func(b *testing.B) {
			words := startChild(b, "pong", "FUTEX_TEST_MODE="+mode)
			spin := mode == "spin"
			turn := func() {
				words[0].Add(1)
				signal(&words[0], &words[2])
				await(&words[1], words[0].Load(), &words[3], spin)
			}
			for range 100 {
				turn()
			}
			for b.Loop() {
				turn()
			}
		})
	}
}

func pong(words []atomic.Uint32) {
	spin := os.Getenv("FUTEX_TEST_MODE") == "spin"
	for n := uint32(1); ; n++ {
		await(&words[0], n, &words[2], spin)
		words[1].Store(n)
		signal(&words[1], &words[3])
	}
}

// await waits until *w is want; sleepers tells the other side whether a wake is needed.
func await(w *atomic.Uint32, want uint32, sleepers *atomic.Uint32, spin bool) {
	if spin && Spin(func() bool { return w.Load() == want }) {
		return
	}
	sleepers.Add(1)
	for v := w.Load(); v != want; v = w.Load() {
		Wait(w, v, 0, nil)
	}
	sleepers.Add(^uint32(0))
}

func signal(w, sleepers *atomic.Uint32) {
	if sleepers.Load() != 0 {
		Wake(w, 1)
	}
}

// BenchmarkSpinInVain is what a spin costs whose condition stays false, with the budget that such spins leave.
func BenchmarkSpinInVain(b *testing.B) {
	for b.Loop() {
		Spin(func() bool { return false })
	}
}

func BenchmarkNow(b *testing.B) {
	for b.Loop() {
		Now()
	}
}

// BenchmarkWaitChanged is the part of a wait that is not sleeping.
func BenchmarkWaitChanged(b *testing.B) {
	var w atomic.Uint32
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			Wait(&w, 1, 0, nil)
		}
	})
	b.Run("cancel", func(b *testing.B) {
		var c Cancel
		for b.Loop() {
			Wait(&w, 1, 0, &c)
		}
	})
}
