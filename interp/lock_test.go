package interp

import (
	"sync"
	"sync/atomic"
	"testing"

	"go.starlark.net/starlark"
)

func TestScriptLockExcludes(t *testing.T) {
	var l scriptLock
	var wg sync.WaitGroup
	var inside atomic.Int32
	n := 0 // guarded by l
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			thread := new(starlark.Thread)
			l.enter(thread)
			for i := range 2000 {
				if inside.Add(1) != 1 {
					t.Error("two threads have the lock")
				}
				n++
				if l.current.Load() != thread {
					t.Error("current is not the thread that has the lock")
				}
				inside.Add(-1)
				if i%2 == 0 {
					l.yield(thread)
				} else {
					l.block(thread, func() {})
				}
			}
			l.leave()
		}()
	}
	wg.Wait()
	if n != 8*2000 {
		t.Errorf("counted to %d, want %d", n, 8*2000)
	}
	if l.state.Load() != lockFree || l.queue != nil || l.current.Load() != nil {
		t.Errorf("the lock is not free at the end: %d", l.state.Load())
	}
}

func TestBlockWithoutLock(t *testing.T) {
	var l scriptLock
	other := new(starlark.Thread)
	l.enter(other)
	ran := false
	l.block(new(starlark.Thread), func() { ran = true }) // must neither wait nor give up what other has
	if !ran || l.current.Load() != other {
		t.Error("block by a thread without the lock touched the lock")
	}
	l.leave()
}

func TestBlockPanics(t *testing.T) {
	var l scriptLock
	thread := new(starlark.Thread)
	l.enter(thread)
	func() {
		defer func() { recover() }()
		l.block(thread, func() { panic("x") })
	}()
	if l.current.Load() != thread {
		t.Error("a panic while blocking lost the lock")
	}
	l.leave()
}

func BenchmarkBlock(b *testing.B) {
	var l scriptLock
	thread := new(starlark.Thread)
	l.enter(thread)
	f := func() {}
	for b.Loop() {
		l.block(thread, f)
	}
}
