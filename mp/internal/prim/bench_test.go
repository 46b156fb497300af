//go:build unix

package prim

import (
	"fmt"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

func BenchmarkLock(b *testing.B) {
	m := mapped(b)
	l := must(NewLock(m))(b)
	r := must(NewRLock(m))(b)
	s := must(NewSemaphore(m, 1, false))(b)
	bs := must(NewSemaphore(m, 1, true))(b)
	big := must(NewSemaphore(m, 100, true))(b)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"lock", func() { l.Acquire(Opt{}); l.Release() }},
		{"rlock", func() { r.Acquire(Opt{}); r.Release(0) }},
		{"semaphore", func() { s.Acquire(Opt{}); s.Release() }},
		{"bounded", func() { bs.Acquire(Opt{}); bs.Release() }},
		{"bounded100", func() { big.Acquire(Opt{}); big.Release() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}

func benchLock(p *player) error {
	l, err := OpenLock(p.m, p.handles[1])
	for words := p.words(0); err == nil && words.W[0].Load() == 0; {
		for range 100 {
			l.Acquire(Opt{})
			err = l.Release()
		}
	}
	return err
}

// Two processes that do nothing but take the same lock.
func BenchmarkLockContended(b *testing.B) {
	m := mapped(b)
	l := must(NewLock(m))(b)
	h, c, err := m.NewCell(arena.KindTest)
	wantErr(b, err, nil)
	p := start(b, m, "bench-lock", h, l.Handle()).running()
	for b.Loop() {
		l.Acquire(Opt{})
		l.Release()
	}
	c.W[0].Store(1)
	p.join()
}

var benchSizes = []int{16, 64, 1 << 10, 1 << 20}

func BenchmarkQueuePutGet(b *testing.B) {
	m := mapped(b)
	q := must(NewQueue(m, 0))(b)
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data, buf := make([]byte, n), make([]byte, 0, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				q.Put(data, nil, Opt{})
				q.GetInto(buf, Opt{})
			}
		})
	}
}

// benchSource puts messages of W[1] bytes until W[0] is set.
func benchSource(p *player) error {
	words := p.words(0)
	q, err := OpenQueue(p.m, p.handles[1])
	data := make([]byte, words.W[1].Load())
	for err == nil && words.W[0].Load() == 0 {
		err = q.Put(data, nil, Opt{})
	}
	return err
}

// BenchmarkQueueStream gets what another process puts.
func BenchmarkQueueStream(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := mapped(b)
			h, c, err := m.NewCell(arena.KindTest)
			wantErr(b, err, nil)
			c.W[1].Store(uint64(n))
			q := must(NewQueue(m, max(4, min(4096, 32<<20/n))))(b)
			p := start(b, m, "bench-source", h, q.Handle()).running()
			buf := make([]byte, 0, n)
			b.SetBytes(int64(n))
			for b.Loop() {
				q.GetInto(buf, Opt{})
			}
			c.W[0].Store(1)
			for stopped := false; !stopped; {
				_, err := q.Get(Opt{NoWait: true})
				stopped = err == ErrQueueEmpty && m.Arena().Slot(p.slot).Clean.Load() == 1
			}
			p.join()
		})
	}
}

func benchEcho(p *player) error {
	words := p.words(0)
	in, err := OpenQueue(p.m, p.handles[1])
	if err != nil {
		return err
	}
	out, err := OpenQueue(p.m, p.handles[2])
	buf := make([]byte, 0, 1<<10)
	for err == nil && words.W[0].Load() == 0 {
		var msg Msg
		if msg, err = in.GetInto(buf, Opt{}); err == nil {
			err = out.Put(msg.Data, nil, Opt{})
		}
	}
	return err
}

// BenchmarkQueueRoundTrip sends a message to another process and waits for it to come back.
func BenchmarkQueueRoundTrip(b *testing.B) {
	m := mapped(b)
	h, c, err := m.NewCell(arena.KindTest)
	wantErr(b, err, nil)
	in, out := must(NewQueue(m, 0))(b), must(NewQueue(m, 0))(b)
	p := start(b, m, "bench-echo", h, in.Handle(), out.Handle()).running()
	data, buf := make([]byte, 64), make([]byte, 0, 64)
	for b.Loop() {
		in.Put(data, nil, Opt{})
		out.GetInto(buf, Opt{})
	}
	c.W[0].Store(1)
	in.Put(data, nil, Opt{})
	p.join()
}
