package futex

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func manyWords(n int) (words []*atomic.Uint32, old []uint32) {
	for range n {
		words = append(words, new(atomic.Uint32))
	}
	return words, make([]uint32, n)
}

func TestWaitAny(t *testing.T) {
	for _, n := range []int{1, 2, 128, 300} {
		words, old := manyWords(n)
		if err := WaitAny(words, old, After(-time.Second), nil); err != ErrTimeout {
			t.Errorf("%d words: %v, want %v", n, err, ErrTimeout)
		}
		for _, i := range []int{0, n / 2, n - 1} {
			for _, c := range []*Cancel{nil, new(Cancel)} {
				done := make(chan error)
				go func() {
					var err error
					for same(words, old) && err == nil {
						err = WaitAny(words, old, 0, c)
					}
					done <- err
				}()
				runtime.Gosched()
				words[i].Add(1)
				Wake(words[i], All)
				if err := <-done; err != nil {
					t.Errorf("%d words: %v", n, err)
				}
				old[i]++
			}
		}
	}
}

func TestWaitAnyCancel(t *testing.T) {
	for _, n := range []int{2, 200} {
		var c Cancel
		words, old := manyWords(n)
		done := make(chan error)
		go func() {
			var err error
			for err == nil {
				err = WaitAny(words, old, 0, &c)
			}
			done <- err
		}()
		runtime.Gosched()
		c.Cancel()
		if err := <-done; err != ErrCanceled {
			t.Errorf("%d words: %v, want %v", n, err, ErrCanceled)
		}
		if err := WaitAny(words, old, 0, &c); err != ErrCanceled {
			t.Errorf("%d words: %v, want %v", n, err, ErrCanceled)
		}
	}
}
