//go:build unix

package prim

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Children work on one primitive each, in a loop. They are killed at random instants, one after the other, and replaced.
// After each death the others must go on, and at the end the arena must be whole.

// The words of the test object that each child of a crowd has as its first argument.
const (
	wordBusy   = 0 // pid of who is in the critical section
	wordTokens = 1
	wordDone   = 3 // operations done by all
	wordBad    = 5 // things that must not be
)

// kills is how often a test kills.
func kills(n int) int { return n * stress() }

// crowd is some children with the same role.
type crowd struct {
	t       testing.TB
	m       *arena.Member
	role    string
	words   *arena.Cell
	handles []arena.Handle
	procs   []*process
}

func newCrowd(t testing.TB, m *arena.Member, n int, role string, handles ...arena.Handle) *crowd {
	t.Helper()
	h, c, err := m.NewCell(arena.KindTest)
	if err != nil {
		t.Fatal(err)
	}
	k := &crowd{t: t, m: m, role: role, words: c, handles: append([]arena.Handle{h}, handles...)}
	for range n {
		k.procs = append(k.procs, start(t, m, role, k.handles...))
	}
	for _, p := range k.procs {
		p.running()
	}
	return k
}

// killOne kills any child after a random while, and starts another one. before is called when the child is dead and not
// reaped.
func (k *crowd) killOne(before func(*process)) []arena.Warning {
	k.t.Helper()
	pause(time.Duration(rand.IntN(2_000_000)))
	i := rand.IntN(len(k.procs))
	p := k.procs[i]
	p.destroy()
	if before != nil {
		before(p)
	}
	warnings := p.reap()
	k.procs[i] = start(k.t, k.m, k.role, k.handles...).running()
	return warnings
}

func (k *crowd) end() (warnings []arena.Warning) {
	for _, p := range k.procs {
		warnings = append(warnings, p.kill()...)
	}
	if n := k.words.W[wordBad].Load(); n != 0 {
		k.t.Errorf("%d things went wrong in children", n)
	}
	return warnings
}

func (k *crowd) done() uint64 { return k.words.W[wordDone].Load() }

// goesOn waits until n more operations are done.
func (k *crowd) goesOn(n uint64) {
	k.t.Helper()
	from := k.done()
	eventually(k.t, k.role+" to go on", func() bool { return k.done() >= from+n })
}

// pause is a sleep of less than the system's grain.
func pause(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
		if d-time.Since(start) > 200*time.Microsecond {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

var roles = map[string]func(*player) error{
	"lock": playLock, "bounded": playBounded, "semaphore": playSemaphore, "setter": playSetter, "waiter": playWaiter,
	"condition": playCondition, "barrier": playBarrier, "segment": playSegment, "producer": playProducer, "consumer": playConsumer,
	"talker":     playTalker,
	"bench-lock": benchLock, "bench-echo": benchEcho, "bench-source": benchSource,
}

// now and then an operation does not wait, or not for long, so that giving up is tested too.
func sometimes(i int) Opt {
	switch i % 7 {
	case 0:
		return Opt{NoWait: true}
	case 1:
		return Opt{Deadline: futex.After(20 * time.Microsecond)}
	}
	return Opt{}
}
