package mp

import (
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// waiter waits for several futures.
type waiter struct {
	told atomic.Uint32 // futex word: moves when it is time to look

	// Guarded by futures.mu.
	finished []*future // in the order in which they were
	left     int       // how many it still waits for
	each     bool      // look at each one
	failures bool      // look at one that failed
}

// tellLocked tells w that f is done.
func (w *waiter) tellLocked(f *future) {
	w.finished = append(w.finished, f)
	w.left--
	if w.each || w.left == 0 || w.failures && f.failed {
		w.told.Add(1)
		futex.Wake(&w.told, futex.All)
	}
}

// watchLocked has w told of those of fs that are not done, and returns those that are.
func (w *waiter) watchLocked(fs []*future) (done []*future) {
	for _, f := range fs {
		if f.state.settled() {
			done = append(done, f)
		} else {
			f.waiters = append(f.waiters, w)
			w.left++
		}
	}
	return done
}

// leave ends it.
func (w *waiter) leave(fs iter.Seq[*future]) {
	for f := range fs {
		f.fs.mu.Lock()
		if i := slices.Index(f.waiters, w); i >= 0 {
			f.waiters = slices.Delete(f.waiters, i, i+1)
		}
		f.fs.mu.Unlock()
	}
}

// collect returns the futures in iterable, each once.
func (fs *futures) collect(fn string, iterable starlark.Value) ([]*future, error) {
	items, err := fs.rt.pythonItems(iterable)
	if err != nil {
		return nil, err
	}
	seen := make(map[*future]bool, len(items))
	var all []*future
	for _, x := range items {
		inst, _ := x.(Instance)
		if inst == nil {
			return nil, wire.Errorf("TypeError", "%s: fs: got %s, want futures", fn, pythonName(x))
		}
		f, err := futureOf(fn, inst)
		if err != nil {
			return nil, wire.Errorf("TypeError", "%s: fs: got %s, want futures", fn, pythonName(x))
		}
		if !seen[f] {
			seen[f] = true
			all = append(all, f)
		}
	}
	return all, nil
}

// wait is wait(fs, timeout=None, return_when=ALL_COMPLETED).
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.wait
func (fs *futures) wait(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var iterable starlark.Value
	var timeout seconds
	var when starlark.Value = starlark.String(allCompleted)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "fs", &iterable, "timeout?", &timeout, "return_when?", &when); err != nil {
		return nil, err
	}
	all, err := fs.collect(b.Name(), iterable)
	if err != nil {
		return nil, err
	}
	w := &waiter{each: when == starlark.String(firstCompleted), failures: when == starlark.String(firstException)}
	fs.mu.Lock()
	done := w.watchLocked(all)
	over := len(done) == len(all) || w.each && len(done) > 0
	for _, f := range done {
		over = over || w.failures && f.failed
	}
	told := w.told.Load()
	fs.mu.Unlock()
	defer w.leave(slices.Values(all))
	if !over {
		if !w.each && !w.failures && when != starlark.String(allCompleted) {
			text := when.String()
			if s, ok := starlark.AsString(when); ok {
				text = "'" + s + "'"
			}
			return nil, wire.Errorf("ValueError", "Invalid return condition: %s", text)
		}
		if err := fs.rt.waitWord(thread, &w.told, told, timeout); err != nil {
			return nil, err
		}
	}
	fs.mu.Lock()
	done = append(done, w.finished...)
	fs.mu.Unlock()
	return newDoneAndNotDone(all, done)
}

// asCompleted is as_completed(fs, timeout=None).
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.as_completed
func (fs *futures) asCompleted(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var iterable starlark.Value
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "fs", &iterable, "timeout?", &timeout); err != nil {
		return nil, err
	}
	all, err := fs.collect(b.Name(), iterable)
	if err != nil {
		return nil, err
	}
	c := &completion{fs: fs, left: make(map[*future]bool, len(all)), total: len(all), limit: newLimit(timeout), w: &waiter{each: true}}
	for _, f := range all {
		c.left[f] = true
	}
	fs.mu.Lock()
	c.ready = c.w.watchLocked(all)
	fs.mu.Unlock()
	return fs.rt.newGenerator("as_completed", c), nil
}

// completion is what as_completed returns.
type completion struct {
	fs    *futures
	total int
	left  map[*future]bool // not given out
	ready []*future        // of these, those that are done
	limit limit
	w     *waiter
}

func (c *completion) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	for len(c.ready) == 0 {
		if len(c.left) == 0 {
			return nil, false, nil
		}
		c.fs.mu.Lock()
		c.ready, c.w.finished = c.w.finished, nil
		told := c.w.told.Load()
		c.fs.mu.Unlock()
		if len(c.ready) > 0 {
			break
		}
		left := c.limit.left()
		if left.set && left.d <= 0 {
			return nil, false, wire.Errorf("TimeoutError", "%d (of %d) futures unfinished", len(c.left), c.total)
		}
		if err := c.fs.rt.waitWord(thread, &c.w.told, told, left); err != nil {
			return nil, false, err
		}
	}
	f := c.ready[0]
	c.ready = c.ready[1:]
	delete(c.left, f)
	return f.self, true, nil
}

func (c *completion) close() {
	c.w.leave(maps.Keys(c.left))
	c.left, c.ready = nil, nil
}

// limit is a moment until which something may take, if there is one.
type limit struct {
	set bool
	end futex.Deadline
}

func newLimit(timeout seconds) limit { return limit{timeout.set, futex.After(timeout.d)} }

// left is the time that is left, 0 or less when it is over.
func (l limit) left() seconds {
	if !l.set {
		return seconds{}
	}
	return seconds{true, time.Duration(l.end - futex.Now())}
}
