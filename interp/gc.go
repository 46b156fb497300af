package interp

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// gcPercent is how much a heap may grow before it is collected, in percent of what is live.
const gcPercent = 400

// TuneGC sets the process's collector for throughput: scripts allocate at each arithmetic step and keep little of it. Where
// memory is short the collector works more often instead, down to what Go's default would do. GOGC and GOMEMLIMIT in the
// environment prevail. Main calls it, and Child in a child; a Go host may call it for itself.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// Finding out how much memory there is takes longer than a short script, so the first collection does it.
		runtime.AddCleanup(new([64]byte), func(struct{}) { limitMemory() }, struct{}{})
	}
}

// gcLimit is what LimitMemory has set, 0 for nothing.
var gcLimit atomic.Int64

// LimitMemory makes the collector work harder where this process, a child, has more memory than n bytes.
func (rt host) LimitMemory(n int64) {
	gcLimit.Store(n)
	debug.SetMemoryLimit(n)
}

// limitMemory tells the collector how large the heap may get before it must work harder: 70% of the memory that this
// process may use, since the family's others need some too.
func limitMemory() {
	if m := availableMemory(); m > 0 && gcLimit.Load() == 0 {
		debug.SetMemoryLimit(m / 10 * 7)
	}
}
