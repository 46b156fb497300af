//go:build unix

package prim

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
)

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
		msg, opt := makeMessage(p.handles[0], n), sometimes(n+int(words.W[wordDone].Add(1)))
		if n%50 == 13 && len(handles) == 0 {
			err = q.PutText(msg[:n%99], string(msg[n%99:]), opt)
		} else {
			err = q.Put(msg, handles, opt)
		}
		if err == nil {
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
