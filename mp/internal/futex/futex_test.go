package futex

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWaitReturnsAtOnceWhenValueDiffers(t *testing.T) {
	var w atomic.Uint32
	w.Store(7)
	if err := Wait(&w, 6, 0, nil); err != nil {
		t.Errorf("Wait = %v, want nil", err)
	}
	if err := Wait(&w, 6, After(-time.Second), new(Cancel)); err != nil {
		t.Errorf("Wait past its deadline on a changed word = %v, want nil", err)
	}
}

func TestWaitTimeout(t *testing.T) {
	for _, d := range []time.Duration{-time.Second, 0, time.Millisecond, 30 * time.Millisecond} {
		var w atomic.Uint32
		for _, c := range []*Cancel{nil, new(Cancel)} {
			start, dl := time.Now(), After(d)
			var err error
			for err == nil {
				err = Wait(&w, 0, dl, c)
			}
			if err != ErrTimeout {
				t.Errorf("Wait for %v = %v, want %v", d, err, ErrTimeout)
			}
			if took := time.Since(start); took < d {
				t.Errorf("Wait for %v ended after %v", d, took)
			}
		}
	}
}

func TestDeadline(t *testing.T) {
	if dl := After(1<<63 - 1); dl.Remaining() < 1<<61 {
		t.Errorf("After(the longest) has %v left", dl.Remaining())
	}
	if dl := After(-1 << 63); dl == 0 || dl.Remaining() > 0 {
		t.Errorf("After(the most negative) = %d", dl)
	}
	a := Now()
	k := Deadline(monotonic())
	if runtime.GOOS == "linux" && k != 1 && (k < a-Deadline(time.Millisecond) || k > Now()+Deadline(time.Millisecond)) {
		t.Errorf("Now = %d, kernel says %d", a, k)
	}
}

func TestWakeReachesEveryWaiter(t *testing.T) {
	const n = 8
	var w, woken atomic.Uint32
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for w.Load() == 0 {
				if err := Wait(&w, 0, 0, nil); err != nil {
					t.Error(err)
					return
				}
			}
			woken.Add(1)
		})
	}
	w.Store(1)
	Wake(&w, All)
	wg.Wait()
	if woken.Load() != n {
		t.Errorf("%d of %d woken", woken.Load(), n)
	}
}

// A waiter that asks for other bits sleeps through a wake; the one that asks for these does not.
func TestBits(t *testing.T) {
	if !hasFutex() {
		t.Skip("no futexes: waiting is polling")
	}
	var w atomic.Uint32
	done := make(chan uint32, 2)
	for _, bits := range []uint32{1, 2} {
		go func() {
			if err := WaitBits(&w, 0, bits, 0, nil); err != nil {
				t.Error(err)
			}
			done <- bits
		}()
	}
	// The word stays as it is, so that only a wake ends the waits. Both are asleep when a wake of each has counted one.
	for WakeBits(&w, 1, 2) == 0 {
		runtime.Gosched()
	}
	if got := <-done; got != 2 {
		t.Errorf("waiter for bits %d was woken, want 2", got)
	}
	for WakeBits(&w, 1, 1) == 0 {
		runtime.Gosched()
	}
	<-done
}

// A waiter that is moved sleeps on until a wake of the other word, or until it is cancelled.
func TestMove(t *testing.T) {
	if !hasFutex() {
		t.Skip("no futexes: waiting is polling")
	}
	for _, want := range []error{nil, ErrCanceled} {
		var w, to atomic.Uint32
		var c Cancel
		done := make(chan error)
		go func() { done <- WaitMovable(&w, &to, 0, 0, &c) }()
		for Move(&w, &to, 1) == 0 {
			runtime.Gosched()
		}
		if n := Wake(&w, All); n != 0 {
			t.Errorf("%d waiters stay behind", n)
		}
		if want != nil {
			c.Cancel()
		} else if n := Wake(&to, All); n != 1 {
			t.Errorf("%d waiters have come", n)
		}
		if err := <-done; err != want {
			t.Errorf("got %v, want %v", err, want)
		}
		if len(c.words) != 0 {
			t.Error("the wait stays registered")
		}
	}
}

// hasFutex reports whether a wake is noticed: whether it counts a waiter.
func hasFutex() bool {
	var w atomic.Uint32
	done := make(chan error)
	go func() { done <- Wait(&w, 0, After(5*time.Second), nil) }()
	for {
		select {
		case <-done: // polling ends a wait now and then
			return false
		default:
			if Wake(&w, 1) == 1 {
				<-done
				return true
			}
			runtime.Gosched()
		}
	}
}

func TestCancelBefore(t *testing.T) {
	var w atomic.Uint32
	var c Cancel
	c.Cancel()
	if err := Wait(&w, 0, 0, &c); err != ErrCanceled {
		t.Errorf("Wait = %v, want %v", err, ErrCanceled)
	}
	c.Reset()
	if err := Wait(&w, 0, After(time.Millisecond), &c); c.Canceled() || errors.Is(err, ErrCanceled) {
		t.Errorf("after Reset: Wait = %v, Canceled = %v", err, c.Canceled())
	}
}

// Cancel at random moments of many waits that share it: none may be missed, whatever it was doing.
func TestCancelRace(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	var c Cancel
	var words [3]atomic.Uint32
	for range rounds {
		var wg sync.WaitGroup
		for i := range words {
			wg.Go(func() {
				for {
					if err := Wait(&words[i], 0, 0, &c); err != nil {
						if err != ErrCanceled {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		c.Cancel()
		wg.Wait()
		c.Reset()
		if len(c.words) != 0 {
			t.Fatal("a wait stays registered")
		}
	}
}

// A change is reported as such even if the wait was cancelled at the same time.
func TestCancelAndChange(t *testing.T) {
	var w atomic.Uint32
	var c Cancel
	done := make(chan error)
	go func() {
		for w.Load() == 0 {
			if err := Wait(&w, 0, 0, &c); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	w.Store(1)
	Wake(&w, 1)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNotify(t *testing.T) {
	var c Cancel
	gone := 0
	c.Notify(func() { gone++ })()
	ended := make(chan bool, 100)
	left := make(chan bool)
	stop := c.Notify(func() { ended <- true })
	go func() {
		<-ended
		stop()
		stop()
		left <- true
	}()
	c.Cancel() // returns when stop was called
	<-left
	at := 0
	c.Notify(func() { at++ })()
	if gone != 0 || at != 1 {
		t.Errorf("called %d times after stop, %d times when already canceled", gone, at)
	}
}

func TestWaitWithCancelDoesNotAllocate(t *testing.T) {
	var w atomic.Uint32
	var c Cancel
	if n := testing.AllocsPerRun(100, func() { Wait(&w, 1, 0, &c) }); n != 0 {
		t.Errorf("%v allocations a wait", n)
	}
}

func TestSpin(t *testing.T) {
	calls := 0
	if !Spin(func() bool { calls++; return true }) || calls != 1 {
		t.Errorf("Spin on a true condition: %d calls", calls)
	}
	if Spin(func() bool { return false }) {
		t.Error("Spin on a false condition returns true")
	}
	for range 200 { // shortens the budget as far as it goes
		Spin(func() bool { return false })
	}
	if cpus() == 1 {
		return
	}
	calls = 0
	if !Spin(func() bool { calls++; return calls == 3 }) {
		t.Error("Spin gives up after two looks")
	}
}

// Hammer: a counter under a small mutex of this package, by goroutines; under -race this also shows that the race detector
// understands the words.
func TestHammerMutex(t *testing.T) {
	var w atomic.Uint32
	var count int
	var wg sync.WaitGroup
	const loops = 5000
	for range 4 {
		wg.Go(func() {
			for range loops {
				lock(&w)
				count++
				unlock(&w)
			}
		})
	}
	wg.Wait()
	if count != 4*loops {
		t.Errorf("count = %d, want %d", count, 4*loops)
	}
}

// lock and unlock are the textbook mutex: 0 free, 1 taken, 2 taken and others may sleep.
func lock(w *atomic.Uint32) {
	if w.CompareAndSwap(0, 1) {
		return
	}
	for w.Swap(2) != 0 {
		Wait(w, 2, 0, nil)
	}
}

func unlock(w *atomic.Uint32) {
	if w.Swap(0) == 2 {
		Wake(w, 1)
	}
}

// Another process sleeps on a shared word until this one changes it, and the other way round.
func TestAcrossProcesses(t *testing.T) {
	words := startChild(t, "waiter")
	dl := After(20 * time.Second)
	for words[0].Load() == 0 {
		if err := Wait(&words[0], 0, dl, nil); err != nil {
			t.Fatal(err)
		}
	}
	words[1].Store(1)
	Wake(&words[1], All)
	for words[0].Load() == 1 {
		if err := Wait(&words[0], 1, dl, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func waiter(words []atomic.Uint32) {
	words[0].Store(1)
	Wake(&words[0], All)
	for words[1].Load() == 0 {
		if Wait(&words[1], 0, After(20*time.Second), nil) != nil {
			os.Exit(1)
		}
	}
	words[0].Store(2)
	Wake(&words[0], All)
}
