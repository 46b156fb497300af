package futex

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Spinning pays where the answer comes from another CPU sooner than a sleep and a wake-up cost (BenchmarkPingPong: a
// round trip is 0.6 µs spinning, and sleeping 6.5 µs while the CPUs are warm and 25 to 40 µs when they doze off). So the
// longest spin is about one slow wake-up: at worst a wait costs twice what it had to.
const (
	maxSpin  = 30 * time.Microsecond
	minSpin  = 2 * time.Microsecond
	probeGap = 32 // every so many spins one gets the full time, however badly spins fared
)

// spinner adapts the length of spins to how they fare in this process: a spin that ends without its condition shortens
// the next ones, one that sees its condition lengthens them (BenchmarkSpinInVain: 3 µs when none fares well).
var spinner struct {
	budget atomic.Int64  // nanoseconds; 0 = maxSpin
	count  atomic.Uint32 // spins so far
}

var cpus = sync.OnceValue(runtime.NumCPU) // the usable ones: NumCPU heeds the affinity mask

// Spin calls cond until it is true, for a few microseconds at most, and returns whether it was. It keeps the CPU
// meanwhile. Where the process has only one CPU it calls cond once: whoever could make it true needs that CPU.
func Spin(cond func() bool) bool {
	if cond() {
		return true
	}
	if cpus() == 1 {
		return false
	}
	const full = int64(maxSpin)
	usual := spinner.budget.Load()
	if usual == 0 {
		usual = full
	}
	budget := usual
	if spinner.count.Add(1)%probeGap == 0 {
		budget = full
	}
	// The clock costs as much as several looks at a word, so it is read once in a while only.
	start := time.Now()
	for round := 1; ; round++ {
		pause(4)
		if cond() {
			spinner.budget.Store(min(usual+full/8, full))
			return true
		}
		if round%4 == 0 && int64(time.Since(start)) > budget {
			spinner.budget.Store(max(usual*7/8, int64(minSpin)))
			return false
		}
	}
}
