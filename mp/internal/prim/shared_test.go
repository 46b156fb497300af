package prim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

func TestShared(t *testing.T) {
	ms := family(t, 2)
	for _, size := range []int{0, 1, 7, 48, 49, 1000, arena.ChunkSize, arena.ChunkSize + 1, 20 * arena.ChunkSize} {
		for range 2 { // the second time it may be memory that was used
			a := must(NewShared(ms[0], size, 0x7fff))(t)
			b := must(OpenShared(ms[1], a.Handle()))(t)
			if b.Tag() != 0x7fff || a.Mem().Len() != size || b.Mem().Len() != size {
				t.Errorf("size %d: tag %#x, %d and %d bytes", size, b.Tag(), a.Mem().Len(), b.Mem().Len())
			}
			if i := slices.IndexFunc(a.Mem().Bytes(), func(v byte) bool { return v != 0 }); i >= 0 {
				t.Errorf("size %d: byte %d is not zero", size, i)
			}
			for i := range size {
				a.Mem().Store8(i, byte(i+1))
			}
			if size > 0 && b.Mem().Load8(size-1) != byte(size) {
				t.Errorf("size %d: the other member sees %d", size, b.Mem().Load8(size-1))
			}
			if err := ms[0].Arena().Check(); err != nil {
				t.Error(err)
			}
			a.Close()
			b.Close()
		}
	}
	if _, err := NewShared(ms[0], 1<<40, 0); !errors.Is(err, arena.ErrFull) {
		t.Errorf("too much: %v", err)
	}
	if _, err := NewShared(ms[0], 1<<62, 0); !errors.Is(err, arena.ErrFull) {
		t.Errorf("far too much: %v", err)
	}
	lock := must(NewLock(ms[0]))(t)
	defer lock.Close()
	if _, err := OpenShared(ms[0], lock.Handle()); !errors.Is(err, arena.ErrKind) {
		t.Errorf("a lock: %v", err)
	}
}

// What a process leaves that dies while it makes or frees shared memory.
func TestSharedOfTheDead(t *testing.T) {
	m := family(t, 1)[0]
	for _, n := range []int{1, 5} {
		for step := range 4 {
			dead := child(t, m)
			h, c, err := dead.NewCell(arena.KindShared)
			if err != nil {
				t.Fatal(err)
			}
			keep := step > 1 // somebody else has it, too
			if keep {
				wantErr(t, m.Retain(h), nil)
			}
			run := must(dead.TakeRun(n, h))(t)
			c.F[0].Store(uint32(n * arena.ChunkSize))
			c.F[2].Store(uint32(n))
			if step > 0 {
				c.F[1].Store(uint32(run))
				dead.PlaceRun(run, n/2, h)
			}
			if step > 2 {
				dead.PlaceRun(run+arena.Chunk(n/2), n-n/2, h)
			}
			m.Reap(dead.ID(), -9)
			if err := m.Arena().Check(); err != nil {
				t.Errorf("step %d: %v", step, err)
			}
			if keep {
				if st := m.Arena().Stats(); st.ChunksUsed != n {
					t.Errorf("step %d: %d chunks used, want %d", step, st.ChunksUsed, n)
				}
				m.Release(h)
			}
			if st := m.Arena().Stats(); st.ChunksUsed != 0 {
				t.Errorf("step %d: %d chunks used", step, st.ChunksUsed)
			}
		}
	}
}

func TestSegment(t *testing.T) {
	ms := family(t, 2)
	a := must(NewSegment(ms[0], "name", 1000))(t)
	if _, err := NewSegment(ms[1], "name", 5); !errors.Is(err, ErrExists) {
		t.Errorf("twice: %v", err)
	}
	if _, err := OpenSegment(ms[1], "other"); !errors.Is(err, ErrNoSegment) {
		t.Errorf("none: %v", err)
	}
	if _, err := NewSegment(ms[1], strings.Repeat("x", MaxName+1), 5); !errors.Is(err, ErrName) {
		t.Errorf("long name: %v", err)
	}
	long := must(NewSegment(ms[1], strings.Repeat("x", MaxName), 1<<20))(t)
	if long.Name() != strings.Repeat("x", MaxName) || long.Mem().Load8(0) != 0 || long.Mem().Len() != 1<<20 {
		t.Errorf("name %q, %d bytes", long.Name(), long.Mem().Len())
	}
	a.Mem().Store8(999, 7)
	handle := a.Handle()
	a.Close() // the name keeps it
	b := must(OpenSegment(ms[1], "name"))(t)
	if b.Handle() != handle || b.Name() != "name" || b.Mem().Len() != 1000 || b.Mem().Load8(999) != 7 {
		t.Errorf("name %q, %d bytes", b.Name(), b.Mem().Len())
	}
	wantErr(t, UnlinkSegment(ms[0], "name"), nil)
	wantErr(t, UnlinkSegment(ms[0], "name"), ErrNoSegment)
	if b.Mem().Load8(999) != 7 {
		t.Error("unlinking takes it from who has it")
	}
	c := must(NewSegment(ms[0], "name", 10))(t) // the name is free
	same := must(OpenSegmentHandle(ms[0], handle))(t)
	if same.Mem().Load8(999) != 7 || same.Handle() == c.Handle() {
		t.Error("opened another one")
	}
	plain := must(NewShared(ms[0], 10, 0))(t)
	if _, err := OpenSegmentHandle(ms[0], plain.Handle()); !errors.Is(err, arena.ErrKind) {
		t.Errorf("plain memory: %v", err)
	}
	wantErr(t, UnlinkSegment(ms[0], "name"), nil)
	wantErr(t, UnlinkSegment(ms[0], long.Name()), nil)
	for _, o := range []interface{ Close() }{long, b, c, same, plain} {
		o.Close()
	}
	if _, err := OpenSegmentHandle(ms[0], handle); !errorsIsStale(err) {
		t.Errorf("unlinked and closed: %v", err)
	}
}

// A segment outlives the death of its maker once it has its name.
func TestSegmentOfTheDead(t *testing.T) {
	m := family(t, 1)[0]
	dead := child(t, m)
	must(NewSegment(dead, "stays", 10))(t).Mem().Store8(0, 1)
	dead.LockNames()
	m.Reap(dead.ID(), -9)
	s := must(OpenSegment(m, "stays"))(t)
	if s.Mem().Load8(0) != 1 {
		t.Error("content is lost")
	}
	wantErr(t, UnlinkSegment(m, "stays"), nil)
	s.Close()
}

// Of all who make a segment of one name at one time, one does.
func TestSegmentHammer(t *testing.T) {
	ms := family(t, 4)
	var made atomic.Int32
	var waits []func()
	for i, m := range ms {
		waits = append(waits, async(t, func() {
			for n := range 300 * stress() {
				name := fmt.Sprint("segment ", n%7)
				switch s, err := NewSegment(m, name, 1+i*n*1000); {
				case err == nil:
					if n := made.Add(1); n > 7 {
						t.Errorf("%d segments of 7 names", n)
					}
					o := must(OpenSegment(m, name))(t)
					if o.Handle() != s.Handle() {
						t.Error("another segment has the name")
					}
					o.Close()
					made.Add(-1)
					wantErr(t, UnlinkSegment(m, name), nil)
					s.Close()
				case errors.Is(err, ErrExists):
					if o, err := OpenSegment(m, name); err == nil {
						if o.Name() != name {
							t.Errorf("got %q", o.Name())
						}
						o.Close()
					}
				case !errors.Is(err, arena.ErrFull):
					t.Error(err)
				}
			}
		}))
	}
	for _, wait := range waits {
		wait()
	}
}
