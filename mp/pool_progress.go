package mp

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// progressBar shows on the terminal of standard error how far a call of a pool is, in one line. A nil one shows nothing.
//
// The line stands below the cursor, which is where it was after each drawing: what anybody prints meanwhile goes where it
// would go without the bar, and at worst over it.
type progressBar struct {
	rt    *Runtime
	name  string
	total int // items, negative if that is not known
	begin time.Time
	items atomic.Int64 // done so far
	stop  chan struct{}

	mu    sync.Mutex
	ended bool // guarded by mu
	shown bool // guarded by mu: it may be on the screen
}

// barPause is the time between two drawings.
const barPause = 100 * time.Millisecond

// newBar begins a bar; nil if standard error is no terminal, or shows one already.
func (rt *Runtime) newBar(name string, total int) *progressBar {
	if rt.host.StderrColumns() == 0 {
		return nil
	}
	b := &progressBar{rt: rt, name: name, total: total, begin: time.Now(), stop: make(chan struct{})}
	if !rt.bar.CompareAndSwap(nil, b) {
		return nil
	}
	b.draw() // here, since a short call may be over before a goroutine runs
	go b.run()
	return b
}

func (b *progressBar) run() {
	ticker := time.NewTicker(barPause)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.draw()
		}
	}
}

// add counts n more items.
func (b *progressBar) add(n int) {
	if b != nil {
		b.items.Add(int64(n))
	}
}

// end shows the last state and takes the bar away. Calls after the first do nothing.
func (b *progressBar) end() {
	if b == nil {
		return
	}
	b.draw()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	close(b.stop)
	b.eraseLocked()
	b.rt.bar.Store(nil)
}

// eraseLocked erases all that is right of the cursor and below it. b.mu must be held.
func (b *progressBar) eraseLocked() {
	if b.shown {
		b.shown = false
		b.rt.host.Stderr("\x1b[J")
	}
}

// Uncover takes a progress bar out of the way of something that this process is about to print. It comes back by itself.
func (rt *Runtime) Uncover() {
	if b := rt.bar.Load(); b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.eraseLocked()
	}
}

// draw writes the bar with one write: it erases the old one, makes sure that there is a line below the cursor, and comes back.
func (b *progressBar) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if columns := b.rt.host.StderrColumns(); !b.ended && columns > 0 {
		b.shown = true
		text := b.text(time.Since(b.begin), columns-1)
		b.rt.host.Stderr("\x1b[J\x1bD\x1b[A\x1b7\x1b[B\r" + text + "\x1b8")
	}
}

// text is the bar after a time, in at most width columns.
func (b *progressBar) text(after time.Duration, width int) string {
	items := int(b.items.Load())
	rate := float64(items) / max(after.Seconds(), 1e-3)
	var s string
	if b.total < 0 {
		s = fmt.Sprintf("%s: %d  %s  %s", b.name, items, perSecond(rate), clock(after))
	} else {
		left := "?"
		if items > 0 {
			left = clock(time.Duration(float64(b.total-items) / rate * float64(time.Second)))
		}
		share := 1.0
		if b.total > 0 {
			share = min(1, float64(items)/float64(b.total))
		}
		const cells = 20
		full := int(share * cells)
		s = fmt.Sprintf("%s: %3d%% [%s%s] %d/%d  %s  %s left", b.name, int(100*share),
			strings.Repeat("#", full), strings.Repeat("-", cells-full), items, b.total, perSecond(rate), left)
	}
	return s[:min(len(s), max(width, 0))]
}

func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.2f/s", rate)
	}
	return fmt.Sprintf("%.0f/s", rate)
}

// clock is a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int(min(d, 1000*time.Hour).Round(time.Second).Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
