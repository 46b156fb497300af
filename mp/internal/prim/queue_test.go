package prim

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// pattern is n bytes that depend on seed.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + seed)
	}
	return b
}

func TestQueue(t *testing.T) {
	ms := family(t, 2)
	a := must(NewQueue(ms[0], 0))(t)
	b := must(OpenQueue(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	_, err := b.Get(Opt{NoWait: true})
	wantErr(t, err, ErrQueueEmpty)
	_, err = b.Get(soon())
	wantErr(t, err, ErrQueueEmpty)

	lengths := []int{0, 1, 7, 8, 9, 100, maxSmall - 8, maxSmall - 7, maxSmall, arena.ChunkSize, 200_000, 1 << 20, 3, 16360, 16361}
	for round := range 4 {
		for i, n := range lengths {
			wantErr(t, a.Put(pattern(n, i+round), nil, Opt{}), nil)
		}
		if b.Len() != len(lengths) || b.Max() != 0 {
			t.Errorf("len %d, max %d", b.Len(), b.Max())
		}
		for i, n := range lengths {
			msg := must(b.Get(Opt{NoWait: true}))(t)
			if !bytes.Equal(msg.Data, pattern(n, i+round)) {
				t.Fatalf("message of %d bytes is damaged", n)
			}
		}
	}
	if a.Len() != 0 {
		t.Errorf("len %d", a.Len())
	}
}

func TestQueuePutText(t *testing.T) {
	ms := family(t, 1)
	q := must(NewQueue(ms[0], 1))(t)
	defer q.Close()
	for _, n := range []int{0, 5, arena.ChunkSize - chunkHeader, 200_000} {
		for _, length := range []int{1, LongText, arena.ChunkSize - chunkHeader - 5, arena.ChunkSize, 1 << 20} {
			data, text := pattern(n, 1), pattern(length, 2)
			wantErr(t, q.PutText(data, string(text), Opt{}), nil)
			wantErr(t, q.PutText(data, string(text), Opt{NoWait: true}), ErrQueueFull)
			msg := must(q.Get(Opt{NoWait: true}))(t)
			if !bytes.Equal(msg.Data, append(data, text...)) {
				t.Errorf("message of %d and %d bytes is damaged", n, length)
			}
		}
	}
}

// Records meet the end of a chunk in every possible way.
func TestQueueChunkEnds(t *testing.T) {
	ms := family(t, 1)
	q := must(NewQueue(ms[0], 0))(t)
	defer q.Close()
	buf := make([]byte, 0, maxSmall)
	for n := maxSmall - 8; n > maxSmall-600; n -= 8 {
		for i := range 9 {
			wantErr(t, q.Put(pattern(n, i), nil, Opt{}), nil)
		}
		for i := range 9 {
			msg := must(q.GetInto(buf, Opt{NoWait: true}))(t)
			if !bytes.Equal(msg.Data, pattern(n, i)) || &msg.Data[0] != &buf[:1][0] {
				t.Fatalf("message %d of %d bytes is damaged", i, n)
			}
		}
	}
	if n := ms[0].Arena().Stats().ChunksUsed; n != 1 {
		t.Errorf("empty queue has %d chunks", n)
	}
}

func TestQueueFull(t *testing.T) {
	ms := family(t, 2)
	a := must(NewQueue(ms[0], 2))(t)
	b := must(OpenQueue(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	if b.Max() != 2 {
		t.Errorf("max %d", b.Max())
	}
	for _, big := range []int{0, 100_000} {
		for range 2 {
			wantErr(t, a.Put(make([]byte, big), nil, Opt{NoWait: true}), nil)
		}
		wantErr(t, a.Put(make([]byte, big), nil, Opt{NoWait: true}), ErrQueueFull)
		wantErr(t, a.Put(make([]byte, big), nil, soon()), ErrQueueFull)
		wait := async(t, func() { wantErr(t, a.Put(pattern(big+1, 1), nil, Opt{}), nil) })
		blocked(t, ms[0], a.Handle(), arena.OpPut)
		must(b.Get(Opt{}))(t)
		wait()
		must(b.Get(Opt{}))(t)
		if msg := must(b.Get(Opt{}))(t); !bytes.Equal(msg.Data, pattern(big+1, 1)) {
			t.Error("message is damaged")
		}
	}
	var cancel futex.Cancel
	wait := async(t, func() {
		_, err := b.Get(Opt{Cancel: &cancel})
		wantErr(t, err, futex.ErrCanceled)
	})
	blocked(t, ms[1], a.Handle(), arena.OpGet)
	cancel.Cancel()
	wait()
}

// An arena without room: the put fails, nothing has changed, and after a get there is room again.
func TestQueueArenaFull(t *testing.T) {
	a, err := arena.NewHeap(arena.Options{Size: 2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ms := members(t, a, 1)
	for _, size := range []int{100, 10_000, 300_000} {
		q := must(NewQueue(ms[0], 0))(t)
		lock := must(NewLock(ms[0]))(t)
		n := 0
		for ; err == nil; n++ {
			err = q.Put(pattern(size, n), []arena.Handle{lock.Handle()}, Opt{})
		}
		wantErr(t, err, arena.ErrFull)
		wantErr(t, q.Put(make([]byte, 5_000_000), []arena.Handle{lock.Handle()}, Opt{}), arena.ErrFull)
		if q.Len() != n-1 {
			t.Errorf("%d messages, want %d", q.Len(), n-1)
		}
		for i := range n - 1 {
			msg := must(q.Get(Opt{NoWait: true}))(t)
			if !bytes.Equal(msg.Data, pattern(size, i)) {
				t.Fatalf("message %d is damaged", i)
			}
			msg.Release(ms[0])
		}
		err = q.Put(nil, nil, Opt{})
		wantErr(t, err, nil)
		q.Close()
		lock.Close()
	}
}

func TestQueueHandles(t *testing.T) {
	ms := family(t, 2)
	a := must(NewQueue(ms[0], 0))(t)
	b := must(OpenQueue(ms[1], a.Handle()))(t)
	defer a.Close()
	defer b.Close()
	for _, data := range []int{0, 30, 100_000} {
		for _, n := range []int{1, 3, 400} {
			var hs []arena.Handle
			for range n {
				l := must(NewLock(ms[0]))(t)
				defer l.Close()
				hs = append(hs, l.Handle())
			}
			for n*len(hs) > 1000 && len(hs) < 20_000 { // more than fits a chunk
				hs = append(hs, hs...)
			}
			wantErr(t, a.Put(pattern(data, n), hs, Opt{}), nil)
			msg := must(b.Get(Opt{}))(t)
			if !bytes.Equal(msg.Data, pattern(data, n)) || len(msg.Handles) != len(hs) {
				t.Fatalf("message with %d handles is damaged", n)
			}
			for i, h := range msg.Handles {
				if h != hs[i] || ms[1].Uses(h) == 0 {
					t.Fatalf("handle %d: %#x, want %#x, %d uses", i, h, hs[i], ms[1].Uses(h))
				}
			}
			msg.Release(ms[1])
			if ms[1].Uses(hs[0]) != 0 {
				t.Error("handle still in use after release")
			}
		}
	}
	// A handle that is gone: nothing is put, nothing stays counted.
	gone := must(NewLock(ms[0]))(t)
	gone.Close()
	stays := must(NewLock(ms[0]))(t)
	for _, data := range []int{0, 100_000} {
		err := a.Put(make([]byte, data), []arena.Handle{stays.Handle(), stays.Handle(), gone.Handle()}, Opt{})
		wantErr(t, err, arena.ErrStale)
	}
	stays.Close()
	if _, err := OpenLock(ms[0], stays.Handle()); !errorsIsStale(err) || a.Len() != 0 {
		t.Errorf("lock is still there (%v), or %d messages", err, a.Len())
	}
}

// An object that only a message has lives until the message is gone, with the queue at the latest.
func TestQueueFrees(t *testing.T) {
	ms := family(t, 1)
	outer := must(NewQueue(ms[0], 0))(t)
	for i := range 20 {
		q := must(NewQueue(ms[0], 0))(t)
		l := must(NewLock(ms[0]))(t)
		wantErr(t, q.Put(pattern(i*20_000, i), []arena.Handle{l.Handle()}, Opt{}), nil)
		wantErr(t, outer.Put(pattern(i*9_000, i), []arena.Handle{q.Handle(), l.Handle()}, Opt{}), nil)
		l.Close()
		q.Close()
		if _, err := OpenLock(ms[0], l.Handle()); err != nil {
			t.Fatal(err)
		}
		ms[0].Release(l.Handle())
	}
	outer.Close()
	if st := ms[0].Arena().Stats(); st.CellsUsed != 0 || st.ChunksUsed != 0 {
		t.Errorf("left: %v, %d chunks", st.ByKind, st.ChunksUsed)
	}
}

// Putters and getters of several processes, with few places: all block now and then, and nothing gets lost or doubled.
func TestQueueHammer(t *testing.T) {
	for _, maxsize := range []int{0, 1, 3} {
		t.Run(fmt.Sprint(maxsize), func(t *testing.T) {
			const n = 4
			messages := 1500 * stress()
			ms := family(t, 2*n)
			q := must(NewQueue(ms[0], maxsize))(t)
			defer q.Close()
			var sum, got atomic.Int64
			var waits []func()
			for i := range n {
				waits = append(waits, async(t, func() {
					q := must(OpenQueue(ms[i], q.Handle()))(t)
					defer q.Close()
					for k := range messages {
						if err := q.Put(fmt.Appendf(nil, "%d %d", i, k), nil, Opt{}); err != nil {
							t.Error(err)
							return
						}
					}
				}), async(t, func() {
					q := must(OpenQueue(ms[n+i], q.Handle()))(t)
					defer q.Close()
					last := [n]int{-1, -1, -1, -1}
					for range messages {
						msg, err := q.Get(Opt{})
						var p, k int
						fmt.Sscanf(string(msg.Data), "%d %d", &p, &k)
						if err != nil || k <= last[p] {
							t.Errorf("%v; message %d of putter %d after %d", err, k, p, last[p])
							return
						}
						last[p] = k
						sum.Add(int64(k))
						got.Add(1)
					}
				}))
			}
			for _, wait := range waits {
				wait()
			}
			if want := int64(n*messages) * int64(messages-1) / 2; got.Load() != int64(n*messages) || sum.Load() != want {
				t.Errorf("%d messages, sum %d, want %d", got.Load(), sum.Load(), want)
			}
		})
	}
}
