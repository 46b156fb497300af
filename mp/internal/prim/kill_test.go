package prim

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
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
	"condition": playCondition, "producer": playProducer, "consumer": playConsumer,
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

// exclusive is a critical section that notices when it is not.
func exclusive(words *arena.Cell) {
	pid := uint64(os.Getpid())
	if other := words.W[wordBusy].Load(); other != 0 && syscall.Kill(int(other), 0) == nil {
		words.W[wordBad].Add(1)
	}
	words.W[wordBusy].Store(pid)
	for range rand.IntN(50) {
		if words.W[wordBusy].Load() != pid {
			words.W[wordBad].Add(1)
		}
	}
	words.W[wordBusy].Store(0)
	words.W[wordDone].Add(1)
}

func playLock(p *player) error {
	words := p.words(0)
	lock, err := OpenLocker(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = lock.Acquire(sometimes(i)); !ok {
			continue
		}
		again := i%5 == 0
		if r, isR := lock.(*RLock); isR && again {
			ok, err = r.Acquire(Opt{})
			exclusive(words)
			err = r.Release(Opt{})
		} else {
			exclusive(words)
		}
		lock.giveAll(0)
	}
	return err
}

func TestKillLock(t *testing.T) {
	m := mapped(t)
	lock, rlock := must(NewLock(m))(t), must(NewRLock(m))(t)
	for _, l := range []interface {
		Locker
		Locked() bool
	}{lock, rlock} {
		k := newCrowd(t, m, 3, "lock", l.Handle())
		freed := 0
		for range kills(75) {
			var owned bool
			w := k.killOne(func(p *process) {
				s, ok := l.Owner()
				owned = ok && s == p.slot
			})
			if owned {
				freed++
			}
			if owned != (len(w) == 1) || owned && (w[0].Handle != l.Handle() || w[0].DeadName != "lock" || w[0].DeadPid == 0) {
				t.Fatalf("owned %v, warnings %+v", owned, w)
			}
			k.goesOn(20)
		}
		t.Logf("%d of %d died with the lock, after %d operations", freed, kills(75), k.done())
		k.end()
		if l.Locked() {
			t.Error("lock is held by nobody alive")
		}
		l.Close()
	}
}

func playBounded(p *player) error {
	words := p.words(0)
	sem, err := OpenSemaphore(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = sem.Acquire(sometimes(i)); ok {
			words.W[wordDone].Add(1)
			err = sem.Release()
		}
	}
	return err
}

func TestKillBounded(t *testing.T) {
	for _, bound := range []uint32{2, 20} {
		m := mapped(t)
		sem := must(NewSemaphore(m, bound, true))(t)
		// With 20 permits nobody would ever wait: take most of them.
		for range bound - 2 {
			ok, err := sem.Acquire(Opt{})
			acquired(t, ok, err)
		}
		k := newCrowd(t, m, 4, "bounded", sem.Handle())
		for range kills(50) {
			k.killOne(nil)
			k.goesOn(20)
		}
		k.end()
		for range bound - 2 {
			wantErr(t, sem.Release(), nil)
		}
		if sem.Value() != bound {
			t.Errorf("value %d, want %d", sem.Value(), bound)
		}
		wantErr(t, sem.Release(), ErrBounded)
	}
}

func playSemaphore(p *player) error {
	words := p.words(0)
	sem, err := OpenSemaphore(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		var ok bool
		if ok, err = sem.Acquire(sometimes(i)); ok {
			words.W[wordDone].Add(1)
		}
	}
	return err
}

// A plain semaphore loses at most the permit that the dead one had just taken, and no wake-up.
func TestKillSemaphore(t *testing.T) {
	m := mapped(t)
	sem := must(NewSemaphore(m, 0, false))(t)
	k := newCrowd(t, m, 3, "semaphore", sem.Handle())
	n := kills(50)
	released := 0
	for i := range n {
		for range 1 + rand.IntN(5) {
			wantErr(t, sem.Release(), nil)
			released++
		}
		k.killOne(nil)
		eventually(t, "permits to be taken", func() bool { return sem.Value() == 0 && k.done()+uint64(i)+1 >= uint64(released) })
	}
	k.end()
}

func playSetter(p *player) error {
	words := p.words(0)
	e, err := OpenEvent(p.m, p.handles[1])
	for err == nil {
		if err = e.Set(); err == nil {
			err = e.Clear()
		}
		words.W[wordDone].Add(1)
	}
	return err
}

func playWaiter(p *player) error {
	words := p.words(0)
	e, err := OpenEvent(p.m, p.handles[1])
	for err == nil {
		_, err = e.Wait(Opt{})
		words.W[wordDone].Add(1)
	}
	return err
}

func TestKillEvent(t *testing.T) {
	m := mapped(t)
	e := must(NewEvent(m))(t)
	setters := newCrowd(t, m, 2, "setter", e.Handle())
	var waiters []*crowd // of one each, with words of their own
	for range 2 {
		waiters = append(waiters, newCrowd(t, m, 1, "waiter", e.Handle()))
	}
	for i := range kills(100) {
		if i%2 == 0 {
			setters.killOne(nil)
		} else {
			waiters[i/2%2].killOne(nil)
		}
		setters.goesOn(5)
		for _, w := range waiters {
			w.goesOn(2)
		}
	}
	setters.end()
	for _, w := range waiters {
		w.end()
	}
	wantErr(t, e.Clear(), nil)
	if v := e.c.F[0].Load() & eventFlag; v != 0 {
		t.Errorf("word is %#x", v)
	}
}

func playCondition(p *player) error {
	words := p.words(0)
	c, err := OpenCondition(p.m, p.handles[1])
	for i := 0; err == nil; i++ {
		if _, err = c.Lock().Acquire(Opt{}); err != nil {
			break
		}
		for words.W[wordTokens].Load() == 0 && err == nil {
			_, err = c.Wait(sometimes(i + 2*int(p.m.ID())))
			i++
		}
		if err == nil {
			words.W[wordTokens].Add(^uint64(0))
			words.W[wordDone].Add(1)
		}
		c.Lock().giveAll(0)
	}
	return err
}

// Whoever is notified takes a token. No token stays behind while somebody waits.
func TestKillCondition(t *testing.T) {
	m := mapped(t)
	lock := must(NewLock(m))(t)
	c := must(NewCondition(m, lock))(t)
	k := newCrowd(t, m, 4, "condition", c.Handle())
	for range kills(100) {
		give := 1 + rand.IntN(3)
		with(t, c, func() {
			k.words.W[wordTokens].Add(uint64(give))
			wantErr(t, c.Notify(give, Opt{}), nil)
		})
		if w := k.killOne(nil); len(w) > 0 {
			// It died with the lock: notified, perhaps, and with a token not taken.
			with(t, c, func() { wantErr(t, c.Notify(1, Opt{}), nil) })
		}
		eventually(t, "tokens to be taken", func() bool { return k.words.W[wordTokens].Load() == 0 })
	}
	k.end()
	if n := c.Waiters(); n != 0 {
		t.Errorf("%d waiters", n)
	}
}

// A message is its producer's test object, its number, and a pattern of a length that follows from the number.
func makeMessage(id arena.Handle, n int) []byte {
	size := n * 37 % 300
	switch n % 50 {
	case 7:
		size = maxSmall - 24 + n%3*8
	case 13:
		size = 150_000
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(id))
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	return append(b, pattern(size, n)...)
}

func readMessage(b []byte) (id arena.Handle, n int, ok bool) {
	if len(b) < 16 {
		return 0, 0, false
	}
	id, n = arena.Handle(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint64(b[8:]))
	return id, n, bytes.Equal(b, makeMessage(id, n))
}

// playProducer notes each message when Put has returned. handles: words, queue, a lock to send along.
func playProducer(p *player) error {
	words := p.words(0)
	q, err := OpenQueue(p.m, p.handles[1])
	for n := 0; err == nil; {
		var handles []arena.Handle
		if n%3 == 0 {
			handles = slices.Repeat(p.handles[2:], n%5)
		}
		if err = q.Put(makeMessage(p.handles[0], n), handles, sometimes(n+int(words.W[wordDone].Add(1)))); err == nil {
			n++
			words.W[wordTokens].Store(uint64(n))
		} else if err == ErrQueueFull {
			err = nil
		}
	}
	return err
}

// playConsumer reports each message. handles: words, queue, the queue for reports.
func playConsumer(p *player) error {
	words := p.words(0)
	q, err := OpenQueue(p.m, p.handles[1])
	if err != nil {
		return err
	}
	reports, err := OpenQueue(p.m, p.handles[2])
	for i := 0; err == nil; i++ {
		var msg Msg
		if msg, err = q.Get(sometimes(i)); err == ErrQueueEmpty {
			err = nil
			continue
		}
		_, n, ok := readMessage(msg.Data)
		if !ok || n%3 == 0 && len(msg.Handles) != n%5 {
			words.W[wordBad].Add(1)
		}
		msg.Release(p.m)
		if err == nil {
			err = reports.Put(msg.Data[:16], nil, Opt{})
		}
		words.W[wordDone].Add(1)
	}
	return err
}

func TestKillQueue(t *testing.T) {
	for _, maxsize := range []int{1000, 5} {
		m := mapped(t)
		q, reports := must(NewQueue(m, maxsize))(t), must(NewQueue(m, 0))(t)
		lock := must(NewLock(m))(t)
		var producers []*crowd // of one each, with a new object for each process
		var all []*crowd
		produce := func() *crowd {
			k := newCrowd(t, m, 1, "producer", q.Handle(), lock.Handle())
			all = append(all, k)
			return k
		}
		for range 2 {
			producers = append(producers, produce())
		}
		consumers := newCrowd(t, m, 2, "consumer", q.Handle(), reports.Handle())

		seen := map[arena.Handle]map[int]bool{}
		count := 0
		drain := func() {
			for {
				msg, err := reports.Get(Opt{NoWait: true})
				if err == ErrQueueEmpty {
					return
				}
				wantErr(t, err, nil)
				id, n := arena.Handle(binary.BigEndian.Uint64(msg.Data)), int(binary.BigEndian.Uint64(msg.Data[8:]))
				if seen[id] == nil {
					seen[id] = map[int]bool{}
				}
				if seen[id][n] {
					t.Errorf("message %d of %#x came twice", n, id)
				}
				seen[id][n] = true
				count++
			}
		}
		deaths := 0 // of consumers
		for i := range kills(100) {
			if i%2 == 0 {
				p := &producers[i/2%2]
				pause(time.Duration(rand.IntN(2_000_000)))
				(*p).end()
				*p = produce()
			} else {
				consumers.killOne(nil)
				deaths++
			}
			consumers.goesOn(10)
			for _, p := range producers {
				p.goesOn(1)
			}
			drain()
		}
		for _, p := range producers {
			p.end()
		}
		eventually(t, "queue to be drained", func() bool { drain(); return q.Len() == 0 })
		consumers.end()
		drain()
		deaths += len(consumers.procs)

		lost := 0
		for _, k := range all {
			put := int(k.words.W[wordTokens].Load())
			for n := range put {
				if !seen[k.handles[0]][n] {
					lost++
				}
			}
			for n := range seen[k.handles[0]] {
				if n > put {
					t.Errorf("message %d came, only %d were put", n, put)
				}
			}
		}
		t.Logf("%d messages, %d lost with %d consumers", count, lost, deaths)
		if lost > deaths {
			t.Errorf("%d messages lost, with %d consumers that may have had one in hand", lost, deaths)
		}
	}
}
