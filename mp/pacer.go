package mp

import (
	"runtime"
	"sync/atomic"
	"time"
)

// pacer runs Go's collector when a process has made so many values for shared objects that cells may be held by dropped
// ones. The collector by itself only sees the small values, not the memory of the family behind them.
type pacer struct {
	step int64        // see setStep; set before the first value is made
	live atomic.Int64 // values that exist, dropped ones included until their cleanup
	next atomic.Int64 // number of values at which to collect
	size atomic.Int64 // bytes of shared memory made since the last collection on their account
}

// setStep sets how many values more than after the last collection make the next one due, at least. A value may hold a
// chunk, and other processes need some too: so it is a small part of what the arena has.
func (p *pacer) setStep(chunks int) { p.step = int64(min(max(chunks/32, 64), 1<<14)) }

// pacerBytes is how many bytes of shared memory are made between two collections.
const pacerBytes = 256 << 20

// made notes that size bytes of shared memory are about to be made.
func (p *pacer) made(size int) {
	if p.size.Add(int64(size)) >= pacerBytes {
		p.size.Store(0)
		runtime.GC()
	}
}

// own makes close run once nobody can reach o any more.
func own[T any](rt *Runtime, o *T, close func()) {
	p := &rt.pacer
	runtime.AddCleanup(o, func(close func()) {
		close()
		p.live.Add(-1)
	}, close)
	next := max(p.next.Load(), p.step)
	if n := p.live.Add(1); n >= next && p.next.CompareAndSwap(p.next.Load(), 2*n) {
		p.collect()
		p.next.Store(2*p.live.Load() + p.step)
	}
}

// collect collects garbage and waits for the cleanups that follow from it. They run in other goroutines, in no known
// order: this waits for one of its own, then for as long as they make progress, and not for ever.
func (p *pacer) collect() {
	var begun atomic.Bool
	runtime.AddCleanup(new([16]byte), func(begun *atomic.Bool) { begun.Store(true) }, &begun)
	runtime.GC()
	const pause, most = 100 * time.Microsecond, 10000
	quiet := 0
	for before, polls := p.live.Load(), 0; quiet < 10 && polls < most; polls++ {
		time.Sleep(pause)
		now := p.live.Load()
		if now != before || !begun.Load() {
			quiet = 0
		} else {
			quiet++
		}
		before = now
	}
}
