package mp

import (
	"runtime"
	"sync/atomic"
	"time"
)

// pacer runs Go's collector when a process has made so many values for shared objects that cells may be held by dropped
// ones. The collector by itself only sees the small values, not the memory of the family behind them.
type pacer struct {
	live atomic.Int64 // values that exist, dropped ones included until their cleanup
	next atomic.Int64 // number of values at which to collect
}

// pacerStep is how many values more than after the last collection make the next one due, at least.
const pacerStep = 1 << 14

// own makes close run once nobody can reach o any more.
func own[T any](rt *Runtime, o *T, close func()) {
	p := &rt.pacer
	runtime.AddCleanup(o, func(close func()) {
		close()
		p.live.Add(-1)
	}, close)
	next := max(p.next.Load(), pacerStep)
	if n := p.live.Add(1); n >= next && p.next.CompareAndSwap(p.next.Load(), 2*n) {
		p.collect()
		p.next.Store(2*p.live.Load() + pacerStep)
	}
}

// collect collects garbage and waits while cleanups make progress.
func (p *pacer) collect() {
	runtime.GC()
	for before := int64(-1); before != p.live.Load(); {
		before = p.live.Load()
		time.Sleep(100 * time.Microsecond)
	}
}
